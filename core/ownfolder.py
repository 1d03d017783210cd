"""Temporary folders of one process, and what becomes of those whose process was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_LOCK = "lock"
# Between a folder and its lock lies a moment in which nobody can tell whose it is.
_YOUNG_S = 60.0


class OwnFolder:
    """A new folder (0700) in `place`, by default where temporary files lie; in `with`, which
    removes it with all in it.

    It is locked as long as its process lives. What others left in `place` under this `prefix`
    that were killed is removed first. Raises OSError. It blocks.
    """

    def __init__(self, prefix: str, place: Path | None = None) -> None:
        place = place or Path(tempfile.gettempdir())
        remove_left(prefix, place)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        try:
            self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError:
            shutil.rmtree(self.path)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it now. Raises OSError for what cannot be removed."""
        try:
            shutil.rmtree(self.path)
        finally:
            os.close(self._lock)


def remove_left(prefix: str, place: Path) -> None:
    """Remove the folders in `place` whose owners are dead: nobody holds their locks."""
    for folder in place.glob(f"{prefix}*"):
        with suppress(OSError):
            # Another process may remove it at the same time, or it is not ours to remove.
            _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        if time.time() - found.st_mtime > _YOUNG_S:
            shutil.rmtree(folder)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
