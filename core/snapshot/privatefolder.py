"""A folder that is ours alone while we live, in memory where the system has room there."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, 0700
PREFIX = "cxtop-snapshot-"

_LOCK = "lock"
_SPARE = 64 * 1024**2
# Between a folder and its lock lies a moment in which nobody can tell whose it is.
_YOUNG_S = 60.0


@contextmanager
def private_folder(size: int, *, places: tuple[Path, ...] = ()) -> Iterator[Path]:
    """A new folder (0700) with room for about `size` bytes, removed with all in it at the end.

    It lies in the first of `places` that can be written and has the room, by default in memory,
    else where temporary files lie. What others left there that were killed is removed first.
    Raises OSError. It blocks.
    """
    places = places or (MEMORY, Path(tempfile.gettempdir()))
    for place in places:
        remove_left(place)
    chosen = next((place for place in places if _has_room(place, size)), places[-1])
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=chosen))
    try:
        descriptor = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield folder
        finally:
            shutil.rmtree(folder)
            os.close(descriptor)
    finally:
        if folder.exists():
            shutil.rmtree(folder)


def remove_left(place: Path) -> None:
    """Remove the folders in `place` whose owners are dead: nobody holds their locks."""
    for folder in place.glob(f"{PREFIX}*"):
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


def _has_room(place: Path, size: int) -> bool:
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize > size + _SPARE
