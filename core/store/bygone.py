"""Failures that were handled so long ago that they may go; what is in work or waits never does.

Jobs for the writer: each drops up to `limit` rows that are older than `oldest` (microseconds
since 1970), and says how many.
"""

from __future__ import annotations

import sqlite3

from ..models import RecoveryState

_OVER = ", ".join(f"'{state.value}'" for state in RecoveryState if state.over)


def _age(*names: str) -> str:
    """The first of these times in a row's JSON, in microseconds; NULL when none is there."""
    times = ", ".join(f"json_extract(data, '$.{name}')" for name in names)
    first = times if len(names) == 1 else f"coalesce({times})"
    return f"strftime('%s', {first}) * 1000000"


def old_letters(connection: sqlite3.Connection, oldest: int, limit: int) -> int:
    """Letters that were delivered or discarded."""
    return connection.execute(
        "DELETE FROM dead_letters WHERE id IN "  # noqa: S608
        "(SELECT id FROM dead_letters WHERE state IN ('delivered', 'discarded') "
        f"AND {_age('settled_at', 'last_at', 'timestamp')} < ? ORDER BY id LIMIT ?)",
        (oldest, limit),
    ).rowcount


def old_recoveries(connection: sqlite3.Connection, oldest: int, limit: int) -> int:
    """Recoveries that are over, and with them how their runs were submitted.

    One stays as long as its letter waits, or one of its runs is kept: asked for again, that run
    would fail anew and be submitted a second time.
    """
    rows = connection.execute(
        f"SELECT id FROM recoveries WHERE state IN ({_OVER}) "  # noqa: S608
        f"AND {_age('resolved_at')} < ? "
        "AND NOT EXISTS (SELECT 1 FROM dead_letters "
        "WHERE dead_letters.error_id = recoveries.error_id AND dead_letters.state = 'waiting') "
        "AND NOT EXISTS (SELECT 1 FROM recovery_runs JOIN runs USING (run_id) "
        "WHERE recovery = recoveries.id) ORDER BY id LIMIT ?",
        (oldest, limit),
    ).fetchall()
    connection.executemany(
        "DELETE FROM submissions WHERE run_id IN "
        "(SELECT run_id FROM recovery_runs WHERE recovery = ?)",
        rows,
    )
    connection.executemany("DELETE FROM recovery_runs WHERE recovery = ?", rows)
    connection.executemany("DELETE FROM recoveries WHERE id = ?", rows)
    return len(rows)


def old_submissions(connection: sqlite3.Connection, oldest: int, limit: int) -> int:
    """Submissions of runs that are not kept any more, and never failed."""
    return connection.execute(
        "DELETE FROM submissions WHERE run_id IN "
        "(SELECT run_id FROM submissions WHERE submitted_at < ? "
        "AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run_id = submissions.run_id) "
        "AND NOT EXISTS (SELECT 1 FROM recovery_runs "
        "WHERE recovery_runs.run_id = submissions.run_id) LIMIT ?)",
        (oldest, limit),
    ).rowcount


def old_audit(connection: sqlite3.Connection, oldest: int, limit: int) -> int:
    """Entries of the audit log, which grows at its end only: the oldest are its first."""
    rows = connection.execute(
        "SELECT id FROM (SELECT id, data FROM audit ORDER BY id LIMIT ?) "  # noqa: S608
        f"WHERE {_age('resolved_at')} < ?",
        (limit, oldest),
    ).fetchall()
    if rows:
        connection.execute("INSERT INTO audit_horizon VALUES (?)", (oldest,))
        connection.executemany("DELETE FROM audit WHERE id = ?", rows)
        connection.execute("DELETE FROM audit_horizon")
    return len(rows)
