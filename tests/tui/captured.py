"""Exchanges that look the same each time, for the screens that show them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.models import (
    Body,
    BodyKind,
    Exchange,
    FlowTrace,
    Outcome,
    RequestIdSource,
    StepStatus,
    TraceStep,
    UpstreamAttempt,
    WaitReason,
)

from .stage import HOSTILE, NOW

EXECUTION = "7d0c0000-1111-2222-3333-444455556691"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>"


def json_body(value: Any) -> Body:
    return Body(
        kind=BodyKind.JSON, content_type="application/json", size=len(str(value)), value=value
    )


def text_body(text: str, content_type: str = "text/html") -> Body:
    return Body(kind=BodyKind.TEXT, content_type=content_type, size=len(text), value=text)


ANSWERS: tuple[tuple[int | None, Body, Outcome, str], ...] = (
    (200, json_body({"success": True, "data": {"tier": "gold", "points": 1200}}), Outcome.OK, ""),
    (200, text_body(PAGE), Outcome.NOT_JSON, ""),
    (200, json_body({"success": True, "data": {"tier": "gold", "points": "1200"}}), Outcome.OK, ""),
    (500, json_body({"error": "internal_processing_error"}), Outcome.EXCEPTION, ""),
    (
        200,
        json_body({"success": False, "error": {"code": "UPSTREAM_TIMEOUT", "message": HOSTILE}}),
        Outcome.ACTION_ERRORS,
        "UPSTREAM_TIMEOUT",
    ),
    (429, json_body({"message": "slow down"}), Outcome.RATE_LIMITED, ""),
    (None, Body(), Outcome.DISCONNECTED, ""),
    (200, Body(), Outcome.EMPTY_BODY, ""),
)


def exchange(number: int) -> Exchange:
    status, response, outcome, code = ANSWERS[number % len(ANSWERS)]
    at = NOW - timedelta(seconds=200 - number)
    return Exchange(
        id=f"0000{number:04}-aaaa-4bbb-8ccc-dddddddddddd",
        at=at,
        service="crm-gateway",
        request_id=f"5f3a{number:04}-1111-4222-8333-444444444c21",
        request_id_source=RequestIdSource.HEADER,
        flow_execution_id=EXECUTION,
        conversation_id="conv-1",
        method="POST",
        url="http://127.0.0.1:8000/dataaction/webhook?try=1",
        route="/dataaction/webhook",
        action="assist",
        status=status,
        duration_ms=20.0 + 7 * (number % 13),
        outcome=outcome,
        code=code,
        request_headers=(
            ("content-type", "application/json"),
            ("authorization", "Bearer [redacted]"),
        ),
        request=json_body(
            {
                "flowExecutionId": EXECUTION,
                "variables": {"customer_id": f"c-{number}", "amount": 129.9},
            }
        ),
        response_headers=(("content-type", response.content_type or "text/plain"),),
        response=response,
    )


def tried(number: int) -> Exchange:
    """An exchange whose handler had to ask its upstream three times."""
    began = exchange(number).at

    def attempt(place: int, at_s: float, outcome: int, **fields: Any) -> UpstreamAttempt:
        return UpstreamAttempt(
            number=place,
            method="GET",
            url="https://erp.example/stock?sku=LAMP-7",
            started_at=began + timedelta(seconds=at_s),
            duration_ms=90.0,
            outcome=str(outcome),
            status=outcome,
            **fields,
        )

    return exchange(number).model_copy(
        update={
            "service": "inventory",
            "attempts": (
                attempt(
                    1,
                    0.01,
                    429,
                    wait_s=2,
                    wait_reason=WaitReason.RETRY_AFTER,
                    rate_limit={"retry-after": "2"},
                ),
                attempt(2, 2.1, 503, wait_s=0.7, wait_reason=WaitReason.BACKOFF),
                attempt(3, 2.9, 200, correlation_id="erp-77"),
            ),
        }
    )


def log_of(folder: Path, count: int) -> Path:
    """A capture log with the first `count` exchanges."""
    path = folder / "crm-gateway-1.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    append(path, 0, count)
    return path


def append(path: Path, first: int, count: int) -> None:
    """What a service would write next."""
    with path.open("ab") as log:
        for number in itertools.islice(itertools.count(first), count):
            log.write(encode(exchange(number)))


def trace(execution_id: str) -> FlowTrace:
    began = NOW - timedelta(seconds=200)

    def step(number: int, name: str, status: StepStatus, seconds: float, **rest: Any) -> TraceStep:
        start = began + timedelta(seconds=number)
        return TraceStep(
            step_id=f"s{number}",
            name=name,
            status=status,
            raw_status=status.value,
            started_at=start,
            ended_at=start + timedelta(seconds=seconds),
            **rest,
        )

    return FlowTrace(
        execution_id=execution_id,
        flow_name="Main IVR",
        status="FAILED",
        fetched_at=NOW,
        steps=(
            step(0, "Greeting", StepStatus.DONE, 0.4),
            step(
                1, "Call CRM action", StepStatus.FAILED, 1.3, message="Remote endpoint answered 502"
            ),
            TraceStep(step_id="s2", name="Transfer", status=StepStatus.SKIPPED),
        ),
    )
