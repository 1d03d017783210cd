"""Running the real command as a process, against a simulated platform that is one too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest

from cxtop.tui.cli import main

CXTOP = str(Path(sys.executable).with_name("cxtop"))


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Cli:
    """The command with a home of its own."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # COLUMNS and LINES would count before the size that a pty has.
        names = (
            "COLUMNS",
            "LINES",
            "NO_COLOR",
            "CXTOP_",
            "GENESYS",
            "CXONE_",
            "DATA_ACTION_ID",
            "SLACK_",
            "_CXTOP",
        )
        clean = {key: value for key, value in os.environ.items() if not key.startswith(names)}
        return {**clean, "CXTOP_HOME": str(self.home), **self.env}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [CXTOP, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.home,
            **options,
        )

    def __call__(self, *arguments: str) -> Done:
        """Run what the command runs, in this process: most of a short command's time is its start.

        It has its own environment, folder and files for its streams; `process` is for what shows
        in a process only.
        """
        with (
            TemporaryFile("w+", encoding="utf-8", newline="") as out,
            TemporaryFile("w+", encoding="utf-8", newline="") as err,
            open(os.devnull) as nothing,  # noqa: PTH123 - Path has no null device
            pytest.MonkeyPatch.context() as patch,
        ):
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.home)
            for name, stream in (("stdin", nothing), ("stdout", out), ("stderr", err)):
                patch.setattr(sys, name, stream)
            code = main(arguments)
            out.flush()
            err.flush()
            return self._checked(code, _all_of(out), _all_of(err))

    def process(self, *arguments: str, timeout: float = 60) -> Done:
        """Run the installed command."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=timeout)
        return self._checked(process.returncode, out, err)

    def _checked(self, code: int, out: str, err: str) -> Done:
        done = Done(code, out, err)
        assert "Traceback" not in done.err
        secret = self.env.get("CXTOP_CLIENT_SECRET")
        assert not secret or secret not in done.out + done.err
        return done

    def log(self) -> Path:
        return self.home / "state" / "cxtop.log"


def _all_of(stream: IO[str]) -> str:
    """What a process would have read of it: the ends of lines as \n."""
    stream.seek(0)
    return stream.read().replace("\r\n", "\n")


@contextmanager
def platform(scenario: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """The announcement of a simulated platform, which lives as long as the block."""
    command = [CXTOP, "simulate", "--scenario", scenario, "--with-parent", *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(20)


def client(told: dict[str, Any]) -> dict[str, str]:
    """The environment that lets the command into a simulated platform."""
    return {
        "CXTOP_BASE_URL": told["url"],
        "CXTOP_PLATFORM": told["platform"],
        "CXTOP_CLIENT_ID": told["client_id"],
        "CXTOP_CLIENT_SECRET": told["client_secret"],
    }


def write_config(home: Path, text: str) -> Path:
    """A config file of which nobody complains."""
    path = home / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path
