"""Which files are meant by what a user named: files, folders, globs."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# What logs are called in a folder; `x.jsonl.1` and `x.jsonl-20260301.gz` are rotated ones.
_LOG_NAME = re.compile(r".+\.(?:jsonl|ndjson|log|har)(?:[.\-][\w.\-]*)?(?:\.gz)?", re.IGNORECASE)
_MAGIC = re.compile(r"[*?\[]")


class Patterns:
    """The files that match what the user named, looked up anew each time.

    A folder means the logs in it and in the folders below. A glob means what it matches, `**`
    included. A file means itself and what it is called after rotation: `a.jsonl`, `a.1.jsonl`,
    `a.jsonl.1`, `a.jsonl-20260301.gz`.
    """

    def __init__(self, named: Iterable[str | Path]) -> None:
        self.named = tuple(os.path.abspath(os.path.expanduser(str(one))) for one in named)  # noqa: PTH100, PTH111

    def paths(self) -> list[str]:
        """Paths of files that may exist, without duplicates."""
        found: dict[str, None] = {}
        for named in self.named:
            found.update(dict.fromkeys(self._of(named)))
        return list(found)

    def _of(self, named: str) -> Iterator[str]:
        if os.path.isdir(named):  # noqa: PTH112
            yield from _in_folder(named)
        elif _MAGIC.search(named) and not os.path.exists(named):  # noqa: PTH110
            yield from sorted(glob.iglob(named, recursive=True, include_hidden=False))  # noqa: PTH207
        else:
            yield named
            yield from _rotated(named)


def _in_folder(folder: str) -> Iterator[str]:
    for place, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(files):
            if _LOG_NAME.fullmatch(name) and not name.startswith("."):
                yield os.path.join(place, name)  # noqa: PTH118


def _rotated(path: str) -> list[str]:
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    pattern = re.compile(
        rf"{re.escape(stem)}[.\-]\d[\w.\-]*{re.escape(suffix)}(?:\.gz)?"
        rf"|{re.escape(name)}[.\-]\d[\w.\-]*|{re.escape(name)}\.gz"
    )
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if pattern.fullmatch(entry.name))
    except OSError:
        # The folder may come later.
        return []
