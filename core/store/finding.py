"""Finding exchanges: pages in both directions, counts, and where a row lies.

Functions of a connection. `verify` looks at the lines themselves where the index cannot tell; it
is given rows and says of each whether it is meant. Every search ends when its time is over, and
says how far it came.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from . import fulltext, identities
from .filter import Filter, Plan, Shape, plan
from .filter.sieving import sieve_of
from .filter.tree import IDS, Id, Phrase
from .logs import Log, by_number
from .sifting import Read, Sifter
from .zones import windows


class IndexRow(NamedTuple):
    """An exchange as the index has it; the line lies in log number `log`.

    `at` is in milliseconds since 1970, `took` in microseconds. `path` is `None` where it is told
    by the line alone, as is what stands in `shape` where its number is 0.
    """

    row: int
    log: int
    offset: int
    length: int
    at: int
    took: int | None
    path: str | None
    shape: Shape


Show = Callable[[Sequence[IndexRow], Mapping[int, Log]], list[Any]]
"""What is made of the rows that were found, in the thread that found them."""

Verify = Callable[[Sequence[IndexRow], Mapping[int, Log]], Sequence[bool]]


# How many rows are sifted at a time: few for the first page, then about as much as a cache holds.
_FIRST_SIFTED, _MOST_SIFTED = 128, 1024


@dataclass(frozen=True, slots=True)
class Found:
    """Rows in the order of the search. `reached` is the last row that was looked at, `None` when
    the search came to its end. `shown` is what was made of the rows, where that was asked for."""

    rows: tuple[IndexRow, ...]
    reached: int | None
    shown: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; where not `exact`, there are at least that many."""

    number: int
    exact: bool


class Facts:
    """What a plan depends on, in the snapshot of one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._shapes: Sequence[Shape] | None = None
        self._by_number: dict[int, Shape] = {}

    @property
    def shapes(self) -> Sequence[Shape]:
        """All shapes."""
        # There may be thousands, and a search by id needs none but those of what it finds.
        if self._shapes is None:
            self._shapes = shapes(self._connection)
            self._by_number = {shape.shape: shape for shape in self._shapes}
        return self._shapes

    def of(self, numbers: Iterable[int]) -> Mapping[int, Shape]:
        """The shapes with these numbers, among others."""
        missing = set(numbers) - self._by_number.keys()
        if missing:
            found = shapes(self._connection, missing)
            self._by_number.update((shape.shape, shape) for shape in found)
        return self._by_number

    @property
    def blurred(self) -> bool:
        """Whether the index cannot tell the shape or path of some exchanges."""
        return self.of((0,))[0].times > 0 or self._unknown_path()

    def _unknown_path(self) -> bool:
        # Whoever keeps a row without its path leaves this mark.
        return self._connection.execute("SELECT 1 FROM paths WHERE path = 0").fetchone() is not None

    def paths(self, fits: Callable[[str], bool]) -> list[int]:
        """The numbers of the paths that fit."""
        rows = self._connection.execute("SELECT path, text FROM paths WHERE path > 0")
        return [number for number, text in rows if fits(text)]

    def rows(self, wanted: Id) -> list[int] | None:
        """The rows that may have this id."""
        if not wanted.exact or not wanted.value:
            return None
        own = wanted.kind in ("", IDS[0])
        return identities.lookup(
            self._connection, wanted.value, own=own, others=wanted.kind != IDS[0]
        )

    def phrase(self, wanted: Phrase) -> str | None:
        """The full text's question."""
        return fulltext.question(wanted)


def shapes(connection: sqlite3.Connection, numbers: Iterable[int] | None = None) -> list[Shape]:
    """All shapes with their counts, or those with these numbers."""
    which = "" if numbers is None else f" WHERE shape IN ({','.join(map(str, numbers))})"
    return [
        Shape._make((*words, None if status < 0 else status, times))
        for *words, status, times in connection.execute(
            "SELECT shape, service, method, route, action, outcome, code, status, count "  # noqa: S608
            f"FROM shapes{which}"
        )
    ]


def bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """The first and the last row; (1, 0) when there is none."""
    first, last = connection.execute(
        "SELECT (SELECT min(row) FROM exchanges), (SELECT max(row) FROM exchanges)"
    ).fetchone()
    return (1, 0) if last is None else (first, last)


