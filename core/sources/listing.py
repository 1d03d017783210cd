"""An exchange as a list shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..models.exchanges import Outcome
from ..store.filter.tree import EPOCH, path_of, trace_id
from ..store.finding import IndexRow
from .payloads import Absent, Brief, Missing


@dataclass(frozen=True, slots=True)
class Listed:
    """One row: what the index knows of an exchange, and the head of its line.

    `number` is the row's number: it never changes, and newer rows have higher ones. `missing`
    tells why the line is not to be had; then ids, URL and sizes are empty. Sizes are those of the
    bodies, in bytes; `length` is that of the line. `at` is in UTC.
    """

    number: int
    at: datetime
    method: str
    path: str
    status: int | None
    duration_ms: float | None
    outcome: Outcome
    code: str
    action: str
    route: str
    service: str
    length: int
    missing: Missing | None = None
    id: str = ""
    request_id: str = ""
    request_id_source: str = ""
    flow_execution_id: str = ""
    conversation_id: str = ""
    traceparent: str = ""
    url: str = ""
    request_size: int = 0
    response_size: int = 0

    @property
    def trace_id(self) -> str:
        """The trace id within `traceparent` (W3C), or nothing."""
        return trace_id(self.traceparent)


def listed(row: IndexRow, brief: Brief | Absent) -> Listed:
    """The row as a list shows it."""
    shape = row.shape
    if isinstance(brief, Absent):
        return Listed(
            number=row.row,
            at=EPOCH + timedelta(milliseconds=row.at),
            method=shape.method,
            path=row.path or "",
            status=shape.status,
            duration_ms=None if row.took is None else row.took / 1000,
            outcome=Outcome(shape.outcome) if shape.outcome else Outcome.OK,
            code=shape.code,
            action=shape.action,
            route=shape.route,
            service=shape.service if shape.shape else "",
            length=row.length,
            missing=brief.state,
        )
    return Listed(
        number=row.row,
        at=brief.at,
        method=brief.method,
        path=path_of(brief.url),
        status=brief.status,
        duration_ms=brief.duration_ms,
        outcome=brief.outcome,
        code=brief.code,
        action=brief.action,
        route=brief.route,
        service=brief.service,
        length=row.length,
        id=brief.id,
        request_id=brief.request_id,
        request_id_source=brief.request_id_source.value,
        flow_execution_id=brief.flow_execution_id,
        conversation_id=brief.conversation_id,
        traceparent=brief.traceparent,
        url=brief.url,
        request_size=0 if brief.request is None else brief.request.size,
        response_size=0 if brief.response is None else brief.response.size,
    )
