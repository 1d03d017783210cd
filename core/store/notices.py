"""Notices that were given, so that none is given twice, and those on their way to a webhook.

Functions of a connection: those that write are jobs for the writer; the others are queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from . import leases
from .codec import dump, load, micros, moment, raw
from .leases import Lease

# A row without a target says that the notice was given; the others are its ways out.
NOTICES = """
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX notices_once ON notices (key, target);
CREATE INDEX notices_due ON notices (next_at) WHERE state = 'waiting';
CREATE INDEX notices_by_age ON notices (made_at);
"""

KEPT = timedelta(days=90)
"""A notice that is older may be given again."""


class NoticeState(StrEnum):
    """How far a notice is on one of its ways."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice on its way to `target`; `tries` counts the deliveries that failed."""

    id: int
    target: str
    tries: int
    made_at: datetime
    data: Mapping[str, Any]


def add(
    connection: sqlite3.Connection,
    key: str,
    targets: Iterable[str],
    data: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Give a notice, with no secret in `data`; whether it is the first with this key."""
    connection.execute(
        "DELETE FROM notices WHERE made_at < ? AND state != 'waiting'", (micros(now - KEPT),)
    )
    at = micros(now)
    if not _insert(connection, key, "", NoticeState.SENT, at, "{}"):
        return False
    for target in targets:
        _insert(connection, key, target, NoticeState.WAITING, at, dump(data))
    return True


def _insert(
    connection: sqlite3.Connection, key: str, target: str, state: NoticeState, at: int, data: str
) -> bool:
    made = connection.execute(
        "INSERT OR IGNORE INTO notices (key, target, state, made_at, next_at, data) "
        "VALUES (CAST(? AS TEXT), ?, ?, ?, ?, ?)",
        (raw(key), target, state.value, at, at, data),
    )
    return made.rowcount == 1


def known(connection: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys whose notices were given."""
    return {
        key
        for key in keys
        if connection.execute(
            "SELECT 1 FROM notices WHERE key = CAST(? AS TEXT) AND target = ''", (raw(key),)
        ).fetchone()
    }


def untried(connection: sqlite3.Connection, since: datetime, targets: Iterable[str]) -> bool:
    """Whether a notice that was made since then has not been posted to one of `targets` yet."""
    among, values = _among(targets)
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM notices WHERE state = 'waiting' AND tries = 0 "  # noqa: S608
        f"AND made_at >= ?1 AND {among})",
        (micros(since), *values),
    ).fetchone()
    return bool(row[0])


def next_due(
    connection: sqlite3.Connection, now: datetime, targets: Iterable[str]
) -> datetime | None:
    """When the first notice to one of `targets` that nobody delivers is due."""
    among, values = _among(targets)
    row = connection.execute(
        f"SELECT min(next_at) FROM notices WHERE {_FREE} AND {among}",  # noqa: S608
        (micros(now), *values),
    ).fetchone()
    return None if row[0] is None else moment(row[0])


def claim(
    connection: sqlite3.Connection, now: datetime, ttl_s: float, targets: Iterable[str]
) -> tuple[Pending, Lease] | None:
    """The notice that has been due the longest, with the lease on it; `None` if none is."""
    among, values = _among(targets)
    row = connection.execute(
        "SELECT id, target, tries, made_at, data FROM notices "  # noqa: S608
        f"WHERE {_FREE} AND next_at <= ?1 AND {among} ORDER BY next_at, id LIMIT 1",
        (micros(now), *values),
    ).fetchone()
    if row is None:
        return None
    lease = leases.take(connection, f"notice {row[0]}", now, ttl_s)
    pending = Pending(row[0], row[1], row[2], moment(row[3]), load(row[4]))
    return None if lease is None else (pending, lease)


def settle(
    connection: sqlite3.Connection,
    lease: Lease,
    pending: Pending,
    state: NoticeState,
    next_at: datetime,
) -> None:
    """Keep what came of a delivery. Raises LeaseLostError when it is somebody else's by now."""
    leases.check(connection, lease)
    connection.execute(
        "UPDATE notices SET state = ?, next_at = ?, tries = ? WHERE id = ?",
        (state.value, micros(next_at), pending.tries + 1, pending.id),
    )


_FREE = f"state = 'waiting' AND {leases.unheld('notice', 'notices.id')}"


def _among(targets: Iterable[str]) -> tuple[str, list[str]]:
    values = list(targets)
    # Numbered, because the query names its first value twice.
    marks = ", ".join(f"?{place}" for place in range(2, len(values) + 2))
    return f"target IN ({marks})", values
