"""Passing over lines in whose bytes nothing stands that a filter asks for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from .filter.sieving import Lines, Sieve
from .logs import Log
from .places import Place, neighbours

Read = Callable[[Log, int, int], bytes]
"""Gives the bytes of a log from an offset on, this many; fewer where they are not to be had."""

Logs = Callable[[Iterable[int]], Mapping[int, Log]]
"""Gives the logs with these numbers, and maybe others."""

_LARGEST_READ = 4 * 1024 * 1024
# Where most rows stay, sifting is a loss; after so many times it is tried again.
_REST = 15


class Sifter:
    """One filter's sieve over the rows of one snapshot."""

    def __init__(
        self, connection: sqlite3.Connection, sieve: Sieve, read: Read, logs: Logs
    ) -> None:
        self._connection = connection
        self._sieve = sieve
        self._read = read
        self._logs = logs
        self._resting = 0

    def rows(self, where: str, values: Mapping[str, int | str]) -> list[int] | None:
        """Those of the rows for which `where` holds whose lines may match; `None` for all of them.

        Not to be asked for many rows at a time: it makes a list of them.
        """
        if self._resting:
            self._resting -= 1
            return None
        span = self._span(where, values)
        if span is not None and not self._sieve(span[1], (0,)):
            return []
        found = self._connection.execute(
            "SELECT row, log, offset, length FROM exchanges "  # noqa: S608
            f"WHERE {where} ORDER BY log, offset",
            values,
        )
        places = [Place._make(place) for place in found]
        # Lines of a log that was written anew lie where the old ones lay, and stand apart.
        groups = list(neighbours(places, _LARGEST_READ))
        if span is not None and len(groups) == 1:
            rows = self._hopeful(places, *span)
        else:
            rows = [row for some in groups for row in self._sifted(some)]
        if 2 * len(rows) > len(places):
            self._resting = _REST
        return rows

    def _sifted(self, places: Sequence[Place]) -> list[int]:
        """The rows of neighbours whose lines may match."""
        start, end = places[0].offset, places[-1].offset + places[-1].length
        lines = self._lines(places[0].log, start, end)
        if lines is None:
            return [place.row for place in places]
        return self._hopeful(places, start, lines)

    def _span(self, where: str, values: Mapping[str, int | str]) -> tuple[int, Lines] | None:
        """Where the lines of all the rows begin, and all of them in one piece; `None` where they
        do not lie together."""
        count, log, last_log, start, end, size = self._connection.execute(
            "SELECT count(*), min(log), max(log), "  # noqa: S608
            "min(offset), max(offset + length), sum(length) "
            f"FROM exchanges WHERE {where}",
            values,
        ).fetchone()
        if not count:
            return 0, Lines(b"")
        if log != last_log or end - start > min(2 * size, _LARGEST_READ):
            return None
        lines = self._lines(log, start, end)
        return None if lines is None else (start, lines)

    def _hopeful(self, places: Sequence[Place], start: int, lines: Lines) -> list[int]:
        """The rows at these places whose lines may match; `lines` has them, from `start` on."""
        found = self._sieve(lines, [place.offset - start for place in places])
        return [places[number].row for number in found]

    def _lines(self, log: int, start: int, end: int) -> Lines | None:
        """What lies there; `None` where that cannot be had whole."""
        known = self._logs((log,)).get(log)
        data = b"" if known is None else self._read(known, start, end - start)
        return Lines(data) if len(data) == end - start else None
