"""How soon the screen is there, as ratios to a minimal app and to toolong.

    python -m tests.benchmarks.screen

Command to first painted frame, and `--version`, interleaved in one run; medians. toolong is
compared where a `tl` is on the PATH or named in `TOOLONG`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pexpect

ROUNDS = 9
CXTOP = str(Path(sys.executable).with_name("cxtop"))
MINIMAL = """
from textual.app import App
from textual.widgets import DataTable
class Minimal(App):
    def compose(self):
        yield DataTable()
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("first-head", "b", "c")
        for row in range(50):
            table.add_row(str(row), "x", "y")
Minimal().run()
"""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def until_painted(command: list[str], sign: str, home: str) -> float:
    """Seconds from the command until `sign` came out of its terminal."""
    env = {**os.environ, "CXTOP_HOME": home, "TERM": "xterm-256color"}
    began = time.perf_counter()
    process = pexpect.spawn(command[0], command[1:], env=env, dimensions=(40, 120), timeout=30)  # pyright: ignore[reportArgumentType]
    process.expect(sign)
    took = time.perf_counter() - began
    process.close(force=True)
    return took


def until_ended(command: list[str]) -> float:
    """Seconds that the command takes."""
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def medians(ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each way, measured in turns; the first turn only warms up."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            seconds = way()
            if turn:
                taken[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as home:
        Path(home, "config.toml").write_text(
            '[profiles.x]\nbase_url = "http://127.0.0.1:9"\naccess_token = "none"\n'
        )
        Path(home, "config.toml").chmod(0o600)
        frames = medians(
            {
                "minimal app": lambda: until_painted(
                    [sys.executable, "-c", MINIMAL], "first-head", home
                ),
                "cxtop": lambda: until_painted([CXTOP], "1 Runs", home),
            }
        )
    say("command to first painted frame")
    for name, seconds in frames.items():
        ratio = seconds / frames["minimal app"]
        say(f"  {name:12} {seconds * 1000:6.0f} ms   ÷ minimal {ratio:5.2f}")
    toolong = os.environ.get("TOOLONG") or shutil.which("tl")
    ways = {"cxtop": lambda: until_ended([CXTOP, "--version"])}
    if toolong:
        ways["toolong"] = lambda: until_ended([toolong, "--version"])
    versions = medians(ways)
    say("--version")
    for name, seconds in versions.items():
        ratio = f"÷ toolong {seconds / versions['toolong']:5.2f}" if toolong else "no toolong here"
        say(f"  {name:12} {seconds * 1000:6.0f} ms   {ratio}")


if __name__ == "__main__":
    main()
