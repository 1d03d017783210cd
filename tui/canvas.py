"""A row of terminal cells that is painted piece by piece."""

from __future__ import annotations

from itertools import groupby

from rich.cells import cell_len

from ..core.text import safe
from .ink import Line, Span, Tone


class Canvas:
    """Exactly `width` cells; what is put outside of them is not there."""

    def __init__(self, width: int) -> None:
        self.width = max(0, width)
        self._cells: list[Span] = [(" ", "")] * self.width

    def put(self, column: int, text: str, tone: Tone) -> None:
        """Paint over what is there; a wide character that is cut leaves a blank."""
        for char in safe(text):
            size = cell_len(char)
            if size == 0:
                continue
            if column >= 0 and column + size <= self.width:
                self._clear(column, column + size)
                self._cells[column] = (char, tone)
                for rest in range(1, size):
                    self._cells[column + rest] = ("", tone)
            elif size == 2 and column + 1 == 0 < self.width:
                self._clear(0, 1)
                self._cells[0] = (" ", tone)
            column += size

    def _clear(self, start: int, end: int) -> None:
        """Leave a blank of each wide character of which only one half is painted over."""
        if not self._cells[start][0]:
            self._cells[start - 1] = (" ", self._cells[start - 1][1])
        if end < self.width and not self._cells[end][0]:
            self._cells[end] = (" ", self._cells[end][1])

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing was painted from `start` up to `end`; outside of it nothing ever is."""
        return all(self._cells[at][0] == " " for at in range(max(0, start), min(end, self.width)))

    def label(self, after: int, before: int, text: str, tone: Tone) -> None:
        """Write `text` from `after` on; without room there, so that it ends at `before`.

        Where neither has room, it is cut if three cells of it can be seen, and else left out.
        """
        size = cell_len(safe(text))
        room = self.width - after
        if size <= room:
            self.put(after, text, tone)
        elif size <= before:
            self.put(before - size, text, tone)
        elif max(room, before) >= 4:
            space = max(room, before)
            self.put(after if room >= before else 0, _cut(safe(text), space), tone)

    def line(self) -> Line:
        """What was painted."""
        spans: list[Span] = []
        for tone, cells in groupby(self._cells, key=_tone):
            spans.append(("".join(char for char, _ in cells), tone))
        return tuple(spans)


def _tone(cell: Span) -> Tone:
    return cell[1]


def _cut(text: str, width: int) -> str:
    made, used = "", 0
    for char in text:
        if used + cell_len(char) > width - 1:
            break
        made, used = made + char, used + cell_len(char)
    return made + "…"
