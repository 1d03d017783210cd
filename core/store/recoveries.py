"""Failures and how far their recovery is.

Functions of a connection: those that write are jobs for the writer, or parts of one; the others
are queries. What is decided and what follows from it (a letter, an audit entry, a run to watch)
is written in one transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..models import (
    AuditEntry,
    DeadLetter,
    ErrorFrame,
    Recovery,
    RecoveryState,
    Stretch,
    Submission,
)
from ..redact import Redactor
from . import audit, deadletters, leases, runs, submissions
from .codec import dump, fold, load, micros, moment, raw
from .leases import Lease

_OPEN = tuple(state.value for state in RecoveryState if not state.over)


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a recovery in one step, and what comes with it."""

    recovery: Recovery
    letter: DeadLetter | None = None
    entry: AuditEntry | None = None
    submission: Submission | None = None


def begin(
    connection: sqlite3.Connection, failure: str, turn: Turn, redactor: Redactor, *, leads: bool
) -> bool:
    """Keep a failure that was not known by this name; whether it was new.

    With `leads` what becomes of its run is told to this recovery from now on.
    """
    fields = _fields(turn.recovery, redactor)
    made = connection.execute(
        "INSERT OR IGNORE INTO recoveries (error_id, failure, state, due_at, folded, data) "
        "VALUES (:error_id, CAST(:failure AS TEXT), :state, :due_at, :folded, :data)",
        {**fields, "failure": raw(failure)},
    )
    if not made.rowcount:
        return False
    if leads:
        lead(connection, turn.recovery.action_id, turn.recovery.error_id)
    _follow_up(connection, turn, redactor)
    return True


def advance(
    connection: sqlite3.Connection, turn: Turn, redactor: Redactor, lease: Lease | None = None
) -> None:
    """Keep what became of a recovery. Raises LeaseLostError when `lease` was taken over."""
    if lease is not None:
        leases.check(connection, lease)
    connection.execute(
        "UPDATE recoveries SET state = :state, due_at = :due_at, folded = :folded, data = :data "
        "WHERE error_id = :error_id",
        _fields(turn.recovery, redactor),
    )
    _follow_up(connection, turn, redactor)


def claim(
    connection: sqlite3.Connection, now: datetime, ttl_s: float
) -> tuple[Recovery, Lease] | None:
    """The recovery that has been due the longest, with the lease on it; `None` if none is."""
    row = connection.execute(
        f"SELECT error_id, data FROM recoveries WHERE due_at <= ?1 AND {_FREE} "  # noqa: S608
        "ORDER BY due_at LIMIT 1",
        (micros(now),),
    ).fetchone()
    if row is None:
        return None
    lease = leases.take(connection, f"recovery {row[0]}", now, ttl_s)
    return None if lease is None else (_recovery(row[1]), lease)


