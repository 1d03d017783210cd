"""cxtop snapshot: evidence in a file, without the app."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_captures

if TYPE_CHECKING:
    from ...core.snapshot.evidence import Evidence
    from ...core.snapshot.exporting import Exported
    from ...core.snapshot.masking import Mask
    from ...core.snapshot.scope import Scope
    from ...core.store import Store
    from .evidencebar import EvidenceBar

STDOUT = "-"
FORMATS = ("cxsnap", "json", "jsonl", "csv", "har", "md", "html")
"""As files end. CSV is a table of one kind of thing, so the scope says which."""

TABLES = {"errors": "csv-errors", "exchanges": "csv-exchanges"}
SCOPES: dict[str, tuple[str, ...]] = {
    "all": (),
    "runs": ("runs", "polls", "errors", "calls"),
    "errors": ("errors",),
    "exchanges": ("exchanges", "traces"),
    "retries": ("calls",),
    "recovery": ("recoveries", "dead_letters", "audit"),
    "health": ("health",),
}
"""What can be asked for, and the parts that it means; nothing means all of them."""


@click.command(
    "snapshot",
    epilog=epilog(
        "cxtop snapshot",
        "cxtop snapshot --run crm-backfill -o crm.cxsnap",
        "cxtop snapshot --since 2h --redact strict --format html -o tonight.html",
        "cxtop snapshot --scope exchanges --filter 'status:5xx' --format har -o failing.har",
        "cxtop snapshot --scope errors --run crm-backfill --format csv -o - | head",
        codes=True,
        one="it was not confirmed; nothing was written",
    ),
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=True, allow_dash=True),
    help="The file to write, or a folder for it; - for stdout. Named by what it is without it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice((*FORMATS, *TABLES.values())),
    help="The form; as FILE ends, or else cxsnap.",
)
@click.option(
    "--scope",
    "parts",
    type=click.Choice(tuple(SCOPES)),
    multiple=True,
    help="What; may be given more than once. All of it without.",
)
@click.option("--run", "run_ids", metavar="ID", multiple=True, help="Only what belongs to a run.")
@click.option("--since", metavar="TIME", help="From 2h ago, 14:30, or a date or time on.")
@click.option("--until", metavar="TIME", help="Up to that time.")
@click.option("--filter", "text", metavar="FILTER", default="", help="Only these exchanges.")
@click.option(
    "--redact",
    type=click.Choice(("strict", "default", "none")),
    default="default",
    show_default=True,
    help="How much is masked, beside what was masked when it was kept.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --redact none.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as a JSON object.")
@with_captures
def command(
    output: str | None,
    form: str | None,
    parts: tuple[str, ...],
    run_ids: tuple[str, ...],
    since: str | None,
    until: str | None,
    text: str,
    redact: str,
    yes: bool,
    force: bool,
    as_json: bool,
    flags: Flags,
) -> int:
    """Write what cxtop knows into one file that can be handed over.

    A .cxsnap opens in the app (cxtop open FILE), html in any browser, har in HAR tools, csv and
    md in a spreadsheet and a ticket; json and jsonl are for programs. The platform is not asked.
    Secrets were masked when they were kept; with --redact strict, people's names, addresses and
    numbers are too. The file's path is printed on stdout. It is written whole or not at all.
    """
    if as_json and output == STDOUT:
        raise click.UsageError("--json and -o - both want stdout.")
    from .running import run_async

    form = form or _form_of(output)
    if form == "csv":
        form = _table_of(parts)
    scope = _scope(parts, run_ids, since, until, text)
    if output == STDOUT and form == "cxsnap" and sys.stdout.isatty():
        raise click.UsageError("A .cxsnap is no text for a terminal; give a file with -o.")
    if redact == "none" and not yes and not _sure("Write it without masking anything further?"):
        return _left()
    return run_async(_snapshot(flags, form, scope, redact, output, force=force, as_json=as_json))


def _form_of(output: str | None) -> str:
    ending = Path(output or "").suffix.lstrip(".").lower()
    return ending if ending in FORMATS else FORMATS[0]


def _table_of(chosen: tuple[str, ...]) -> str:
    """The table that is meant. Raises UsageError where that is not clear."""
    if len(chosen) != 1 or chosen[0] not in TABLES:
        raise click.UsageError(
            "CSV is a table of one kind: add --scope errors or --scope exchanges."
        )
    return TABLES[chosen[0]]


def _scope(
    chosen: tuple[str, ...],
    run_ids: tuple[str, ...],
    since: str | None,
    until: str | None,
    text: str,
) -> Scope:
    """What is asked for. Raises UsageError for what is no time and no filter."""
    from ...core.snapshot.scope import EVERY_PART, Part, Scope
    from .filters import parsed

    names = {part for name in chosen for part in SCOPES[name]}
    every = not names or "all" in chosen
    parts = EVERY_PART if every else frozenset(Part(name) for name in names)
    wanted = parsed(text)
    begins, ends = _moment(since), _moment(until)
    if begins and ends and begins >= ends:
        raise click.UsageError(f"--since {since} is not before --until {until}: nothing is meant.")
    scope = Scope(parts=parts, since=begins, until=ends, wanted=wanted)
    if run_ids:
        scope = replace(scope, run_ids=run_ids, related=True)
    return replace(scope, title=_title(chosen, run_ids, since, until, text))


def _title(
    chosen: tuple[str, ...],
    run_ids: tuple[str, ...],
    since: str | None,
    until: str | None,
    text: str,
) -> str:
    """What it is, for people, as it was asked for."""
    named = [name for name in chosen if name != "all"]
    what = ", ".join(named) if named and "all" not in chosen else "everything"
    parts = [what, f"of {', '.join(run_ids)}" if run_ids else ""]
    parts += [f"since {since}" if since else "", f"until {until}" if until else ""]
    parts.append(f"matching {text}" if text else "")
    return " ".join(part for part in parts if part)


def _moment(text: str | None) -> datetime | None:
    from ...core.errors import FilterError
    from ...core.store.filter.values import moment

    if text is None:
        return None
    try:
        return moment(text, 0, datetime.now(UTC)).astimezone(UTC)
    except FilterError as error:
        raise click.UsageError(f"{error.what} {error.fix}") from None


def _sure(question: str) -> bool:
    """Whether the user says yes. Raises ConfigError where nobody can be asked."""
    from ...core.errors import ConfigError

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            "--redact none has to be confirmed, and there is no terminal to ask on.",
            fix="Add --yes if it is meant, or use --redact default.",
        )
    return click.confirm(question, default=False, err=True)


def _left() -> int:
    exits.narrate("· Nothing was written.")
    return exits.ENDED_OTHERWISE


async def _snapshot(
    flags: Flags,
    form: str,
    scope: Scope,
    redact: str,
    output: str | None,
    *,
    force: bool,
    as_json: bool,
) -> int:
    from ...core.config import load
    from ...core.live.captures import open_captures
    from ...core.snapshot.evidence import Evidence
    from ...core.snapshot.formats import FORMATS as WRITERS
    from ...core.snapshot.healthkept import health_known
    from ...core.snapshot.masking import Mask, Strictness
    from ...core.snapshot.scope import Part
    from .evidencebar import EvidenceBar

    settings = load(flags)
    profile = settings.profile
    held = scope.parts & WRITERS[form].holds
    if not held:
        raise click.UsageError(f"{WRITERS[form].title}: it has no room for {scope.title}.")
    scope = replace(scope, parts=held)
    path = None if output == STDOUT else _path(output, scope, WRITERS[form].suffix)
    if path is not None and path.exists() and not force:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise click.UsageError(f"{path} is there already; --force replaces it.")
        if not click.confirm(f"{path} is there already. Replace it?", default=False, err=True):
            return _left()
        force = True
    with EvidenceBar.for_terminal() as bar:
        async with open_captures(settings, tell=_tell) as captures:
            await captures.catch_up()
            await _check_runs(captures.store, scope.run_ids or ())
            health = None
            if Part.HEALTH in scope.parts:
                judging = None if profile is None else profile.health
                health = await health_known(captures.store, await captures.actions(), judging)
            evidence = Evidence(
                captures.store,
                captures.library,
                scope,
                profile_name=profile.name if profile else "",
                platform=profile.platform if profile else "",
                at=datetime.now(UTC),
                health=health,
            )
            mask = Mask(Strictness(redact), captures.store.redactor)
            if path is None:
                await _stream(evidence, form, mask, bar)
                return exits.OK
            from ...core.snapshot.exporting import export

            done = await export(
                evidence, format=form, mask=mask, path=path, overwrite=force, progress=bar.show
            )
    _tell_done(done, form, scope, as_json=as_json)
    return exits.OK


async def _check_runs(store: Store, run_ids: Sequence[str]) -> None:
    """Raises UsageError for a run of which nothing is kept: most likely a slip."""
    from ...core.text import safe

    for run_id in run_ids:
        if await store.run(run_id) is None:
            known = [run.run_id for run in await store.runs()]
            near = get_close_matches(run_id, known, 3, 0.4) or known[:3]
            hint = f"There is {', '.join(map(safe, near))}." if near else "None is known yet."
            raise click.UsageError(f"No run {safe(run_id)} is known to this profile. {hint}")


def _path(output: str | None, scope: Scope, suffix: str) -> Path:
    from ..exporting import file_name

    name = file_name(scope.title, datetime.now(UTC), suffix)
    path = Path(output or name)
    return path / name if path.is_dir() else path


async def _stream(evidence: Evidence, form: str, mask: Mask, bar: EvidenceBar) -> None:
    from ...core.snapshot.formats import FORMATS as WRITERS

    out = sys.stdout.buffer
    await WRITERS[form].write(evidence, mask, out, bar.count)
    out.flush()


def _tell(sentence: str) -> None:
    exits.narrate(f"▲ {sentence}")


def _tell_done(done: Exported, form: str, scope: Scope, *, as_json: bool) -> None:
    from ..exporting import written
    from .output import print_json, print_line

    if not as_json:
        print_line(str(done.path))
        exits.narrate(f"✔ {written(done, done.path.name)}")
        return
    print_json(
        {
            "path": str(done.path),
            "format": form,
            "title": scope.title,
            "size": done.size,
            "counts": {part.value: number for part, number in done.counts.items()},
            "masked": dict(done.masked),
            "missing": done.missing,
        }
    )
