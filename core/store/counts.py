"""How much of what is kept, in numbers: for whoever counts, and looks at no payload.

A function of a connection; what retention has dropped is not counted.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from .codec import load
from .figures import Group


@dataclass(frozen=True, slots=True)
class Counts:
    """What is kept.

    `exchanges` are captured ones by their action (empty where none is known) and how they ended.
    `retries` counts the attempts of calls beyond the first by the service that reported them,
    which is empty for cxtop's own calls. `letters` are dead letters that wait.
    `rate_limit` holds the rate-limit headers of the platform's last answer by lower-case name,
    which had the status `status` and came at `answered_at`.
    """

    exchanges: tuple[tuple[str, Group], ...]
    polls: int
    retries: dict[str, int]
    letters: int
    rate_limit: dict[str, str]
    status: int = 0
    answered_at: datetime | None = None


def counts(connection: sqlite3.Connection) -> Counts:
    """The numbers of now."""
    exchanges = tuple(
        (action, Group(outcome, code, None if status < 0 else status, count, 0, 0))
        for action, outcome, code, status, count in connection.execute(
            "SELECT action, outcome, code, status, sum(count) FROM shapes WHERE count > 0 "
            "GROUP BY action, outcome, code, status"
        )
    )
    (polls,) = connection.execute("SELECT count(*) FROM polls").fetchone()
    retries = dict(
        connection.execute(
            "SELECT coalesce(json_extract(data, '$.service'), ''), "
            "sum(max(json_array_length(data, '$.attempts') - 1, 0)) "
            "FROM calls WHERE retried GROUP BY 1"
        )
    )
    (letters,) = connection.execute(
        "SELECT count(*) FROM dead_letters WHERE state = 'waiting'"
    ).fetchone()
    return Counts(exchanges, polls, retries, letters, *_last_limit(connection))


def _last_limit(
    connection: sqlite3.Connection,
) -> tuple[dict[str, str], int, datetime | None]:
    row = connection.execute(
        "SELECT attempt.value FROM "
        "(SELECT data FROM calls ORDER BY started_at DESC, id DESC LIMIT 50) AS call, "
        "json_each(call.data, '$.attempts') AS attempt "
        "WHERE json_extract(attempt.value, '$.rate_limit') NOT IN ('{}', '') "
        "ORDER BY json_extract(attempt.value, '$.started_at') DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return {}, 0, None
    attempt = load(row[0])
    at = datetime.fromisoformat(attempt["started_at"])
    return attempt["rate_limit"], attempt["status"] or 0, at
