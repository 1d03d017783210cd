"""Traces of flows that are over, so that the platform is asked for each once.

Functions of a connection: `save_trace` is a job for the writer, `trace` a query.
"""

from __future__ import annotations

import sqlite3

from ..models import FlowTrace
from ..redact import Redactor
from .codec import dump, load, micros, raw

TRACES = """
CREATE TABLE traces (
    trace INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL UNIQUE,
    fetched_at INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX traces_by_age ON traces (fetched_at);
"""


def save_trace(connection: sqlite3.Connection, trace: FlowTrace, redactor: Redactor) -> None:
    """Keep `trace` in place of what was kept of that execution."""
    data = redactor.json(trace.model_dump(mode="json"))
    # What it is found by must stay as it is, whatever it looks like.
    data["execution_id"] = trace.execution_id
    connection.execute(
        "INSERT INTO traces (execution_id, fetched_at, data) VALUES (CAST(? AS TEXT), ?, ?) "
        "ON CONFLICT (execution_id) DO UPDATE SET fetched_at = excluded.fetched_at, "
        "data = excluded.data",
        (raw(trace.execution_id), micros(trace.fetched_at), dump(data)),
    )


def trace(connection: sqlite3.Connection, execution_id: str) -> FlowTrace | None:
    """The trace of an execution as it was kept."""
    found = connection.execute(
        "SELECT data FROM traces WHERE execution_id = CAST(? AS TEXT)", (raw(execution_id),)
    ).fetchone()
    return None if found is None else FlowTrace.model_validate(load(found[0]))
