"""Dropping what is too old or too much, in slices, so that other writes come in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from .codec import micros
from .writer import Writer

_SLICE = 500
# Pages of 4 KiB that are given back to the disk in one transaction.
_PAGES = 2000


async def retain(writer: Writer, *, max_age: timedelta, max_bytes: int, now: datetime) -> int:
    """Drop what is too old, then the oldest until the rest fits; see `Store.retain`."""
    oldest = micros(now) - max_age // timedelta(microseconds=1)
    dropped = 0
    for drop in (_old_calls, _old_polls, _old_errors, _old_runs):
        dropped += await _repeat(writer, lambda connection, drop=drop: drop(connection, oldest))
    while await writer.submit(_size) > max_bytes:
        count = await writer.submit(_drop_oldest)
        if not count:
            break
        dropped += count
    while await writer.submit(_give_back, alone=True):
        pass
    # The file shrinks when the log is written back; a reader elsewhere may put that off.
    await writer.submit(_write_back, alone=True)
    return dropped


async def _repeat(writer: Writer, job: Callable[[sqlite3.Connection], int]) -> int:
    done = 0
    while count := await writer.submit(job):
        done += count
    return done


def _old_calls(connection: sqlite3.Connection, oldest: int) -> int:
    return connection.execute(
        "DELETE FROM calls WHERE id IN "
        "(SELECT id FROM calls WHERE started_at < ? ORDER BY started_at LIMIT ?)",
        (oldest, _SLICE),
    ).rowcount


def _old_polls(connection: sqlite3.Connection, oldest: int) -> int:
    return connection.execute(
        "DELETE FROM polls WHERE (run, polled_at) IN "
        "(SELECT run, polled_at FROM polls WHERE polled_at < ? ORDER BY polled_at LIMIT ?)",
        (oldest, _SLICE),
    ).rowcount


def _old_errors(connection: sqlite3.Connection, oldest: int) -> int:
    # Marks grow with time, so the oldest entries come first.
    rows = connection.execute(
        "SELECT run, id FROM (SELECT run, id, seen_at FROM error_entries ORDER BY id LIMIT ?) "
        "WHERE seen_at < ?",
        (_SLICE, oldest),
    ).fetchall()
    connection.executemany("DELETE FROM errors WHERE run = ? AND id = ?", rows)
    connection.executemany("DELETE FROM error_entries WHERE id = ?", [(row[1],) for row in rows])
    return len(rows)


def _old_runs(connection: sqlite3.Connection, oldest: int) -> int:
    """Runs that nobody watches and of which nothing else is kept."""
    return connection.execute(
        "DELETE FROM runs WHERE run IN (SELECT run FROM runs "
        "WHERE coalesce(polled_at, 0) < ? "
        "AND NOT EXISTS (SELECT 1 FROM watched WHERE watched.run = runs.run) "
        "AND NOT EXISTS (SELECT 1 FROM polls WHERE polls.run = runs.run) "
        "AND NOT EXISTS (SELECT 1 FROM errors WHERE errors.run = runs.run) "
        "AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.run = runs.run) LIMIT ?)",
        (oldest, _SLICE),
    ).rowcount


def _size(connection: sqlite3.Connection) -> int:
    """The bytes that hold something; pages that were emptied are given back later."""
    pages, free, page_size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_size


def _drop_oldest(connection: sqlite3.Connection) -> int:
    """Drop a slice of whichever kind reaches back the furthest."""
    ages = connection.execute(
        "SELECT (SELECT min(started_at) FROM calls), (SELECT min(polled_at) FROM polls), "
        "(SELECT seen_at FROM error_entries ORDER BY id LIMIT 1)"
    ).fetchone()
    kinds = zip(ages, (_old_calls, _old_polls, _old_errors), strict=True)
    known = [(age, drop) for age, drop in kinds if age is not None]
    if not known:
        return 0
    known.sort(key=lambda kind: kind[0])
    # Up to where the next kind begins; at least what is oldest of all goes.
    limit = known[1][0] if len(known) > 1 else known[0][0]
    return known[0][1](connection, max(limit, known[0][0] + 1))


def _give_back(connection: sqlite3.Connection) -> int:
    """Return some emptied pages to the disk; says how many are left."""
    # execute() would take a single step of this pragma, which is a single page.
    connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
    return connection.execute("PRAGMA freelist_count").fetchone()[0]


def _write_back(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
