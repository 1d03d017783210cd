"""What is in each block of rows, so that a search skips most of them."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple

from .filter import Plan

BLOCK_BITS = 10
BLOCK = 1 << BLOCK_BITS

# Blocks whose summaries are read at a time.
_AHEAD = 256
# The first look is short, for most pages are full at once; each further one reaches farther.
_FIRST_WINDOW = 2
_LARGEST_WINDOW = 128


class Summary(NamedTuple):
    """What is in a block: how many rows, their times in milliseconds, and of each of their shapes
    how long the slowest took, in microseconds. That is `None` where nobody has noted it."""

    block: int
    rows: int
    low: int
    high: int
    slowest: dict[int, int | None]


# What took longer is noted as this: 71 minutes in microseconds.
_SLOWEST = 2**32 - 1


def note(
    connection: sqlite3.Connection,
    first_row: int,
    times: Sequence[int],
    tooks: Sequence[int | None],
    shapes: Sequence[int],
) -> None:
    """Put the rows from `first_row` on into the summaries of their blocks."""
    start = 0
    while start < len(times):
        row = first_row + start
        ends = min(len(times), start + BLOCK - (row & (BLOCK - 1)))
        part = times[start:ends]
        slowest: dict[int, int | None] = dict.fromkeys(shapes[start:ends], 0)
        for shape, took in zip(shapes[start:ends], tooks[start:ends], strict=True):
            if took is not None and took > slowest[shape]:  # pyright: ignore[reportOperatorIssue]
                slowest[shape] = took
        _merge(
            connection,
            Summary(row >> BLOCK_BITS, ends - start, min(part), max(part), slowest),
        )
        start = ends


def _merge(connection: sqlite3.Connection, new: Summary) -> None:
    old = connection.execute(
        f"SELECT {_COLUMNS} FROM blocks WHERE block = ?",  # noqa: S608
        (new.block,),
    ).fetchone()
    slowest = new.slowest
    if old is not None:
        known = _summary(old)
        slowest = known.slowest | {
            shape: _slower(took, known.slowest.get(shape, 0)) for shape, took in slowest.items()
        }
        new = Summary(
            new.block,
            new.rows + known.rows,
            min(new.low, known.low),
            max(new.high, known.high),
            slowest,
        )
    ordered = sorted(slowest)
    tooks = [slowest[shape] for shape in ordered]
    connection.execute(
        f"INSERT OR REPLACE INTO blocks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            *new[:4],
            array("H", ordered).tobytes(),
            # Of a block from before it is not known, and never will be.
            None
            if None in tooks
            else array("I", [min(t, _SLOWEST) for t in tooks if t is not None]).tobytes(),
        ),
    )


def _slower(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


_COLUMNS = "block, count, low, high, shapes, slowest"
_Row = tuple[int, int, int, int, bytes, bytes | None]


def windows(
    connection: sqlite3.Connection, plan: Plan, first: int, last: int, *, descending: bool
) -> Iterator[tuple[int, int]]:
    """Ranges of rows from `first` to `last` that may hold what is looked for, in that order."""
    size = _FIRST_WINDOW
    window: list[int] = []
    for block in _candidates(connection, plan, first, last, descending=descending):
        if window and (len(window) >= size or abs(block - window[-1]) > 1):
            yield _range(window, first, last)
            size = min(size * 2, _LARGEST_WINDOW)
            window = []
        window.append(block)
    if window:
        yield _range(window, first, last)


def runs(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """Rows whose numbers follow each other: the first number of each run, and how many.

    Blocks are filled from their beginning and dropped as a whole, so that few runs cover all.
    """
    found: list[tuple[int, int]] = []
    for block, count in connection.execute("SELECT block, count FROM blocks ORDER BY block"):
        first = max(1, block << BLOCK_BITS)
        if found and sum(found[-1]) == first:
            found[-1] = (found[-1][0], found[-1][1] + count)
        else:
            found.append((first, count))
    return found


def _range(blocks: list[int], first: int, last: int) -> tuple[int, int]:
    low, high = min(blocks), max(blocks)
    return max(first, low << BLOCK_BITS), min(last, ((high + 1) << BLOCK_BITS) - 1)


def _candidates(
    connection: sqlite3.Connection, plan: Plan, first: int, last: int, *, descending: bool
) -> Iterator[int]:
    low, high = first >> BLOCK_BITS, last >> BLOCK_BITS
    order = "DESC" if descending else "ASC"
    rows = None if plan.rows is None else {row >> BLOCK_BITS for row in plan.rows}
    while low <= high:
        found = connection.execute(
            f"SELECT {_COLUMNS} FROM blocks WHERE block BETWEEN ? AND ? "  # noqa: S608
            f"ORDER BY block {order} LIMIT ?",
            (low, high, _AHEAD),
        ).fetchall()
        if not found:
            return
        for row in found:
            if (rows is None or row[0] in rows) and _may_hold(plan, row):
                yield row[0]
        if descending:
            high = found[-1][0] - 1
        else:
            low = found[-1][0] + 1


def _may_hold(plan: Plan, row: _Row) -> bool:
    if plan.low is not None and row[3] < plan.low:
        return False
    if plan.high is not None and row[2] > plan.high:
        return False
    shapes: Iterable[int] = array("H", row[4])
    if plan.slow is not None and row[5] is not None:
        is_slow = min(plan.slow, _SLOWEST).__le__
        shapes = compress(shapes, map(is_slow, array("I", row[5])))
        if plan.shapes is None:
            return any(True for _ in shapes)
    return plan.shapes is None or not plan.shapes.isdisjoint(shapes)


def _summary(row: _Row) -> Summary:
    shapes = array("H", row[4])
    tooks = [None] * len(shapes) if row[5] is None else array("I", row[5])
    return Summary(*row[:4], dict(zip(shapes, tooks, strict=True)))
