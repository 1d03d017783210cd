"""The terminal that the app draws on, which may go away at any time."""

from __future__ import annotations

import logging
from typing import Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

log = logging.getLogger("cxtop.tui")


class LastingDriver(LinuxDriver):
    """Draws as Textual does, and goes on when nobody is there to see it.

    Textual's writing thread dies of the first write to a terminal that has hung up. Then nothing
    takes what is drawn, and the app, told to end by the hang-up, waits for that without end.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self._file is not None:
            self._file = _Outlet(self._file)  # pyright: ignore


class _Outlet:
    """A terminal's file, of which no write fails."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> None:
        if not self._gone:
            try:
                self._file.write(text)
            except OSError as error:
                self._lost(error)

    def flush(self) -> None:
        if not self._gone:
            try:
                self._file.flush()
            except OSError as error:
                self._lost(error)

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def _lost(self, error: OSError) -> None:
        self._gone = True
        log.warning("The terminal is gone: %s", error)
