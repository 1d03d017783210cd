"""The columns of a table: what each shows, and which stay when there is little room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..ink import Line

R = TypeVar("R")

GAP = 2


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column of a table of `R`.

    `cell` gives the line for a row and the width it has, in terminal cells. `width` is the least
    the column can live with; spare room goes to columns with `flex`, by their weight and up to
    `widest`. Columns with a `drop` above 0 leave when there is no room, the highest first.
    """

    key: str
    title: str
    width: int
    cell: Callable[[R, int], Line]
    right: bool = False
    flex: int = 0
    widest: int = 1000
    drop: int = 0
    order: Callable[[R], Any] | None = None


def fit(columns: Sequence[Column[R]], width: int) -> list[tuple[Column[R], int]]:
    """The columns that have room in `width` cells, each with the width it gets."""
    shown = list(columns)
    while _needed(shown) > width and any(column.drop for column in shown):
        shown.remove(max(shown, key=lambda column: column.drop))
    widths = [column.width for column in shown]
    spare = width - _needed(shown)
    while spare > 0:
        open_ends = [i for i, c in enumerate(shown) if c.flex and widths[i] < c.widest]
        if not open_ends:
            break
        weight = sum(shown[i].flex for i in open_ends)
        before = spare
        for i in open_ends:
            column = shown[i]
            given = min(before * column.flex // weight or 1, column.widest - widths[i], spare)
            widths[i] += given
            spare -= given
    while spare < 0 and max(widths, default=1) > 1:
        widths[max(range(len(shown)), key=widths.__getitem__)] -= 1
        spare += 1
    return list(zip(shown, widths, strict=True))


def _needed(columns: Sequence[Column[R]]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)
