"""What kind of log each file is: ours, another's, HAR."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from .content import Content
from .recognise import LOOK, Kind, recognise


class Kinds:
    """Remembers what kind each file is, and asks again only where it was not clear."""

    def __init__(self, paths: Callable[[], Iterable[str]], tell: Callable[[str], None]) -> None:
        self._paths = paths
        self._tell = tell
        self._known: dict[tuple[int, int], Kind] = {}

    def of(self, wanted: Kind) -> list[str]:
        """The paths of files of this kind."""
        return [path for path in self._paths() if self._kind(path) is wanted]

    def _kind(self, path: str) -> Kind | None:
        try:
            found = os.stat(path)  # noqa: PTH116
            key = found.st_dev, found.st_ino
            if key in self._known and found.st_size:
                return self._known[key]
            content = Content(path)
        except OSError:
            # The tailer tells of what cannot be read.
            return Kind.CAPTURE
        try:
            beginning = content.read(0, LOOK)
        except OSError:
            return Kind.CAPTURE
        finally:
            content.close()
        kind = recognise(beginning, whole=len(beginning) < LOOK)
        if kind is None:
            return None
        if kind is Kind.UNKNOWN:
            self._tell(f"{path} holds no exchanges in any form that is known. It is left out.")
        self._known[key] = kind
        return kind
