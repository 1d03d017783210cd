"""Captured HTTP exchanges, and what an answer really was (contract §4 and §6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ..states import BodyKind, Outcome, RequestIdSource, StepStatus
from .base import Model
from .calls import UpstreamAttempt


class Body(Model):
    """One side's payload. `size` is in bytes as they went over the wire, also when truncated.

    `value` is any JSON value for `JSON`, else a string; wrong UTF-8 stands as U+FFFD.
    """

    kind: BodyKind = BodyKind.NONE
    content_type: str = ""
    size: int = 0
    value: Any = None
    truncated: bool = False


class Frame(Model):
    """One frame of a stack trace, outermost first."""

    function: str
    file: str = ""
    line: int | None = None


class Failure(Model):
    """An exception that the service raised and did not handle, or that its handler kit caught."""

    type: str
    message: str = ""
    frames: tuple[Frame, ...] = ()


class Diagnosis(Model):
    """What an answer really is: a sentence, what to do about it, and what was found where.

    `result` is the usable part of the answer, as far as there is one. `findings` are
    `(place, sentence)`, a place being a JSON path or `line 3, column 7`. `code` is the error
    code that the answer itself bears. A result may be a token, so it is not in the `repr`.
    """

    outcome: Outcome
    message: str
    hint: str = ""
    code: str = ""
    findings: tuple[tuple[str, str], ...] = ()
    result: Any = Field(default=None, repr=False)

    @property
    def further(self) -> tuple[tuple[str, str], ...]:
        """The findings, without a single one that the message has told in full."""
        told = len(self.findings) == 1 and self.findings[0][1].rstrip(".") in self.message
        return () if told else self.findings


class Exchange(Model):
    """One request and its answer as a service saw them (contract §6).

    `at` is when the request began; `duration_ms` is until the last byte of the answer.
    `service` names who captured it. `status` is `None` when there was no answer. `code` is
    the error code in the answer. Headers are as they came, in order, names in lower case.
    `attempts` are the tries of the calls that a handler made to its upstreams meanwhile.
    """

    id: str
    at: datetime
    service: str = ""
    request_id: str = ""
    request_id_source: RequestIdSource = RequestIdSource.GENERATED
    flow_execution_id: str = ""
    conversation_id: str = ""
    traceparent: str = ""
    method: str = ""
    url: str = ""
    route: str = ""
    action: str = ""
    status: int | None = None
    duration_ms: float | None = None
    outcome: Outcome = Outcome.OK
    code: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    request: Body = Body()
    response_headers: tuple[tuple[str, str], ...] = ()
    response: Body = Body()
    failure: Failure | None = None
    attempts: tuple[UpstreamAttempt, ...] = ()

    @property
    def trace_id(self) -> str:
        """The trace id within `traceparent` (W3C), or nothing."""
        parts = self.traceparent.split("-")
        return parts[1] if len(parts) == 4 and len(parts[1]) == 32 else ""


class TraceStep(Model):
    """One step of a flow's execution, as the platform tells it."""

    step_id: str
    name: str
    status: StepStatus
    raw_status: str = ""
    message: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    request: Any = None
    response: Any = None
    extra: dict[str, Any] = {}


class FlowTrace(Model):
    """A flow's execution (contract §1). `steps` may be empty: some platforms tell none."""

    execution_id: str
    flow_id: str = ""
    flow_name: str = ""
    status: str = ""
    steps: tuple[TraceStep, ...] = ()
    fetched_at: datetime
    extra: dict[str, Any] = {}
