"""A list of exchanges of any length, of which only what is on screen is read."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from ..store.filter import Filter
from .listing import Listed

MOST = 2_000_000
"""How many exchanges a filtered view holds at most: its newest. Each takes 8 bytes."""

_AT_ONCE = 50_000


class Shelf(Protocol):
    """What a view needs of the library."""

    async def numbers(
        self, wanted: Filter, *, first: int, last: int, limit: int, descending: bool
    ) -> tuple[list[int], int | None]: ...

    async def listed(self, numbers: Sequence[int]) -> list[Listed]: ...

    async def runs(self) -> list[tuple[int, int]]: ...


class View:
    """The exchanges that a filter lets through, by place: 0 is the oldest.

    Without a filter places follow from row numbers, and nothing is kept. With one the numbers are
    kept, and found from the newest backward: `complete` tells whether all are. Places shift when
    older ones are found; row numbers never do.
    """

    def __init__(self, shelf: Shelf, wanted: Filter) -> None:
        self._shelf = shelf
        self.filter = wanted
        self._numbers = array("q")
        self._runs: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._length = 0
        self._oldest: int | None = None
        self._newest = 0
        self.complete = False

    def __len__(self) -> int:
        return self._length if self.filter.everything else len(self._numbers)

    async def open(self) -> None:
        """Find the first of them."""
        if self.filter.everything:
            await self._map()
            self.complete = True
            return
        runs = await self._shelf.runs()
        self._newest = sum(runs[-1]) - 1 if runs else 0
        self._oldest = self._newest + 1
        await self.find_more()

    async def find_more(self) -> bool:
        """Look further back; says whether the view changed or there may be more to find."""
        if self.complete or self._oldest is None:
            return False
        found, reached = await self._shelf.numbers(
            self.filter, first=1, last=self._oldest - 1, limit=_AT_ONCE, descending=True
        )
        older = array("q", reversed(found))
        older.extend(self._numbers)
        self._numbers = older
        self.complete = reached is None or len(older) >= MOST
        self._oldest = reached
        return True

    async def grow(self) -> int:
        """Take in what came since; says how many rows were added at the end."""
        before = len(self)
        if self.filter.everything:
            last = self._last()
            await self._map()
            return len(self) - self.place_after(last)
        while True:
            found, reached = await self._shelf.numbers(
                self.filter,
                first=self._newest + 1,
                last=2**62,
                limit=_AT_ONCE,
                descending=False,
            )
            self._numbers.extend(found)
            if reached is None:
                self._newest = max([self._newest, *found[-1:]])
                return len(self) - before
            self._newest = reached

    async def rows(self, start: int, stop: int) -> list[Listed]:
        """The rows from place `start` up to, not including, `stop`."""
        return await self._shelf.listed(self.numbers(start, stop))

    def numbers(self, start: int, stop: int) -> list[int]:
        """The row numbers at these places."""
        start, stop = max(0, start), min(len(self), stop)
        if not self.filter.everything:
            return list(self._numbers[start:stop])
        return [self._number(place) for place in range(start, stop)]

    def place(self, number: int) -> int | None:
        """Where the row with this number is; `None` if it is not in the view."""
        place = self.place_after(number) - 1
        if place < 0 or self.numbers(place, place + 1) != [number]:
            return None
        return place

    def place_after(self, number: int) -> int:
        """How many rows have this number or a lower one."""
        if not self.filter.everything:
            return bisect_right(self._numbers, number)
        found = bisect_right(self._runs, number, key=lambda run: run[0]) - 1
        if found < 0:
            return 0
        first, count = self._runs[found]
        return self._starts[found] + min(count, number - first + 1)

    async def _map(self) -> None:
        self._runs = await self._shelf.runs()
        self._starts = []
        self._length = 0
        for _, count in self._runs:
            self._starts.append(self._length)
            self._length += count

    def _last(self) -> int:
        return sum(self._runs[-1]) - 1 if self._runs else 0

    def _number(self, place: int) -> int:
        found = bisect_right(self._starts, place) - 1
        return self._runs[found][0] + place - self._starts[found]
