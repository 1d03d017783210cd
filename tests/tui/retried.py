"""Retried calls that look the same each time, for the screens that draw them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from cxtop.core.models import Attempt, Call, CallState, WaitReason
from cxtop.core.store import Store

from .stage import HOSTILE, NOW, prepared

BACKOFF, RETRY_AFTER = WaitReason.BACKOFF, WaitReason.RETRY_AFTER


def attempt(number: int, at_s: float, ms: float, outcome: int | str, **fields: Any) -> Attempt:
    """An attempt `at_s` seconds before (below 0) or after NOW."""
    status = outcome if isinstance(outcome, int) else None
    return Attempt(
        number=number,
        started_at=NOW + timedelta(seconds=at_s),
        duration_ms=ms,
        outcome=str(outcome),
        status=status,
        request_id=f"req-{number}",
        **fields,
    )


def call(call_id: str, attempts: tuple[Attempt, ...], **fields: Any) -> Call:
    values: dict[str, Any] = {
        "operation": "run status",
        "method": "GET",
        "url": f"https://api.example/api/v2/data-actions/{call_id}/status",
        "run_id": call_id,
        "started_at": attempts[0].started_at,
        "state": CallState.DONE,
        "attempts": attempts,
    }
    return Call(call_id=call_id, **(values | fields))


LIMITS = {
    "inin-ratelimit-count": "300",
    "inin-ratelimit-allowed": "300",
    "inin-ratelimit-reset": "7",
    "retry-after": "7",
}

WAITING = call(
    "loyalty-sync",
    (
        attempt(
            1,
            -8.88,
            212,
            429,
            wait_s=2,
            wait_reason=RETRY_AFTER,
            detail="Rate limit exceeded the maximum [300] requests within [60] seconds",
            rate_limit=LIMITS | {"retry-after": "2", "inin-ratelimit-reset": "9"},
            correlation_id="3f6a0c9e-7a11-4a52-9d3b-000000000001",
        ),
        attempt(
            2,
            -6.6,
            780,
            503,
            wait_s=1.4,
            wait_reason=BACKOFF,
            detail=HOSTILE,
            correlation_id="3f6a0c9e-7a11-4a52-9d3b-000000000002",
        ),
        attempt(
            3,
            -4.4,
            240,
            429,
            wait_s=8.36,
            wait_reason=RETRY_AFTER,
            detail="Rate limit exceeded the maximum [300] requests within [60] seconds",
            rate_limit=LIMITS,
            correlation_id="3f6a0c9e-7a11-4a52-9d3b-000000000003",
        ),
    ),
    state=CallState.WAITING,
    next_attempt_at=NOW + timedelta(seconds=4.2),
)

CALLS = (
    call(
        "survey-push",
        tuple(
            attempt(
                number,
                -400 + at_s,
                ms,
                outcome,
                wait_s=wait_s,
                wait_reason=BACKOFF if wait_s else None,
                detail="After 15 s no answer had come." if outcome == "ReadTimeout" else "",
            )
            for number, at_s, ms, outcome, wait_s in (
                (1, 0, 15_000, "ReadTimeout", 0.8),
                (2, 15.9, 15_000, "ReadTimeout", 1.7),
                (3, 32.7, 90, "ConnectError", 3.1),
                (4, 35.9, 110, 502, 6.2),
                (5, 42.3, 130, 502, None),
            )
        ),
        operation="run results",
        state=CallState.FAILED,
        gave_up="Attempt 5 of 5 failed too.",
    ),
    call(
        "gdpr-erasure-0412",
        (
            attempt(1, -60, 180, 401, detail="The token has expired."),
            attempt(2, -59.7, 95, 200, correlation_id="9c1d"),
        ),
    ),
    call(
        HOSTILE,
        (attempt(1, -20, 40, HOSTILE, wait_s=0.3, wait_reason=BACKOFF, detail=HOSTILE),),
        operation=HOSTILE,
        state=CallState.RUNNING,
    ),
    WAITING,
)


async def retried(folder: Path) -> None:
    """The store of the stage, with these calls in it."""
    path = folder / "store.sqlite3"
    await prepared(path)
    async with await Store.open(path) as store:
        for one in CALLS:
            await store.save_call(one)
