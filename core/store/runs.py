"""Runs as they were last seen, the history of their polls, and which of them are watched.

Functions of a connection: those that write are jobs for the writer, the others queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..models import ActionRun, Poll
from ..redact import Redactor
from .codec import dump, get_count, load, micros, moment, put_count, raw

_COUNTS = ("processed", "total", "errors", "warnings")


def key_of(connection: sqlite3.Connection, run_id: str) -> int | None:
    """The number that stands for `run_id` in the other tables; `None` if nothing is known."""
    row = connection.execute(
        "SELECT run FROM runs WHERE run_id = CAST(? AS TEXT)", (raw(run_id),)
    ).fetchone()
    return row[0] if row else None


def make_key(connection: sqlite3.Connection, run_id: str) -> int:
    """The number that stands for `run_id`, made if there is none."""
    key = key_of(connection, run_id)
    if key is not None:
        return key
    made = connection.execute("INSERT INTO runs (run_id) VALUES (CAST(? AS TEXT))", (raw(run_id),))
    assert made.lastrowid is not None
    return made.lastrowid


def save_run(connection: sqlite3.Connection, run: ActionRun, redactor: Redactor) -> None:
    """Keep `run` as the newest answer unless a newer one is kept, and add to its history."""
    key = make_key(connection, run.run_id)
    seen = micros(run.polled_at)
    connection.execute(
        "UPDATE runs SET polled_at = ?1, data = ?2 WHERE run = ?3 "
        "AND (polled_at IS NULL OR polled_at <= ?1)",
        (seen, dump(_masked(run, redactor)), key),
    )
    counts = [put_count(getattr(run, name)) for name in _COUNTS]
    connection.execute(
        "INSERT OR REPLACE INTO polls VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (key, seen, run.status.value, run.progress, *counts),
    )


def runs(connection: sqlite3.Connection, ids: Sequence[str] | None) -> list[ActionRun]:
    """The runs with these ids, in their order; without ids all, the last seen first."""
    if ids is not None:
        found = (run(connection, run_id) for run_id in ids)
        return [one for one in found if one is not None]
    rows = connection.execute(
        "SELECT data FROM runs WHERE data IS NOT NULL ORDER BY polled_at DESC, run DESC"
    )
    return [_run(data) for (data,) in rows]


def run(connection: sqlite3.Connection, run_id: str) -> ActionRun | None:
    """The run as it was last seen."""
    row = connection.execute(
        "SELECT data FROM runs WHERE run_id = CAST(? AS TEXT) AND data IS NOT NULL",
        (raw(run_id),),
    ).fetchone()
    return _run(row[0]) if row else None


def polls(connection: sqlite3.Connection, run_id: str, limit: int) -> list[Poll]:
    """The newest `limit` polls of a run, the oldest of them first."""
    rows = connection.execute(
        "SELECT polled_at, status, progress, processed, total, errors, warnings FROM polls "
        "WHERE run = ? ORDER BY polled_at DESC LIMIT ?",
        (key_of(connection, run_id), limit),
    ).fetchall()
    return [poll_of(row) for row in reversed(rows)]


def watch(connection: sqlite3.Connection, run_id: str) -> None:
    """Add a run to the end of the watched ones, unless it is among them."""
    connection.execute(
        "INSERT OR IGNORE INTO watched (run) VALUES (?)", (make_key(connection, run_id),)
    )


def unwatch(connection: sqlite3.Connection, run_id: str) -> None:
    """Take a run from the watched ones; what is known of it stays."""
    connection.execute("DELETE FROM watched WHERE run = ?", (key_of(connection, run_id),))


def watched(connection: sqlite3.Connection) -> list[str]:
    """The ids of the watched runs, in the order in which they were added."""
    rows = connection.execute("SELECT run_id FROM watched JOIN runs USING (run) ORDER BY position")
    return [run_id for (run_id,) in rows]


def error_walk(connection: sqlite3.Connection, run_id: str) -> tuple[int, bool]:
    """The next page of failed records to ask for, from 1, and whether all were had."""
    row = connection.execute(
        "SELECT walk_page, walk_complete FROM runs WHERE run_id = CAST(? AS TEXT)",
        (raw(run_id),),
    ).fetchone()
    return (row[0], bool(row[1])) if row else (1, False)


def set_error_walk(
    connection: sqlite3.Connection, run_id: str, next_page: int, complete: bool
) -> None:
    """Keep what `error_walk` answers."""
    connection.execute(
        "UPDATE runs SET walk_page = ?, walk_complete = ? WHERE run = ?",
        (next_page, complete, make_key(connection, run_id)),
    )


def _masked(run: ActionRun, redactor: Redactor) -> dict[str, Any]:
    fields = run.model_dump(exclude={"raw_progress", "extra", "raw"})
    fields["raw_status"] = redactor.text(run.raw_status)
    fields["name"] = None if run.name is None else redactor.text(run.name)
    fields["raw_progress"] = redactor.json(run.raw_progress)
    fields["extra"] = redactor.json(run.extra)
    fields["raw"] = redactor.json(run.raw)
    return fields


def _run(data: str) -> ActionRun:
    fields = load(data)
    for name in _COUNTS:
        fields[name] = get_count(fields[name])
    return ActionRun.model_validate(fields)


def poll_of(row: tuple[Any, ...]) -> Poll:
    """The poll in a row of the history: its time, status, progress and counts."""
    polled_at, status, progress, *counts = row
    return Poll(
        polled_at=moment(polled_at),
        status=status,
        progress=progress,
        **dict(zip(_COUNTS, map(get_count, counts), strict=True)),
    )
