"""A real pseudo-terminal, and a terminal's understanding of what it gets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from .support import CXTOP, Cli

RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")


class Terminal:
    """The command in a pty; `raw` is every byte it wrote, `text` what stands on the screen."""

    def __init__(self, cli: Cli, *arguments: str, size: tuple[int, int] = (40, 120)) -> None:
        self._screen = pyte.Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.process = pexpect.spawn(
            CXTOP,
            list(arguments),
            dimensions=size,
            env={**cli.environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},  # pyright: ignore[reportArgumentType]
            cwd=str(cli.home),
        )

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def read(self, seconds: float = 0.1) -> bool:
        """Take in what comes; False at the end."""
        try:
            data = self.process.read_nonblocking(1 << 16, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def until(self, condition: Callable[[str], bool], seconds: float = 30) -> str:
        """The screen once `condition` holds for it."""
        ends = time.monotonic() + seconds
        while not condition(self.text):
            assert time.monotonic() < ends, self.text
            assert self.read(), self.text
        return self.text

    def ended(self, seconds: float = 20) -> int:
        """The exit code, once the process has ended; minus the signal if one ended it."""
        ends = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < ends, self.text
        self.process.wait()
        code = self.process.exitstatus
        return code if code is not None else -(self.process.signalstatus or 0)

    def send(self, keys: str) -> None:
        self.process.send(keys)

    def hang_up(self) -> None:
        """Close the terminal's other end, as the window that is closed does."""
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, self.process.child_fd)
        os.close(nothing)


@contextmanager
def terminal(cli: Cli, *arguments: str, size: tuple[int, int] = (40, 120)) -> Iterator[Terminal]:
    """A terminal with the command in it, which is not left running."""
    it = Terminal(cli, *arguments, size=size)
    try:
        yield it
    finally:
        it.process.close(force=True)


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that live."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) and int(stat[1]) == pid:
            found.append(int(entry.name))
    return found


def alive(pid: int) -> bool:
    """Whether the process runs, and is not merely waited for."""
    stat = _stat(pid)
    return stat is not None and stat[0] != "Z"


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def gone(pid: int, seconds: float = 20) -> bool:
    """Whether the process ends within so many seconds."""
    ends = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
