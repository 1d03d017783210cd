"""Capture logs as a service would have written them, for the benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cxtop.core.capture.record import BodyPart, Line, encode
from cxtop.core.models.exchanges import BodyKind, Outcome

START = datetime(2026, 3, 1, tzinfo=UTC)
CODES = ("UPSTREAM_TIMEOUT", "RATE_LIMIT_EXCEEDED", "INVALID_INPUT_FORMAT", "NO_SUCH_CUSTOMER")
MARKED = 4999
"""Every so many exchanges one has a rare phrase in its answer."""

_HEADERS = (
    ("host", "crm.example:8080"),
    ("user-agent", "PureCloud-DataAction/1.0"),
    ("accept", "application/json"),
    ("content-type", "application/json"),
    ("authorization", "Bearer [redacted]"),
)


def uuid_of(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def exchanges(count: int, *, first: int = 0, seed: int = 1) -> Iterator[Line]:
    """Exchanges of a service with a few routes; one in 20 fails. About 1.7 KB each as a line."""
    chance = random.Random(seed)
    conversation, flow = uuid_of(chance), uuid_of(chance)
    at = START + timedelta(milliseconds=10 * first)
    for number in range(first, first + count):
        at += timedelta(microseconds=chance.randrange(500, 20_000))
        if number % 3 == 0:
            conversation, flow = uuid_of(chance), uuid_of(chance)
        failed = chance.random() < 0.05
        code = chance.choice(CODES) if failed else ""
        request = {
            "flowExecutionId": flow,
            "conversationId": conversation,
            "variables": {f"field{n}": f"value number {n * number % 977}" for n in range(12)},
            "metadata": {"actionId": f"custom_-_{number % 9}", "attempt": 1},
        }
        answer = (
            {"success": False, "error": {"code": code, "message": "the deadline was exceeded"}}
            if failed
            else {"success": True, "data": {f"answer{n}": f"found {n}" for n in range(10)}}
        )
        if number % MARKED == 0:
            answer["note"] = "quarterly reconciliation pending"
        yield Line(
            id=f"{chance.getrandbits(128):032x}",
            at=at,
            service="crm",
            request_id=uuid_of(chance),
            flow_execution_id=flow,
            conversation_id=conversation,
            traceparent=f"00-{chance.getrandbits(128):032x}-{chance.getrandbits(64):016x}-01",
            method="POST",
            url=f"http://crm.example:8080/orders/{number % 40}?verbose=1&page={number % 5}",
            route="/orders/{id}",
            action=f"custom_-_{number % 9}",
            status=chance.choice((500, 502, 504)) if failed else 200,
            duration_ms=round(chance.lognormvariate(3, 1), 3),
            outcome=Outcome.SERVER_ERROR if failed else Outcome.OK,
            code=code,
            request_headers=_HEADERS,
            request=BodyPart(BodyKind.JSON, "application/json", 620, request),
            response_headers=(("content-type", "application/json"), ("server", "uvicorn")),
            response=BodyPart(BodyKind.JSON, "application/json", 330, answer),
        )


def write(path: Path, count: int) -> int:
    """Write a log of `count` exchanges; its size in bytes."""
    with path.open("wb", buffering=1 << 20) as file:
        for line in exchanges(count):
            file.write(encode(line))
    return path.stat().st_size