def next_due(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """When the first recovery that nobody works on is due."""
    row = connection.execute(
        f"SELECT min(due_at) FROM recoveries WHERE due_at IS NOT NULL AND {_FREE}",  # noqa: S608
        (micros(now),),
    ).fetchone()
    return None if row[0] is None else moment(row[0])


_FREE = leases.unheld("recovery", "error_id")


def of_run(connection: sqlite3.Connection, run_id: str) -> Recovery | None:
    """The recovery to whose lineage the run belongs."""
    row = connection.execute(
        "SELECT data FROM recovery_runs JOIN recoveries ON id = recovery "
        "WHERE run_id = CAST(? AS TEXT)",
        (raw(run_id),),
    ).fetchone()
    return _recovery(row[0]) if row else None


def recovery(connection: sqlite3.Connection, error_id: str) -> Recovery | None:
    """The recovery of an error."""
    row = connection.execute(
        "SELECT data FROM recoveries WHERE error_id = ?", (error_id,)
    ).fetchone()
    return _recovery(row[0]) if row else None


def hurry(connection: sqlite3.Connection, run_id: str, now: datetime) -> bool:
    """Make a recovery due whose error code was waited for; whether there was one."""
    done = connection.execute(
        "UPDATE recoveries SET due_at = ? WHERE state = 'new' AND id = "
        "(SELECT recovery FROM recovery_runs WHERE run_id = CAST(? AS TEXT))",
        (micros(now), raw(run_id)),
    )
    return done.rowcount > 0


def watching(connection: sqlite3.Connection) -> list[str]:
    """The runs whose end some recovery waits for, of those that are watched."""
    rows = connection.execute(
        "SELECT data FROM recoveries WHERE state = 'watching' ORDER BY id"
    ).fetchall()
    watched = set(runs.watched(connection))
    return [run_id for (data,) in rows if (run_id := _recovery(data).run_id) in watched]


def stretch(
    connection: sqlite3.Connection, *, text: str, only_open: bool, before: int | None, limit: int
) -> Stretch[Recovery]:
    """Up to `limit` recoveries older than the mark `before`, newest first, that hold `text`."""
    where, values = ["TRUE"], {"text": fold(text), "before": before, "limit": limit + 1}
    if text:
        where.append("instr(folded, :text) > 0")
    if only_open:
        where.append(f"state IN ({', '.join(repr(state) for state in _OPEN)})")
    all_of = " AND ".join(where)
    rows = connection.execute(
        f"SELECT id, data FROM recoveries WHERE {all_of} "  # noqa: S608
        "AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
        values,
    ).fetchall()
    total = connection.execute(
        f"SELECT count(*) FROM recoveries WHERE {all_of}",  # noqa: S608
        values,
    ).fetchone()[0]
    return Stretch(
        items=tuple(_recovery(data) for _, data in rows[:limit]),
        more=rows[limit - 1][0] if len(rows) > limit else None,
        total=total,
    )


def lead(connection: sqlite3.Connection, run_id: str, error_id: str) -> None:
    """What becomes of a run is told to this recovery from now on, unless one has it already."""
    connection.execute(
        "INSERT OR IGNORE INTO recovery_runs "
        "SELECT CAST(? AS TEXT), id FROM recoveries WHERE error_id = ?",
        (raw(run_id), error_id),
    )


def _follow_up(connection: sqlite3.Connection, turn: Turn, redactor: Redactor) -> None:
    if turn.letter is not None:
        deadletters.put(connection, turn.letter, redactor)
    if turn.entry is not None:
        audit.add(connection, turn.entry, redactor)
    if turn.submission is not None:
        submissions.save_submission(connection, turn.submission, redactor)
        lead(connection, turn.submission.run_id, turn.recovery.error_id)
        runs.watch(connection, turn.submission.run_id)


def _fields(recovery: Recovery, redactor: Redactor) -> dict[str, Any]:
    data = recovery.model_dump()
    data["message"] = redactor.text(recovery.message)
    data["note"] = redactor.text(recovery.note)
    data["stack_trace_matrix"] = _masked_frames(recovery.stack_trace_matrix, redactor)
    for attempt in data["attempts"]:
        attempt["message"] = redactor.text(attempt["message"])
    words = (recovery.error_id, *recovery.lineage, recovery.error_code, recovery.state.value)
    directive = recovery.recovery_directive or ""
    return {
        "error_id": recovery.error_id,
        "state": recovery.state.value,
        "due_at": None if recovery.due_at is None else micros(recovery.due_at),
        "folded": fold(" ".join((*words, directive, data["message"]))),
        "data": dump(data),
    }


def _masked_frames(frames: tuple[ErrorFrame, ...], redactor: Redactor) -> list[dict[str, Any]]:
    """Frames as they are kept."""
    return [{**frame.model_dump(), "message": redactor.text(frame.message)} for frame in frames]


def _recovery(data: str) -> Recovery:
    return Recovery.model_validate(load(data))
