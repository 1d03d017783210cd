"""The group of all commands, and running one of them."""

from __future__ import annotations

import difflib
import keyword
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from ...core import __version__
from ...core.errors import CxtopError
from ...core.text import safe
from . import exits, logs
from .exits import FaultError

COMMANDS = (
    "monitor",
    "demo",
    "watch",
    "errors",
    "retries",
    "health",
    "execute",
    "submit",
    "schema",
    "tail",
    "correlate",
    "proxy",
    "serve",
    "import",
    "snapshot",
    "open",
    "diff",
    "deadletters",
    "notify",
    "doctor",
    "config",
    "simulate",
    "completion",
)
"""Every command; each is the module of its name (`import` is `import_`)."""

DEFAULT = "monitor"
_OWN = ("--help", "-h", "--version")
_SHARED = ("--profile", "-p", "--config")
_ALIKE = 0.78


class Cxtop(click.Group):
    """Loads a command when it is asked for; without one, the words are ids to monitor."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the map, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        if cmd_name not in COMMANDS:
            return None
        # A word of Python's own cannot be a module's name.
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        return import_module(f".{module}", __package__).command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the command that is left out, and move shared options behind the command."""
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)
        before, rest = _split(args)
        if rest and rest[0] in COMMANDS:
            args = [rest[0], *before, *rest[1:]]
        elif not (rest and rest[0] in _OWN):
            if rest and not ctx.resilient_parsing:
                _refuse_slip(ctx, rest[0])
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and what monitor takes, as it is the command that can be left out."""
        items = super().shell_complete(ctx, incomplete)
        monitor = self.get_command(ctx, DEFAULT)
        if monitor is not None and incomplete.startswith("-"):
            known = {item.value for item in items}
            inner = monitor.make_context(DEFAULT, [], parent=ctx, resilient_parsing=True)
            more = monitor.shell_complete(inner, incomplete)
            items += [item for item in more if item.value not in known]
        return items

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that has gone away ends it quietly."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, BaseExceptionGroup) as error:
            inner = exits.leaf(error)
            if not isinstance(inner, BrokenPipeError):
                raise inner from error.__cause__
            exits.silence(sys.stdout.fileno())
            ctx.exit(exits.BROKEN_PIPE)


@click.group(
    cls=Cxtop,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[COMMAND] [ARGS]…",
)
@click.version_option(__version__, message="cxtop %(version)s")
def cxtop() -> None:
    """Watch and debug data actions on Genesys Cloud and NICE CXone.

    Without a command, cxtop [ID…] is short for cxtop monitor [ID…].

    \b
    Examples:
      cxtop demo                          the app on a simulated platform
      cxtop                               the app, with the runs that were watched before
      cxtop crm-backfill --profile acme   the app, watching this run too
      cxtop watch crm-backfill            progress in the terminal; the exit code tells the end
      cxtop errors crm-backfill --csv     every failed record
      cxtop tail --follow                 captured exchanges as they come
      cxtop health crm-find-customer      its error rate; exit code 1 above the threshold
      cxtop correlate 5f3ac21e-…          what belongs to a request: exchanges, records, trace
      cxtop snapshot --run crm-backfill   evidence in one file; cxtop open FILE shows it
      cxtop doctor                        what works, and what to do about what does not
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give the exit code. No error leaves here as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A locale that lacks a character must not end the program over it.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    log = logs.start()
    try:
        code = _run(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        exits.silence(1)
        code = exits.BROKEN_PIPE
    except FaultError:
        exits.narrate(fault_sentence(log))
        code = exits.FAULT
    except Exception as error:  # noqa: BLE001 - the last resort: told, and logged whole
        code = _fault(error, log)
    finally:
        logs.stop(log)
    return code


def _run(arguments: list[str]) -> int:
    try:
        code = cxtop.main(arguments, prog_name="cxtop", standalone_mode=False)
        return code if isinstance(code, int) else exits.OK
    except click.ClickException as error:
        _tell_usage(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return exits.INTERRUPTED
    except CxtopError as error:
        exits.tell(error)
        return exits.code_of(error)


def _tell_usage(error: click.ClickException) -> None:
    """As click does, but what was typed is made safe: an id may have been pasted from anywhere."""
    lines = [f"✖ {error.format_message()}"]
    ctx = getattr(error, "ctx", None)
    if ctx is not None:
        lines = [ctx.get_usage(), f"Try '{ctx.command_path} --help' for help.", "", *lines]
    exits.narrate("\n".join(lines))


def _fault(error: Exception, log: logs.Log) -> int:
    logging.getLogger("cxtop").critical("cxtop failed", exc_info=error)
    exits.narrate(fault_sentence(log))
    return exits.FAULT


def fault_sentence(log: logs.Log) -> str:
    """Where the details of an unexpected failure are."""
    if log.path is None or log.failure:
        return (
            "✖ cxtop itself failed, and the details could not be written to "
            f"{log.path or 'the log file'}: {log.failure or 'it has no place'}."
        )
    return f"✖ cxtop itself failed; the details are in {log.path}."


def _split(args: list[str]) -> tuple[list[str], list[str]]:
    """The shared options at the beginning, and all that follows them."""
    place = 0
    while place < len(args):
        name, equals, _ = args[place].partition("=")
        if name not in _SHARED:
            break
        place += 1 if equals else 2
    return args[:place], args[place:]


def _refuse_slip(ctx: click.Context, word: str) -> None:
    """Raise UsageError for a word that is almost a command."""
    near = "--help" if word == "help" else ""
    if not near and not word.startswith("-"):
        near = next(iter(difflib.get_close_matches(word.lower(), COMMANDS, 1, _ALIKE)), "")
    if near:
        shown = safe(word)
        raise click.UsageError(
            f"There is no command “{shown}”. Did you mean “cxtop {near}”? "
            f"To watch a run with the id {shown}: cxtop monitor {shown}",
            ctx,
        )