class Search:
    """One filter on one snapshot. With `read` lines that cannot be meant are told by their bytes,
    and are not verified."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        wanted: Filter,
        verify: Verify,
        read: Read | None = None,
    ) -> None:
        self._connection = connection
        self._verify = verify
        self.facts = Facts(connection)
        self.plan: Plan = plan(wanted, self.facts)
        self.first, self.last = bounds(connection)
        self._known_logs: dict[int, Log] = {}
        sieve = None if self.plan.exact or self.plan.rows is not None else sieve_of(wanted)
        self._sifter = sieve and read and Sifter(connection, sieve, read, self._logs)

    def find(
        self, first: int, last: int, *, limit: int, descending: bool, budget_s: float
    ) -> Found:
        """Up to `limit` rows from `first` to `last`, the newest first where `descending`."""
        ends = time.monotonic() + budget_s
        found: list[IndexRow] = []
        for rows, reached in self._slices(first, last, limit, descending=descending):
            found.extend(rows)
            if len(found) >= limit:
                return Found(tuple(found[:limit]), found[limit - 1].row)
            if time.monotonic() > ends:
                return Found(tuple(found), reached)
        return Found(tuple(found), None)

    def shown(self, found: Found, show: Show) -> Found:
        """The same, with what `show` makes of the rows."""
        return replace(
            found, shown=tuple(show(found.rows, self._logs({row.log for row in found.rows})))
        )

    def numbers(
        self, first: int, last: int, *, limit: int, descending: bool, budget_s: float
    ) -> tuple[list[int], int | None]:
        """As `find`, but the numbers of the rows only, which is far quicker where the index
        alone can tell."""
        if not self.plan.exact:
            found = self.find(first, last, limit=limit, descending=descending, budget_s=budget_s)
            return [row.row for row in found.rows], found.reached
        ends = time.monotonic() + budget_s
        numbers: list[int] = []
        for low, high in self._windows(first, last, descending=descending):
            numbers += self._numbers(low, high, limit - len(numbers), descending=descending)
            if len(numbers) >= limit:
                return numbers, numbers[-1]
            if time.monotonic() > ends:
                return numbers, low if descending else high
        return numbers, None

    def count(self, *, budget_s: float) -> Count:
        """How many there are in all."""
        if self.plan.where == "TRUE" and self.plan.exact:
            return Count(sum(shape.times for shape in self.facts.shapes), exact=True)
        if self.plan.by_shape:
            wanted = self.plan.shapes or frozenset()
            return Count(
                sum(shape.times for shape in self.facts.shapes if shape.shape in wanted), exact=True
            )
        ends = time.monotonic() + budget_s
        number = 0
        if self.plan.exact:
            for low, high in self._windows(self.first, self.last, descending=True):
                number += self._count(low, high)
                if time.monotonic() > ends and low > self.first:
                    return Count(number, exact=False)
            return Count(number, exact=True)
        for rows, _ in self._slices(self.first, self.last, 1024, descending=True):
            number += len(rows)
            if time.monotonic() > ends:
                return Count(number, exact=False)
        return Count(number, exact=True)

    def _slices(
        self, first: int, last: int, limit: int, *, descending: bool
    ) -> Iterator[tuple[list[IndexRow], int]]:
        """What is meant, in pieces, and the last row that was looked at for each."""
        size = limit
        for low, high in self._parts(first, last, descending=descending):
            only = self._sifter and self._sifter.rows(*self._where(low, high))
            while low <= high:
                rows = self._rows(low, high, size, descending=descending, only=only)
                if not self.plan.exact and rows:
                    chosen = self._verify(rows, self._logs({row.log for row in rows}))
                    kept = [row for row, good in zip(rows, chosen, strict=True) if good]
                else:
                    kept = rows
                if len(rows) < size:
                    yield kept, low if descending else high
                    break
                yield kept, rows[-1].row
                if descending:
                    high = rows[-1].row - 1
                else:
                    low = rows[-1].row + 1
                size = max(size, 256)

    def _parts(self, first: int, last: int, *, descending: bool) -> Iterator[tuple[int, int]]:
        """The windows; where lines are sifted in parts, the first of them small."""
        size = _FIRST_SIFTED
        for low, high in self._windows(first, last, descending=descending):
            if self._sifter is None:
                yield low, high
                continue
            while low <= high:
                if descending:
                    start = max(low, high - size + 1)
                    yield start, high
                    high = start - 1
                else:
                    ends = min(high, low + size - 1)
                    yield low, ends
                    low = ends + 1
                size = min(size * 2, _MOST_SIFTED)

    def _windows(self, first: int, last: int, *, descending: bool) -> Iterator[tuple[int, int]]:
        first, last = max(first, self.first), min(last, self.last)
        if self.plan.rows is not None:
            if self.plan.rows and first <= last:
                yield max(first, min(self.plan.rows)), min(last, max(self.plan.rows))
            return
        yield from windows(self._connection, self.plan, first, last, descending=descending)

    def _where(self, low: int, high: int) -> tuple[str, dict[str, int | str]]:
        where, values = self.plan.where, dict(self.plan.values)
        for number, question in enumerate(self.plan.phrases):
            condition = fulltext.condition(self._connection, low, high, f"text{number}")
            where = where.replace(f"{{text{number}}}", condition)
            values[f"text{number}"] = question
        values["low"], values["high"] = low, high
        if self.plan.rows is not None:
            listed = ",".join(str(row) for row in self.plan.rows if low <= row <= high)
            return f"row IN ({listed}) AND {where}", values
        return f"row BETWEEN :low AND :high AND {where}", values

    def _rows(
        self,
        low: int,
        high: int,
        limit: int,
        *,
        descending: bool,
        only: Sequence[int] | None = None,
    ) -> list[IndexRow]:
        if only is not None and not only:
            return []
        where, values = self._where(low, high)
        if only is not None:
            where = f"row IN ({','.join(map(str, only))}) AND {where}"
        order = "DESC" if descending else "ASC"
        found = self._connection.execute(
            f"SELECT {COLUMNS} FROM exchanges WHERE {where} "  # noqa: S608
            f"ORDER BY row {order} LIMIT :limit",
            {**values, "limit": limit},
        ).fetchall()
        return _index_rows(found, self.facts.of(row[-1] for row in found))

    def _numbers(self, low: int, high: int, limit: int, *, descending: bool) -> list[int]:
        where, values = self._where(low, high)
        order = "DESC" if descending else "ASC"
        found = self._connection.execute(
            f"SELECT row FROM exchanges WHERE {where} ORDER BY row {order} LIMIT :limit",  # noqa: S608
            {**values, "limit": limit},
        )
        return [row for (row,) in found]

    def _count(self, low: int, high: int) -> int:
        where, values = self._where(low, high)
        return self._connection.execute(
            f"SELECT count(*) FROM exchanges WHERE {where}",  # noqa: S608
            values,
        ).fetchone()[0]

    def _logs(self, numbers: Iterable[int]) -> dict[int, Log]:
        """The logs with these numbers, among others."""
        missing = set(numbers) - self._known_logs.keys()
        if missing:
            self._known_logs.update(by_number(self._connection, sorted(missing)))
        return self._known_logs


COLUMNS = (
    "row, log, offset, length, at, took, "
    "CASE typeof(path) WHEN 'integer' THEN "
    "(SELECT text FROM paths WHERE paths.path = exchanges.path) ELSE path END, shape"
)


def rows_by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[IndexRow]:
    """The rows with these numbers that are still there, in this order."""
    listed = ",".join(str(int(number)) for number in numbers)
    values = connection.execute(
        f"SELECT {COLUMNS} FROM exchanges WHERE row IN ({listed})"  # noqa: S608
    ).fetchall()
    found = _index_rows(values, Facts(connection).of(row[-1] for row in values))
    there = {row.row: row for row in found}
    return [there[number] for number in numbers if number in there]


def _index_rows(rows: Iterable[Sequence[Any]], known: Mapping[int, Shape]) -> list[IndexRow]:
    """Rows of `COLUMNS` as they are handed out."""
    return [IndexRow._make((*plain, known[shape])) for *plain, shape in rows]
