"""What becomes of what failed: recoveries, dead letters, the audit log (contract §5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from ..states import AuditEvent, Directive, LetterState, RecoveryState, Resolution
from .base import Model

T = TypeVar("T")

RATE_LIMIT_EXHAUSTED = "RATE_LIMIT_EXHAUSTED"
"""The code of a run whose polls are still throttled after the last retry."""


class ErrorFrame(Model):
    """One line of a stack trace, numbered from 0 as the trace tells them.

    `line` is `None` and the texts are empty where the trace does not say.
    """

    frame_index: int
    function: str = ""
    file: str = ""
    line: int | None = None
    message: str = ""


class RetryAttempt(Model):
    """Attempt `number`, from 1, at recovering a run.

    `retry_of` is the run that it tries again. A run that cxtop submitted gets a new `run_id`
    (`None` until the platform has told it) under the `idempotency_key`, which comes from that of
    the first submission; one that is only watched is asked for again and keeps its id.
    `outcome` is the error code or status that it ended with, `COMPLETED` when it went well.
    """

    number: int
    retry_of: str
    at: datetime
    idempotency_key: str = ""
    run_id: str | None = None
    outcome: str = ""
    message: str = ""
    ended_at: datetime | None = None


class Recovery(Model):
    """A failure and what was done about it. `payload` is the error as contract §5 tells it.

    `action_id` is the run that failed first; code, message and frames are of its last failure.
    `submitted` says that cxtop submitted it, so that it can be submitted again. `due_at` is when
    something is done next. `note` says in a sentence how it stands.
    """

    error_id: str
    action_id: str
    status_code: int | None = None
    error_code: str = ""
    message: str = ""
    stack_trace_matrix: tuple[ErrorFrame, ...] = ()
    recovery_directive: Directive | None = None
    retry_count: int = 0
    max_retries: int = 5
    created_at: datetime
    resolved_at: datetime | None = None
    state: RecoveryState = RecoveryState.NEW
    submitted: bool = False
    attempts: tuple[RetryAttempt, ...] = ()
    failures: int = 0
    due_at: datetime | None = None
    note: str = ""

    @property
    def run_id(self) -> str:
        """The run that is the newest of the lineage."""
        known = [attempt.run_id for attempt in self.attempts if attempt.run_id]
        return known[-1] if known else self.action_id

    @property
    def lineage(self) -> tuple[str, ...]:
        """The runs from the first to the newest, each a retry of the one before."""
        runs = (attempt.run_id for attempt in self.attempts if attempt.run_id)
        return tuple(dict.fromkeys((self.action_id, *runs)))

    @property
    def retry_of(self) -> str | None:
        """The run that the newest one tries again; `None` when it is the first."""
        lineage = self.lineage
        return lineage[-2] if len(lineage) > 1 else None

    def payload(self) -> dict[str, Any]:
        """The error payload of contract §5, as JSON."""
        return self.model_dump(mode="json", include=set(_PAYLOAD))


_PAYLOAD = (
    "error_id",
    "action_id",
    "status_code",
    "error_code",
    "message",
    "stack_trace_matrix",
    "recovery_directive",
    "retry_count",
    "max_retries",
    "created_at",
    "resolved_at",
)


class DeadLetter(Model):
    """A failure that nothing recovered, on its way to the webhook.

    `retry_exhausted` says that retries were made and used up. `attempts` counts deliveries that
    were tried, `next_at` is when the next one is due (`None`: as soon as there is a webhook), and
    `last_answer` is what came of the last one, in words. `reason` is why it was discarded, and
    `settled_at` when it was delivered or discarded.
    """

    error_id: str
    action_id: str
    error_code: str
    message: str = ""
    retry_exhausted: bool = False
    stack_trace: tuple[ErrorFrame, ...] = ()
    timestamp: datetime
    state: LetterState = LetterState.WAITING
    attempts: int = 0
    next_at: datetime | None = None
    last_answer: str = ""
    last_at: datetime | None = None
    settled_at: datetime | None = None
    reason: str = ""

    def payload(self) -> dict[str, Any]:
        """What is posted to the webhook (contract §5)."""
        return self.model_dump(mode="json", include=set(_LETTER))


_LETTER = (
    "error_id",
    "action_id",
    "error_code",
    "message",
    "retry_exhausted",
    "stack_trace",
    "timestamp",
)


class AuditEntry(Model):
    """One line of the audit log, which nothing changes or removes (contract §5).

    `latency_seconds` is from the failure to the event. `detail` is what else is to be said, such
    as the reason of a discard.
    """

    event_type: AuditEvent = AuditEvent.HANDLED
    error_id: str
    action_id: str
    error_code: str
    recovery_directive: Directive
    retry_count: int
    max_retries: int
    latency_seconds: float
    resolved_at: datetime
    resolution_rate: Resolution
    detail: str = ""

    def payload(self) -> dict[str, Any]:
        """The entry as contract §5 has it; with `detail` where there is any."""
        leave_out = set() if self.detail else {"detail"}
        return self.model_dump(mode="json", exclude=leave_out)


class Submission(Model):
    """A run that cxtop submitted: `body` as it went to the platform, and its key.

    `whole` says that the body can be sent again as it is; one that held secrets was masked when
    it was kept, and cannot. `retry_of` is the run that it tries again.
    """

    run_id: str
    idempotency_key: str
    body: Any = None
    whole: bool = True
    submitted_at: datetime
    retry_of: str | None = None


class Stretch(Model, Generic[T]):
    """A part of a long list, newest first; `more` is where the next one begins, if there is one.

    `total` counts all that match.
    """

    items: tuple[T, ...]
    more: int | None
    total: int
