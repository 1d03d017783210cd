"""Who works on what: a lease with an end, so that two processes never act on one thing at once.

Functions of a connection; those that write are jobs for the writer. Each taking of a lease gets
a higher token. Whoever writes what came of the work shows its token in the same transaction: a
process that slept through its lease's end finds that another one has taken over.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from .codec import micros


class LeaseLostError(Exception):
    """Someone else has taken over what this lease was for; the transaction changes nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on `name`, told apart from earlier ones by its `token`."""

    name: str
    token: int


def take(connection: sqlite3.Connection, name: str, now: datetime, ttl_s: float) -> Lease | None:
    """The lease for `ttl_s` seconds; `None` when somebody has it."""
    row = connection.execute(
        "INSERT INTO leases VALUES (?1, 1, ?2) ON CONFLICT (name) DO UPDATE "
        "SET token = token + 1, expires_at = excluded.expires_at WHERE expires_at <= ?3 "
        "RETURNING token",
        (name, _end(now, ttl_s), micros(now)),
    ).fetchone()
    return Lease(name, row[0]) if row else None


def unheld(kind: str, column: str) -> str:
    """SQL that is true where nobody has the lease named `kind` and the value of `column`; the
    query's first value, `?1`, is now in microseconds."""
    return (
        f"NOT EXISTS (SELECT 1 FROM leases WHERE name = '{kind} ' || {column} "  # noqa: S608
        "AND expires_at > ?1)"
    )


def renew(connection: sqlite3.Connection, lease: Lease, now: datetime, ttl_s: float) -> None:
    """Hold the lease for `ttl_s` seconds from now. Raises LeaseLostError."""
    check(connection, lease)
    connection.execute(
        "UPDATE leases SET expires_at = ? WHERE name = ?", (_end(now, ttl_s), lease.name)
    )


def check(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise LeaseLostError unless nobody has taken the lease since."""
    row = connection.execute("SELECT token FROM leases WHERE name = ?", (lease.name,)).fetchone()
    if row is None or row[0] != lease.token:
        raise LeaseLostError(lease.name)


def release(connection: sqlite3.Connection, lease: Lease) -> None:
    """Let others have the lease, if it is still this one."""
    # The row stays: its token must never be given out again.
    connection.execute(
        "UPDATE leases SET expires_at = 0 WHERE name = ? AND token = ?", (lease.name, lease.token)
    )


def void(connection: sqlite3.Connection, name: str) -> None:
    """Take the lease from whoever has it; what they write from now on is refused."""
    connection.execute(
        "UPDATE leases SET token = token + 1, expires_at = 0 WHERE name = ?", (name,)
    )


def _end(now: datetime, ttl_s: float) -> int:
    return micros(now + timedelta(seconds=ttl_s))
