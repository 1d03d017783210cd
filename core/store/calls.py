"""Calls to the platform, each with all its attempts.

Functions of a connection: `save_call` is a job for the writer, `call` and `calls` are queries.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from ..models import Attempt, Call, CallState
from ..redact import Redactor
from .codec import dump, load, micros, raw
from .runs import key_of, make_key


def save_call(connection: sqlite3.Connection, call: Call, redactor: Redactor) -> None:
    """Keep `call` as it is now, with all its attempts, in place of what was kept of it."""
    run = None if call.run_id is None else make_key(connection, call.run_id)
    retried = len(call.attempts) > 1 or call.state is CallState.WAITING or _tries_again(call)
    connection.execute(
        "INSERT INTO calls (call_id, run, started_at, retried, data) "
        "VALUES (CAST(? AS TEXT), ?, ?, ?, ?) ON CONFLICT (call_id) DO UPDATE SET "
        "run = excluded.run, started_at = excluded.started_at, "
        "retried = excluded.retried, data = excluded.data",
        (raw(call.call_id), run, micros(call.started_at), retried, dump(_masked(call, redactor))),
    )


def call(connection: sqlite3.Connection, call_id: str) -> Call | None:
    """The call with this id as it was last kept."""
    found = connection.execute(
        "SELECT data FROM calls WHERE call_id = CAST(? AS TEXT)", (raw(call_id),)
    ).fetchone()
    return None if found is None else Call.model_validate(load(found[0]))


def calls(
    connection: sqlite3.Connection,
    *,
    run_id: str | None,
    retried: bool,
    limit: int,
    before: str | None,
) -> list[Call]:
    """The newest calls first; see `Store.calls`."""
    where, values = ["TRUE"], []
    if run_id is not None:
        where.append("run = ?")
        values.append(key_of(connection, run_id))
    if retried:
        where.append("retried")
    if before is not None:
        where.append(
            "(started_at, id) < (SELECT started_at, id FROM calls WHERE call_id = CAST(? AS TEXT))"
        )
        values.append(raw(before))
    rows = connection.execute(
        f"SELECT data FROM calls WHERE {' AND '.join(where)} "  # noqa: S608
        "ORDER BY started_at DESC, id DESC LIMIT ?",
        (*values, limit),
    )
    return [Call.model_validate(load(data)) for (data,) in rows]


def _tries_again(call: Call) -> bool:
    """Whether the second attempt is under way: then only the first is there, with its wait."""
    waited = any(attempt.wait_s is not None for attempt in call.attempts)
    return call.state is CallState.RUNNING and waited


def _masked(call: Call, redactor: Redactor) -> dict[str, Any]:
    fields = call.model_dump(exclude={"attempts"})
    fields["url"] = redactor.url(call.url)
    fields["gave_up"] = redactor.text(call.gave_up)
    fields["attempts"] = [_masked_attempt(attempt, redactor) for attempt in call.attempts]
    return fields


def _masked_attempt(attempt: Attempt, redactor: Redactor) -> dict[str, Any]:
    fields = attempt.model_dump()
    fields["detail"] = redactor.text(attempt.detail)
    fields["outcome"] = redactor.text(attempt.outcome)
    fields["rate_limit"] = dict(redactor.headers(attempt.rate_limit))
    return fields
