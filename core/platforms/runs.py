"""A run out of the fields that both dialects share (contract §1 and §2, run status)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ..models import ActionRun, RecordError, RunStatus
from .reading import Fields, UnreadableError, as_number, as_text

UNKNOWN_ERROR = "UNKNOWN_ERROR"
"""The code of a failed record that names none."""

RUN_FIELDS = frozenset(
    {
        "status",
        "progress",
        "processedCount",
        "totalCount",
        "errorCount",
        "warningCount",
        "createdTimestamp",
        "updatedTimestamp",
    }
)


def require(body: dict[str, Any], fields: Iterable[str], what: str) -> None:
    """Raises UnreadableError when not one of the `fields` of `what` is in `body`."""
    if body.keys().isdisjoint(fields):
        names = ", ".join(sorted(body)[:8]) or "none at all"
        raise UnreadableError(f"It has no field of {what}. Its fields: {names[:300]}.")


def read_run(body: dict[str, Any], *, run_id: str, platform: str, id_field: str) -> ActionRun:
    """The run that `body` describes, seen now.

    Its id is the one that was asked for; another one in the answer stays in `extra`, and so
    does every field that is unknown or of a wrong type.
    """
    fields = Fields(body)
    if as_text(fields.rest.get(id_field)) == run_id:
        fields.take(id_field)
    word = fields.take("status")
    raw_progress = fields.take("progress")
    processed, total = fields.count("processedCount"), fields.count("totalCount")
    return ActionRun(
        run_id=run_id,
        platform=platform,
        status=RunStatus.from_word(word),
        raw_status=as_text(word),
        name=fields.text("name"),
        progress=share(raw_progress, processed, total),
        raw_progress=raw_progress,
        processed=processed,
        total=total,
        errors=fields.count("errorCount"),
        warnings=fields.count("warningCount"),
        created_at=fields.moment("createdTimestamp"),
        updated_at=fields.moment("updatedTimestamp"),
        polled_at=datetime.now(UTC),
        extra=fields.rest,
        raw=body,
    )


def share(raw: Any, processed: int | None, total: int | None) -> float | None:
    """The progress from 0 to 1: as said, else processed of total, else unknown."""
    said = as_number(raw)
    if said is None and processed is not None and total:
        said = processed / total
    return None if said is None else min(1.0, max(0.0, said))


def fieldless_record(run_id: str, record_id: str, entry: Any) -> RecordError:
    """The failed record of an entry that is no object: all of it is the message."""
    return RecordError(
        run_id=run_id,
        record_id=record_id,
        code=UNKNOWN_ERROR,
        message=as_text(entry),
        record=entry,
    )
