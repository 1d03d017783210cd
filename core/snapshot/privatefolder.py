"""A folder that is ours alone while we live, in memory where the system has room there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..ownfolder import OwnFolder, remove_left

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, 0700
PREFIX = "cxtop-snapshot-"

_SPARE = 64 * 1024**2


@contextmanager
def private_folder(size: int, *, places: tuple[Path, ...] = ()) -> Iterator[Path]:
    """A new folder (0700) with room for about `size` bytes, removed with all in it at the end.

    It lies in the first of `places` that can be written and has the room, by default in memory,
    else where temporary files lie. What others left there that were killed is removed first.
    Raises OSError. It blocks.
    """
    places = places or (MEMORY, Path(tempfile.gettempdir()))
    for place in places:
        remove_left(PREFIX, place)
    chosen = next((place for place in places if _has_room(place, size)), places[-1])
    with OwnFolder(PREFIX, chosen) as folder:
        yield folder.path


def _has_room(place: Path, size: int) -> bool:
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize > size + _SPARE
