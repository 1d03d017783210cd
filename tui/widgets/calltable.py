"""How a call to the platform looks as a row."""

from __future__ import annotations

from ...core.models import Call, CallState
from .. import words
from ..ink import Line, Tone
from .columns import Column


def outcome_of(call: Call) -> tuple[str, Tone]:
    """How the call stands, in a sign and a word."""
    last = call.attempts[-1] if call.attempts else None
    match call.state:
        case CallState.DONE:
            return f"✔ {last.outcome if last else 'done'}", "good"
        case CallState.FAILED:
            return f"✖ {last.outcome if last else 'failed'}", "bad"
        case CallState.WAITING:
            return f"◷ waiting after {last.outcome if last else '?'}", "warn"
        case CallState.CANCELLED:
            return "■ cancelled", "dim"
        case CallState.RUNNING:
            return "▶ asking", "busy"


def _started(call: Call, _width: int) -> Line:
    return ((words.clock(call.started_at), "dim"),)


def _operation(call: Call, _width: int) -> Line:
    return ((call.operation, ""),)


def _outcome(call: Call, _width: int) -> Line:
    return (outcome_of(call),)


def _attempts(call: Call, _width: int) -> Line:
    count = len(call.attempts)
    return ((words.amount(count), "warn" if count > 1 else "dim"),)


def _took(call: Call, _width: int) -> Line:
    if not call.attempts:
        return ((words.NOTHING, "dim"),)
    last = call.attempts[-1]
    ran = (last.started_at - call.started_at).total_seconds() + last.duration_ms / 1000
    return ((words.span(ran), ""),)


def _waits(call: Call, _width: int) -> Line:
    waits = [
        f"{attempt.wait_reason} {words.span(attempt.wait_s)}"
        for attempt in call.attempts
        if attempt.wait_s is not None
    ]
    reason = [call.gave_up] if call.gave_up else []
    return ((" · ".join(waits + reason), "dim"),)


def _correlation(call: Call, _width: int) -> Line:
    ids = [attempt.correlation_id for attempt in call.attempts if attempt.correlation_id]
    return ((ids[-1] if ids else "", "dim"),)


CALL_COLUMNS: tuple[Column[Call], ...] = (
    Column("started", "STARTED", 8, _started),
    Column("operation", "CALL", 12, _operation, flex=1, widest=24),
    Column("outcome", "OUTCOME", 14, _outcome, flex=1, widest=26),
    Column("attempts", "TRIES", 5, _attempts, right=True),
    Column("took", "TOOK", 8, _took, right=True),
    Column("waits", "WAITED FOR", 20, _waits, flex=3, drop=1),
    Column("correlation", "CORRELATION ID", 36, _correlation, drop=2),
)
