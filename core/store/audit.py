"""The audit log, to which is only ever added (contract §5).

Functions of a connection: `add` is part of a job for the writer, `audit_stretch` a query.
"""

from __future__ import annotations

import sqlite3

from ..models import AuditEntry, Stretch
from ..redact import Redactor
from .codec import dump, fold, load


def add(connection: sqlite3.Connection, entry: AuditEntry, redactor: Redactor) -> None:
    """Write one entry; of one error, that it was handled is written once."""
    data = entry.model_dump(mode="json")
    data["detail"] = redactor.text(entry.detail)
    words = (entry.event_type, entry.action_id, entry.error_id, entry.error_code, entry.detail)
    told = (*words, entry.recovery_directive, entry.resolution_rate)
    connection.execute(
        "INSERT OR IGNORE INTO audit (error_id, event_type, folded, data) VALUES (?, ?, ?, ?)",
        (
            entry.error_id,
            entry.event_type.value,
            fold(redactor.text(" ".join(told))),
            dump(data),
        ),
    )


def audit_stretch(
    connection: sqlite3.Connection, *, text: str, before: int | None, limit: int
) -> Stretch[AuditEntry]:
    """Up to `limit` entries older than the mark `before`, newest first, that hold `text`."""
    where = "TRUE" if not text else "instr(folded, ?1) > 0"
    given = (fold(text), before, limit + 1)
    rows = connection.execute(
        f"SELECT id, data FROM audit WHERE {where} AND (?2 IS NULL OR id < ?2) "  # noqa: S608
        "ORDER BY id DESC LIMIT ?3",
        given,
    ).fetchall()
    total = connection.execute(
        f"SELECT count(*) FROM audit WHERE {where}",  # noqa: S608
        given[:1] if text else (),
    ).fetchone()[0]
    items = tuple(AuditEntry.model_validate(load(data)) for _, data in rows[:limit])
    return Stretch(items=items, more=rows[limit - 1][0] if len(rows) > limit else None, total=total)
