"""Lines of a log as the index has them, column by column.

There are very many of them, so they are no objects of their own: a list of numbers for each column
is built, handed on and written several times as quickly.
"""

from __future__ import annotations

from typing import TypeVar

from . import identities

ShapeKey = tuple[str, str, str, str, str, str, int | None]
"""service, method, route, action, outcome, code, status"""

K = TypeVar("K")


class Numbering(dict[K, int]):
    """Numbers things as they come: the first is 0."""

    def __missing__(self, key: K) -> int:
        number = self[key] = len(self)
        return number


class Entries:
    """Lines of one log, in the order in which they stand there; at most 2^20.

    `times` are in ms since 1970, `tooks` in µs. `paths` are places in `path_texts`, `shapes` such
    in `shape_keys`; not everything that is numbered there needs to be used. `marks` tell the ids,
    as `identities` makes them, with the place of a line for its row.
    """

    __slots__ = (
        "lengths",
        "marks",
        "offsets",
        "path_texts",
        "paths",
        "shape_keys",
        "shapes",
        "times",
        "tooks",
    )

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.lengths: list[int] = []
        self.times: list[int] = []
        self.tooks: list[int | None] = []
        self.paths: list[int] = []
        self.shapes: list[int] = []
        self.path_texts: Numbering[str] = Numbering()
        self.shape_keys: Numbering[ShapeKey] = Numbering()
        self.marks: list[float] = []

    def __len__(self) -> int:
        return len(self.offsets)

    def add(
        self,
        offset: int,
        length: int,
        at: int,
        took: int | None,
        path: str,
        shape: ShapeKey,
        own_id: str,
        *other_ids: str,
    ) -> None:
        """Add one line. Of the other ids some may be empty or alike."""
        place = len(self.offsets)
        self.offsets.append(offset)
        self.lengths.append(length)
        self.times.append(at)
        self.tooks.append(took)
        self.paths.append(self.path_texts[path])
        self.shapes.append(self.shape_keys[shape])
        self.marks += identities.own_marks([own_id], place)
        for text in dict.fromkeys(filter(None, other_ids)):
            self.marks += identities.marks([text], place)
