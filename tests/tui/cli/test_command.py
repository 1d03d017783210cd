"""The group: what a command line means, and how it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cxtop.core import __version__
from cxtop.tui.cli.command import COMMANDS

from .support import Cli


def python(cli: Cli, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=cli.environment,
        cwd=cli.home,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_version(alone: Cli) -> None:
    done = alone("--version")
    assert (done.code, done.out, done.err) == (0, f"cxtop {__version__}\n", "")


def test_version_loads_nothing_that_takes_time(alone: Cli) -> None:
    done = python(
        alone,
        "import sys; before = set(sys.modules); from cxtop.tui.cli import main\n"
        "main(['--version']); print(*sorted(set(sys.modules) - before))",
    )
    loaded = set(done.stdout.splitlines()[1].split())
    assert not loaded & {"click", "pydantic", "textual", "rich", "httpx", "json", "logging"}


def test_the_list_of_commands_loads_nothing_heavy(alone: Cli) -> None:
    done = python(
        alone,
        "import sys; from cxtop.tui.cli import main\n"
        "main(['--help']); print(*sys.modules, file=sys.stderr)",
    )
    assert done.stdout.startswith("Usage: cxtop")
    loaded = set(done.stderr.split())
    assert not loaded & {"textual", "rich", "httpx", "fastapi", "pydantic", "sqlite3"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_examples(alone: Cli, name: str) -> None:
    done = alone(name, "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert f"cxtop {'' if name == 'monitor' else name}" in done.out


def test_the_help_names_every_command(alone: Cli) -> None:
    done = alone("-h")
    assert done.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("wach", "watch"), ("Watch", "watch"), ("error", "errors"), ("help", "--help")],
)
def test_a_slip_is_told_with_what_was_meant(alone: Cli, typed: str, meant: str) -> None:
    done = alone(typed)
    assert done.code == 2
    assert f"Did you mean “cxtop {meant}”?" in done.err
    assert f"cxtop monitor {typed}" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["crm-import"],
        ["6f1d2c9e-0b7a-4f35-9a55-3f2d8c1e7b10", "other"],
        ["--profile", "environment"],
        ["--theme", "cxtop-light", "crm-import"],
    ],
)
def test_without_a_command_it_is_the_app(alone: Cli, arguments: list[str]) -> None:
    done = alone(*arguments)
    assert done.code == 2
    assert "The app needs a terminal." in done.err


def test_shared_options_may_stand_before_the_command(alone: Cli) -> None:
    done = alone("--profile", "nobody", "watch", "crm-import")
    assert done.code == 2
    assert '--profile: there is no profile "nobody".' in done.err
    done = alone("--config=else.toml", "config", "path")
    assert "no such option" in done.err.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ["watch"],
        ["watch", "a", "--interval", "0.5"],
        ["watch", "a", "--timeout", "0"],
        ["watch", "a", "--colour"],
        ["errors"],
        ["--nonsense"],
        ["simulate", "--port", "70000"],
        ["simulate", "--scenario", "nowhere"],
    ],
)
def test_wrong_usage_is_code_2(alone: Cli, arguments: list[str]) -> None:
    done = alone(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "✖" in done.err


def test_what_was_typed_cannot_drive_the_terminal(alone: Cli) -> None:
    for arguments in (["watch", "--\x1b]52;c;aGk=\x07"], ["simulate", "\x1b[2Jx"], ["watc\x1b"]):
        done = alone(*arguments)
        assert done.code == 2
        assert "\x1b" not in done.err
    assert "watc␛" in done.err


FAULT = """
import sys, types, click
module = types.ModuleType("cxtop.tui.cli.watch")
@click.command("watch")
def command():
    raise RuntimeError("Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789")
module.command = command
sys.modules[module.__name__] = module
from cxtop.tui.cli import main
sys.exit(main(["watch"]))
"""


def test_a_fault_goes_to_the_log_without_secrets(alone: Cli) -> None:
    done = python(alone, FAULT)
    assert done.returncode == 70
    assert done.stderr == f"✖ cxtop itself failed; the details are in {alone.log()}.\n"
    assert done.stdout == ""
    text = alone.log().read_text()
    assert "RuntimeError" in text
    assert "Traceback" in text
    assert "abcdefghijklmnop" not in text
    assert alone.log().stat().st_mode & 0o777 == 0o600
    assert alone.log().parent.stat().st_mode & 0o777 == 0o700


def test_a_fault_says_when_it_cannot_be_logged(alone: Cli) -> None:
    (alone.home / "state").write_text("a file where the folder should be")
    done = python(alone, FAULT)
    assert done.returncode == 70
    assert "the details could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_a_module_too(alone: Cli) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cxtop.tui.cli", "config", "path"],
        env=alone.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"{alone.home}/config.toml\n"
