"""Everything that is kept, in order, a slice at a time: for those who hand it over whole.

Functions of a connection, all queries. Each is given the mark where the slice before ended, 0 to
begin, and gives the slice with the mark where it ends.
"""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from ..models import AuditEntry, Call, DeadLetter, FlowTrace, Poll, Recovery
from .codec import load
from .runs import key_of, poll_of

_BEFORE_ALL = -(2**63)


class Known(NamedTuple):
    """A run that the store knows: whether it is watched, whether it ever was seen, and whether
    all its failed records were had."""

    run_id: str
    watched: bool
    seen: bool
    errors_complete: bool


def known_runs(connection: sqlite3.Connection) -> list[Known]:
    """The watched runs in the order in which they were added, then the others, the last seen
    first."""
    rows = connection.execute(
        "SELECT run_id, position IS NOT NULL, data IS NOT NULL, walk_complete "
        "FROM runs LEFT JOIN watched USING (run) "
        "ORDER BY position IS NULL, position, polled_at DESC, run DESC"
    )
    return [Known(run_id, *map(bool, facts)) for run_id, *facts in rows]


def polls_after(
    connection: sqlite3.Connection, run_id: str, mark: int | None, limit: int
) -> tuple[list[Poll], int]:
    """Polls of a run, the oldest first. The mark is a time in microseconds, `None` to begin."""
    after = _BEFORE_ALL if mark is None else mark
    rows = connection.execute(
        "SELECT polled_at, status, progress, processed, total, errors, warnings FROM polls "
        "WHERE run = ? AND polled_at > ? ORDER BY polled_at LIMIT ?",
        (key_of(connection, run_id), after, limit),
    ).fetchall()
    return [poll_of(row) for row in rows], rows[-1][0] if rows else after


def calls_after(
    connection: sqlite3.Connection, run_id: str | None, mark: tuple[int, int] | None, limit: int
) -> tuple[list[Call], tuple[int, int]]:
    """Calls, of one run where `run_id` is given, the oldest first; `None` begins."""
    after = mark or (_BEFORE_ALL, 0)
    where, values = "TRUE", []
    if run_id is not None:
        where, values = "run = ?", [key_of(connection, run_id)]
    rows = connection.execute(
        f"SELECT started_at, id, data FROM calls WHERE {where} "  # noqa: S608
        "AND (started_at, id) > (?, ?) ORDER BY started_at, id LIMIT ?",
        (*values, *after, limit),
    ).fetchall()
    found = [Call.model_validate(load(data)) for *_, data in rows]
    return found, (rows[-1][0], rows[-1][1]) if rows else after


def traces_after(
    connection: sqlite3.Connection, mark: int, limit: int
) -> tuple[list[FlowTrace], int]:
    """Traces in the order in which they were first kept."""
    return _after(connection, "trace", "traces", FlowTrace, mark, limit)


def recoveries_after(
    connection: sqlite3.Connection, mark: int, limit: int
) -> tuple[list[Recovery], int]:
    """Recoveries, the oldest first."""
    return _after(connection, "id", "recoveries", Recovery, mark, limit)


def letters_after(
    connection: sqlite3.Connection, mark: int, limit: int
) -> tuple[list[DeadLetter], int]:
    """Dead letters, the oldest first."""
    return _after(connection, "id", "dead_letters", DeadLetter, mark, limit)


def audit_after(
    connection: sqlite3.Connection, mark: int, limit: int
) -> tuple[list[AuditEntry], int]:
    """The audit log as it was written."""
    return _after(connection, "id", "audit", AuditEntry, mark, limit)


def count_of(connection: sqlite3.Connection, table: str, run_id: str | None = None) -> int:
    """How many rows `table` has: in all, or of one run (`polls`, `errors` and `calls` only)."""
    if run_id is None:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    return connection.execute(
        f"SELECT count(*) FROM {table} WHERE run = ?",  # noqa: S608
        (key_of(connection, run_id),),
    ).fetchone()[0]


def _after(
    connection: sqlite3.Connection, key: str, table: str, model: Any, mark: int, limit: int
) -> tuple[list[Any], int]:
    rows = connection.execute(
        f"SELECT {key}, data FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?",  # noqa: S608
        (mark, limit),
    ).fetchall()
    found = [model.model_validate(load(data)) for _, data in rows]
    return found, rows[-1][0] if rows else mark
