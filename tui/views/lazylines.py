"""Lines that are made when they are looked at, so that large payloads open at once."""

from __future__ import annotations

import re
from abc import abstractmethod
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import overload

from ..ink import Line

HEAD = 2_000_000
"""How much of a payload is prepared at first, in characters or bytes."""

LONGEST = 2_000
"""How many characters a line has at most; what is longer goes on in the next."""

_PIECE = re.compile(rf"[^\n]{{1,{LONGEST}}}\n?|\n")
_GOES_ON: Line = ((" ↩", "track"),)

Paint = Callable[[str, bool], Line]


class Lines(Sequence[Line]):
    """Lines with a note below them. `cut` says that there is more, which `whole=True` shows."""

    def __init__(self, *, cut: bool = False, foot: Iterable[Line] = ()) -> None:
        self.cut = cut
        self._foot = tuple(foot)

    @property
    @abstractmethod
    def height(self) -> int:
        """How many lines there are above the note."""

    @abstractmethod
    def line(self, index: int) -> Line:
        """One of the lines above the note, from 0."""

    def __len__(self) -> int:
        return self.height + len(self._foot)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        size = len(self)
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(size))]
        if index < 0:
            index += size
        if not 0 <= index < size:
            raise IndexError(index)
        return self.line(index) if index < self.height else self._foot[index - self.height]


class FixedLines(Lines):
    """Lines that are there already."""

    def __init__(
        self, lines: Iterable[Line], *, cut: bool = False, foot: Iterable[Line] = ()
    ) -> None:
        super().__init__(cut=cut, foot=foot)
        self._lines = tuple(lines)

    @property
    def height(self) -> int:
        return len(self._lines)

    def line(self, index: int) -> Line:
        return self._lines[index]


class TextLines(Lines):
    """The lines of a text, each painted when it is looked at.

    `paint` takes a line's text and whether it begins there; a line of more than `LONGEST`
    characters goes on in the next, with a mark.
    """

    def __init__(
        self, text: str, paint: Paint, *, cut: bool = False, foot: Iterable[Line] = ()
    ) -> None:
        super().__init__(cut=cut, foot=foot)
        self._text = text
        self._paint = paint
        self._starts = array("Q", (piece.start() for piece in _PIECE.finditer(text)))

    @property
    def height(self) -> int:
        return len(self._starts)

    def line(self, index: int) -> Line:
        start = self._starts[index]
        last = index + 1 == len(self._starts)
        end = len(self._text) if last else self._starts[index + 1]
        shown = self._text[start:end]
        begins = start == 0 or self._text[start - 1] == "\n"
        if shown.endswith("\n"):
            return self._paint(shown[:-1].removesuffix("\r"), begins)
        made = self._paint(shown, begins)
        return made if last else (*made, *_GOES_ON)


def plain(text: str, _begins: bool) -> Line:
    """Text as it is."""
    return ((text, ""),)
