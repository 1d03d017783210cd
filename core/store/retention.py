"""Dropping what is too old or too much, in slices, so that other writes come in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from .bygone import old_audit, old_letters, old_recoveries, old_submissions
from .codec import micros
from .dropping import AGE, drop_old
from .writer import Writer

_SLICE = 500
_PAGE_BYTES = 4096
# Pages that are given back to the disk in one transaction.
_PAGES = 2000


async def retain(
    writer: Writer,
    *,
    max_age: timedelta,
    max_bytes: int,
    max_audit_age: timedelta | None,
    now: datetime,
) -> int:
    """Drop what is too old, then the oldest until the rest fits; see `Store.retain`."""
    oldest = micros(now) - max_age // timedelta(microseconds=1)
    dropped = 0
    for drop in (
        _old_calls,
        _old_polls,
        _old_errors,
        _old_traces,
        _old_points,
        _old_runs,
        drop_old,
    ):
        dropped += await _repeat(writer, lambda connection, drop=drop: drop(connection, oldest))
    # After the runs, as what became of a run stays as long as the run does.
    for drop in (old_letters, old_recoveries, old_submissions):
        dropped += await _repeat(
            writer, lambda connection, drop=drop: drop(connection, oldest, _SLICE)
        )
    if max_audit_age is not None:
        bygone = micros(now) - max_audit_age // timedelta(microseconds=1)
        dropped += await _repeat(writer, lambda connection: old_audit(connection, bygone, _SLICE))
    dropped += await _repeat(writer, lambda connection: _drop_oldest(connection, max_bytes))
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


def _old_calls(connection: sqlite3.Connection, oldest: int, limit: int = _SLICE) -> int:
    return connection.execute(
        "DELETE FROM calls WHERE id IN "
        "(SELECT id FROM calls WHERE started_at < ? ORDER BY started_at LIMIT ?)",
        (oldest, limit),
    ).rowcount


def _old_polls(connection: sqlite3.Connection, oldest: int, limit: int = _SLICE) -> int:
    return connection.execute(
        "DELETE FROM polls WHERE (run, polled_at) IN "
        "(SELECT run, polled_at FROM polls WHERE polled_at < ? ORDER BY polled_at LIMIT ?)",
        (oldest, limit),
    ).rowcount


def _old_errors(connection: sqlite3.Connection, oldest: int, limit: int = _SLICE) -> int:
    # Marks grow with time, so the oldest entries come first.
    rows = connection.execute(
        "SELECT run, id FROM (SELECT run, id, seen_at FROM error_entries ORDER BY id LIMIT ?) "
        "WHERE seen_at < ?",
        (limit, oldest),
    ).fetchall()
    connection.executemany("DELETE FROM errors WHERE run = ? AND id = ?", rows)
    connection.executemany("DELETE FROM error_entries WHERE id = ?", [(row[1],) for row in rows])
    return len(rows)


def _old_traces(connection: sqlite3.Connection, oldest: int, limit: int = _SLICE) -> int:
    return connection.execute(
        "DELETE FROM traces WHERE trace IN "
        "(SELECT trace FROM traces WHERE fetched_at < ? ORDER BY fetched_at LIMIT ?)",
        (oldest, limit),
    ).rowcount


def _old_points(connection: sqlite3.Connection, oldest: int, limit: int = _SLICE) -> int:
    return connection.execute(
        "DELETE FROM health_points WHERE (action, at) IN "
        "(SELECT action, at FROM health_points WHERE at < ? ORDER BY at LIMIT ?)",
        (oldest, limit),
    ).rowcount


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


def _drop_oldest(connection: sqlite3.Connection, max_bytes: int) -> int:
    """Drop a slice of what is oldest, of whatever kind, while the rest is too much."""
    excess = _size(connection) - max_bytes
    if excess <= 0:
        return 0
    # As if a row filled a page, so that the last slices do not take far more than they must.
    most = min(_SLICE, 1 + excess // _PAGE_BYTES)
    for limit in (most, 1 + most // 10, 1):
        ages = [connection.execute(nth, (limit - 1,)).fetchone() for nth, _ in _KINDS]
        if known := [age for (age,) in filter(None, ages)]:
            # No kind has more than `limit` rows before that time, and one has as many.
            ends = min(known) + 1
            return sum(drop(connection, ends, limit) for _, drop in _KINDS)
    return 0


# For each kind: the age of its oldest row but some, and what drops its oldest.
_KINDS = (
    ("SELECT started_at FROM calls ORDER BY started_at LIMIT 1 OFFSET ?", _old_calls),
    ("SELECT polled_at FROM polls ORDER BY polled_at LIMIT 1 OFFSET ?", _old_polls),
    ("SELECT seen_at FROM error_entries ORDER BY id LIMIT 1 OFFSET ?", _old_errors),
    ("SELECT fetched_at FROM traces ORDER BY fetched_at LIMIT 1 OFFSET ?", _old_traces),
    ("SELECT at FROM health_points ORDER BY at LIMIT 1 OFFSET ?", _old_points),
    (AGE, drop_old),
)


def _give_back(connection: sqlite3.Connection) -> int:
    """Return some emptied pages to the disk; says how many are left."""
    # execute() would take a single step of this pragma, which is a single page.
    connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
    return connection.execute("PRAGMA freelist_count").fetchone()[0]


def _write_back(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
