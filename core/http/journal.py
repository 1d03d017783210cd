"""Writing down a call with all its attempts while it goes on (contract §0, "Attempts")."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..models import Attempt, Call, CallState, WaitReason
from ..redact import REDACTOR
from .request import Request


class Journal:
    """One call as it grows; every change is handed on whole through `record`."""

    def __init__(self, request: Request, url: str, record: Callable[[Call], None]) -> None:
        self._record = record
        self._trace = secrets.token_hex(16)
        self.call = Call(
            call_id=str(uuid.uuid4()),
            operation=request.operation,
            method=request.method.upper(),
            url=REDACTOR.url(url),
            run_id=request.run_id,
            started_at=datetime.now(UTC),
        )

    @property
    def call_id(self) -> str:
        """Finds the call in the store."""
        return self.call.call_id

    @property
    def next_number(self) -> int:
        """The number of the attempt that comes next, from 1."""
        return len(self.call.attempts) + 1

    def traceparent(self) -> str:
        """A W3C trace context for one attempt: the call is the trace, the attempt the span."""
        return f"00-{self._trace}-{secrets.token_hex(8)}-01"

    def tried(self, attempt: Attempt) -> None:
        """Write down a finished attempt; it is handed on with what follows from it."""
        self.call = self.call.model_copy(update={"attempts": (*self.call.attempts, attempt)})

    def waits(self, wait_s: float, reason: WaitReason) -> None:
        """The call waits before its next attempt."""
        *before, last = self.call.attempts
        last = last.model_copy(update={"wait_s": wait_s, "wait_reason": reason})
        self._change(
            attempts=(*before, last),
            state=CallState.WAITING,
            next_attempt_at=datetime.now(UTC) + timedelta(seconds=wait_s),
        )

    def goes_on(self) -> None:
        """The call is on its way again."""
        self._change(state=CallState.RUNNING, next_attempt_at=None)

    def ended(self, state: CallState, gave_up: str = "") -> None:
        """The call is over."""
        self._change(state=state, next_attempt_at=None, gave_up=gave_up)

    def _change(self, **update: object) -> None:
        self.call = self.call.model_copy(update=update)
        self._record(self.call)
