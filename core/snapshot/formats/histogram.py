"""What happened over time, counted while it is read: few columns, whatever the time they span."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

WIDTHS = (1, 5, 15, 60, 300, 900, 3600, 21600, 86400, 604800, 2419200, 31449600, 314496000)
"""How wide a column may be, in seconds; each is a multiple of the one before."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_KEPT = 600


class Histogram:
    """Counts of words by time. Columns get wider when there would be too many."""

    def __init__(self) -> None:
        self._width = 0
        self._counts: dict[int, Counter[str]] = {}

    def add(self, at: datetime, word: str) -> None:
        """Count `word` once, at a time."""
        seconds = int((at - _EPOCH).total_seconds())
        self._count(seconds, word, 1)
        while len(self._counts) > _MOST_KEPT and self._width < len(WIDTHS) - 1:
            self._widen()

    def columns(self, most: int) -> tuple[timedelta, list[tuple[datetime, Mapping[str, int]]]]:
        """How wide columns are, and all from the first to the last, also the empty ones between:
        at most `most`, but for what spans centuries. Columns only get wider by this."""
        if not self._counts:
            return timedelta(seconds=WIDTHS[0]), []
        while self._span() > most and self._width < len(WIDTHS) - 1:
            self._widen()
        width = WIDTHS[self._width]
        starts: Iterable[int] = range(min(self._counts), max(self._counts) + 1, width)
        if self._span() > most:
            starts = sorted(self._counts)[-most:]
        return timedelta(seconds=width), [
            (_EPOCH + timedelta(seconds=start), self._counts.get(start, Counter()))
            for start in starts
        ]

    def _span(self) -> int:
        return (max(self._counts) - min(self._counts)) // WIDTHS[self._width] + 1

    def _count(self, seconds: int, word: str, times: int) -> None:
        start = seconds - seconds % WIDTHS[self._width]
        self._counts.setdefault(start, Counter())[word] += times

    def _widen(self) -> None:
        self._width += 1
        kept, self._counts = self._counts, {}
        for start, words in kept.items():
            for word, times in words.items():
                self._count(start, word, times)
