"""Dead letters: failures that nothing recovered, kept before anybody is told of them.

Functions of a connection: those that write are jobs for the writer, or parts of one; the others
are queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..models import DeadLetter, LetterState, Stretch
from ..redact import Redactor
from . import leases
from .codec import dump, load, micros, moment
from .leases import Lease


def put(connection: sqlite3.Connection, letter: DeadLetter, redactor: Redactor) -> None:
    """Keep a letter as it is now, in place of what was kept of it."""
    data = letter.model_dump()
    for name in ("message", "last_answer", "reason"):
        data[name] = redactor.text(data[name])
    for frame in data["stack_trace"]:
        frame["message"] = redactor.text(frame["message"])
    connection.execute(
        "INSERT INTO dead_letters (error_id, state, next_at, data) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (error_id) DO UPDATE SET state = excluded.state, "
        "next_at = excluded.next_at, data = excluded.data",
        (
            letter.error_id,
            letter.state.value,
            0 if letter.next_at is None else micros(letter.next_at),
            dump(data),
        ),
    )


def claim(
    connection: sqlite3.Connection, now: datetime, ttl_s: float
) -> tuple[DeadLetter, Lease] | None:
    """The letter that has been due the longest, with the lease on it; `None` if none is."""
    row = connection.execute(
        f"SELECT error_id, data FROM dead_letters WHERE state = 'waiting' "  # noqa: S608
        f"AND next_at <= ?1 AND {_FREE} ORDER BY next_at, id LIMIT 1",
        (micros(now),),
    ).fetchone()
    if row is None:
        return None
    lease = leases.take(connection, lease_name(row[0]), now, ttl_s)
    return None if lease is None else (_letter(row[1]), lease)


def claim_one(
    connection: sqlite3.Connection, error_id: str, now: datetime, ttl_s: float
) -> tuple[DeadLetter, Lease] | None:
    """A letter by its id with the lease on it; `None` while somebody else delivers it."""
    found = letter(connection, error_id)
    lease = leases.take(connection, lease_name(error_id), now, ttl_s) if found else None
    return None if found is None or lease is None else (found, lease)


def next_due(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """When the first letter that nobody delivers is due."""
    row = connection.execute(
        f"SELECT min(next_at) FROM dead_letters WHERE state = 'waiting' AND {_FREE}",  # noqa: S608
        (micros(now),),
    ).fetchone()
    return None if row[0] is None else moment(row[0])


_FREE = leases.unheld("letter", "error_id")


def lease_name(error_id: str) -> str:
    """What the lease on a letter is called."""
    return f"letter {error_id}"


def letter(connection: sqlite3.Connection, error_id: str) -> DeadLetter | None:
    """The letter of an error."""
    row = connection.execute(
        "SELECT data FROM dead_letters WHERE error_id = ?", (error_id,)
    ).fetchone()
    return _letter(row[0]) if row else None


def counts(connection: sqlite3.Connection) -> dict[LetterState, int]:
    """How many letters there are in each state."""
    rows = connection.execute("SELECT state, count(*) FROM dead_letters GROUP BY state")
    known = dict(rows.fetchall())
    return {state: known.get(state.value, 0) for state in LetterState}


def stretch(
    connection: sqlite3.Connection,
    *,
    states: Sequence[LetterState],
    before: int | None,
    limit: int,
) -> Stretch[DeadLetter]:
    """Up to `limit` letters older than the mark `before`, newest first, in one of `states`."""
    among = ", ".join(f"'{state.value}'" for state in states) or "NULL"
    values: dict[str, Any] = {"before": before, "limit": limit + 1}
    rows = connection.execute(
        f"SELECT id, data FROM dead_letters WHERE state IN ({among}) "  # noqa: S608
        "AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
        values,
    ).fetchall()
    total = sum(count for state, count in counts(connection).items() if state in states)
    return Stretch(
        items=tuple(_letter(data) for _, data in rows[:limit]),
        more=rows[limit - 1][0] if len(rows) > limit else None,
        total=total,
    )


def _letter(data: str) -> DeadLetter:
    return DeadLetter.model_validate(load(data))
