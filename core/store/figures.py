"""What captured exchanges tell of an action in a time: counted in the index, no log is read.

Functions of a connection. Only blocks that may hold something of that time and action are looked
at, so that a short time costs little however much is kept.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from .filter import Plan
from .finding import bounds
from .zones import windows

MOST_RANGES = 100
"""Stretches of rows that one query names; of more, neighbours are taken together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Exchanges that ended alike. `took_us` is the sum of those `timed` ones' durations, in µs."""

    outcome: str
    code: str
    status: int | None
    count: int
    timed: int
    took_us: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The exchanges of one action in a time.

    `p95_us` is the duration in µs that 95 % of them did not exceed. `blurred` counts exchanges
    of all times that are too varied for the index to know their action.
    """

    groups: tuple[Group, ...] = ()
    p95_us: int | None = None
    blurred: int = 0


def actions(connection: sqlite3.Connection, limit: int) -> list[str]:
    """The actions that have exchanges, the one with most first."""
    rows = connection.execute(
        "SELECT action FROM shapes WHERE action != '' AND shape > 0 GROUP BY action "
        "HAVING sum(count) > 0 ORDER BY sum(count) DESC, action LIMIT ?",
        (limit,),
    )
    return [action for (action,) in rows]


def figures(
    connection: sqlite3.Connection,
    action: str,
    low_ms: int,
    high_ms: int,
    *,
    most_ranges: int = MOST_RANGES,
) -> Figures:
    """The exchanges of `action` that began from `low_ms` up to before `high_ms` since 1970."""
    shapes = {
        shape: (outcome, code, None if status < 0 else status)
        for shape, outcome, code, status in connection.execute(
            "SELECT shape, outcome, code, status FROM shapes "
            "WHERE action = ? AND shape > 0 AND count > 0",
            (action.encode("utf-8", "replace").decode(),),
        )
    }
    (blurred,) = connection.execute("SELECT count FROM shapes WHERE shape = 0").fetchone()
    plan = Plan("TRUE", {}, exact=True, shapes=frozenset(shapes), low=low_ms, high=high_ms - 1)
    ranges = _ranges(connection, plan, most_ranges) if shapes else []
    if not ranges:
        return Figures(blurred=blurred)
    # Numbers of our own, no text from outside; SQLite would take no list as a parameter.
    listed = ",".join(map(str, sorted(shapes)))
    rows = " UNION ALL ".join(
        f"SELECT shape, took FROM exchanges WHERE row BETWEEN {first} AND {last} "  # noqa: S608
        f"AND at >= :low AND at < :high AND shape IN ({listed})"
        for first, last in ranges
    )
    times = {"low": low_ms, "high": high_ms}
    groups = tuple(
        Group(*shapes[shape], count, timed, took or 0)
        for shape, count, timed, took in connection.execute(
            f"SELECT shape, count(*), count(took), sum(took) FROM ({rows}) GROUP BY shape",  # noqa: S608
            times,
        )
    )
    timed = sum(group.timed for group in groups)
    return Figures(groups, _p95(connection, rows, times, timed), blurred)


def _p95(
    connection: sqlite3.Connection, rows: str, times: dict[str, int], timed: int
) -> int | None:
    if not timed:
        return None
    # From the slowest on: SQLite then sorts the twentieth part only. Nearest rank.
    slower = timed - -(-timed * 95 // 100)
    (took,) = connection.execute(
        f"SELECT took FROM ({rows}) WHERE took IS NOT NULL "  # noqa: S608
        "ORDER BY took DESC LIMIT 1 OFFSET :slower",
        times | {"slower": slower},
    ).fetchone()
    return took


def _ranges(connection: sqlite3.Connection, plan: Plan, most: int) -> list[tuple[int, int]]:
    """Rows among which all that is meant lies, in as few stretches as possible."""
    first, last = bounds(connection)
    found: list[tuple[int, int]] = []
    for low, high in windows(connection, plan, first, last, descending=False):
        if found and found[-1][1] + 1 == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    while len(found) > most:
        found = [(pair[0][0], pair[-1][1]) for pair in _in_twos(found)]
    return found


def _in_twos(ranges: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    return [ranges[start : start + 2] for start in range(0, len(ranges), 2)]
