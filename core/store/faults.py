"""What SQLite's errors mean to the user, and waiting for a store that is busy."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import StoreError, StoreFullError, StoreLockedError

T = TypeVar("T")

logger = logging.getLogger(__name__)

# SQLite waits this long by itself; short, so that the patience of a caller is kept exactly.
BUSY_SLICE_S = 0.25
_PAUSE_S = 0.02
# A disk with fewer free bytes cannot hold the smallest of the files that SQLite maps.
_LITTLE = 64 * 1024

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DENIED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


class Faults:
    """Turns errors of the store at `path` into sentences, and remembers that it is damaged.

    `patience_s` is how long a locked store is waited for, in seconds.
    """

    def __init__(self, path: Path, patience_s: float) -> None:
        self.path = path
        self.patience_s = patience_s

    @property
    def suspect(self) -> Path:
        """The mark that the store must be examined whole when it is opened next."""
        return self.path.with_name(f"{self.path.name}.suspect")

    def patiently(self, action: Callable[[], T]) -> T:
        """What `action` returns; called again while another process holds the store.

        Blocks the thread. Raises `sqlite3.OperationalError` when the patience is over.
        """
        ends = time.monotonic() + self.patience_s
        while True:
            try:
                return action()
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= ends:
                    raise
            time.sleep(_PAUSE_S)

    def locked(self) -> StoreLockedError:
        """The store stayed locked to the end of the patience."""
        return StoreLockedError(
            f"The store {self.path} is locked by another process.",
            why=f"It was waited for {self.patience_s:g} s.",
            fix="Close the other program that holds it, then try again.",
        )

    def explain(self, error: sqlite3.Error) -> StoreError:
        """`error` as one of ours. A damaged store is marked, so that opening it next heals it."""
        if is_busy(error):
            return self.locked()
        if is_corrupt(error):
            self.mark()
            return StoreError(
                f"The store {self.path} is damaged.",
                why=f"SQLite says: {error}.",
                fix="Start cxtop again: the damaged file is moved aside and a fresh one is made.",
            )
        code = primary_code(error)
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self._is_full()):
            return StoreFullError(
                f"The disk that holds the store {self.path} is full.",
                why="What is seen now is shown, but not kept.",
                fix="Make room on that disk; cxtop keeps again as soon as it can.",
            )
        if code in _DENIED:
            return StoreError(
                f"The store {self.path} cannot be opened or written.",
                why=f"SQLite says: {error}.",
                fix="Check that the file and its folder belong to you and can be written.",
            )
        return StoreError(
            f"The store {self.path} failed.",
            why=f"SQLite says: {error}.",
            fix="Run cxtop doctor to examine it.",
        )

    def mark(self) -> None:
        """Have the store examined whole when it is opened next."""
        try:
            self.suspect.touch(mode=0o600)
        except OSError as error:
            logger.warning("The damage of %s cannot be marked: %s", self.path, error.strerror)

    def _is_full(self) -> bool:
        """Files that SQLite maps into memory fail otherwise than those it writes."""
        try:
            return shutil.disk_usage(self.path.parent).free < _LITTLE
        except OSError:
            return False


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error is the Python module's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the store."""
    return primary_code(error) in _BUSY


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file is damaged, or no SQLite file at all."""
    return primary_code(error) in _CORRUPT
