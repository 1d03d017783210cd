"""The runs that cxtop submitted, so that one that fails can be submitted again.

Functions of a connection: `save_submission` is a job for the writer, `submission` a query.
"""

from __future__ import annotations

import json
import sqlite3

from ..models import Submission
from ..redact import Redactor
from .codec import load, micros, moment, raw


def save_submission(
    connection: sqlite3.Connection, submission: Submission, redactor: Redactor
) -> bool:
    """Keep a submission, once; whether its body can be sent again as it is.

    A body that holds secrets is not kept: masked, it would be another one.
    """
    masked = redactor.json(submission.body)
    whole = submission.whole and masked == submission.body
    connection.execute(
        "INSERT OR IGNORE INTO submissions VALUES (CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))",
        (
            raw(submission.run_id),
            submission.idempotency_key,
            json.dumps(submission.body, separators=(",", ":")) if whole else None,
            micros(submission.submitted_at),
            None if submission.retry_of is None else raw(submission.retry_of),
        ),
    )
    return whole


def submission(connection: sqlite3.Connection, run_id: str) -> Submission | None:
    """How a run was submitted; `None` when cxtop did not submit it."""
    row = connection.execute(
        "SELECT run_id, idempotency_key, body, submitted_at, retry_of FROM submissions "
        "WHERE run_id = CAST(? AS TEXT)",
        (raw(run_id),),
    ).fetchone()
    if row is None:
        return None
    return Submission(
        run_id=row[0],
        idempotency_key=row[1],
        body=None if row[2] is None else load(row[2]),
        whole=row[2] is not None,
        submitted_at=moment(row[3]),
        retry_of=row[4],
    )
