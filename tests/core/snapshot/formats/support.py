"""A store and a log with one of everything, from a world that means harm."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.models import (
    ActionRun,
    Attempt,
    AuditEntry,
    Body,
    BodyKind,
    Call,
    CallState,
    DeadLetter,
    Directive,
    Exchange,
    Failure,
    FlowTrace,
    Frame,
    HealthReport,
    HealthSource,
    Outcome,
    RecordError,
    Recovery,
    RecoveryState,
    RequestIdSource,
    Resolution,
    RunStatus,
    StepStatus,
    TraceStep,
    UpstreamAttempt,
)
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats import FORMATS
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.sources import Library
from cxtop.core.store import Store, health, recoveries
from cxtop.core.store.recoveries import Turn

NOW = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)
RUN = "crm-backfill"
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> "
    "=1+1 | `tick` ``two`` \\| [x](http://e) @all\n\r\n<!-- \x1b]52;c;aGk=\x07 a\u202eb \u2028 '\""
)
BINARY = bytes(range(256))
LOG = Path("captures") / "crm-gateway-1.jsonl"


def body(value: Any, kind: BodyKind = BodyKind.JSON, content_type: str = "", **rest: Any) -> Body:
    types = {BodyKind.JSON: "application/json", BodyKind.TEXT: "text/plain; charset=utf-8"}
    return Body(
        kind=kind,
        content_type=content_type or types.get(kind, "application/octet-stream"),
        size=rest.pop("size", len(str(value).encode())),
        value=value,
        **rest,
    )


BINARY_BODY = body(b64encode(BINARY).decode(), BodyKind.BASE64, "image/png", size=len(BINARY))
LEFT_OUT = Body(content_type="application/zip", size=5000, truncated=True)
CUT = body('{"a": "the first par', BodyKind.TEXT, "application/json", size=9000, truncated=True)


def exchange(number: int, **fields: Any) -> Exchange:
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "at": NOW - timedelta(seconds=1000 - number),
        "service": "crm-gateway",
        "request_id": f"request-{number}",
        "request_id_source": RequestIdSource.HEADER,
        "method": "POST",
        "url": f"http://crm.example:8000/hook?n={number}&n=again&empty=&odd=a%20b",
        "route": "/hook",
        "action": "assist",
        "status": 200,
        "duration_ms": 12.5 + number,
        "request_headers": (
            ("content-type", "application/json"),
            ("host", "crm.example:8000"),
            ("x-request-id", f"request-{number}"),
            ("cookie", "theme=dark; lang=de"),
        ),
        "request": body({"customer": f"c-{number}", "big": 9007199254740993}),
        "response_headers": (
            ("content-type", "application/json"),
            (
                "set-cookie",
                "lang=de; Path=/; HttpOnly; Secure; Expires=Wed, 04 Mar 2026 15:00:00 GMT",
            ),
        ),
        "response": body({"success": True, "data": {"note": HOSTILE}}),
    }
    return Exchange(**(values | fields))


KINDS: tuple[Exchange, ...] = (
    exchange(0),
    exchange(1, response=body(HOSTILE, BodyKind.TEXT), outcome=Outcome.NOT_JSON),
    exchange(
        2,
        request=BINARY_BODY,
        request_headers=(("content-type", "image/png"), ("x-request-id", "request-2")),
        response=BINARY_BODY,
        response_headers=(("content-type", "image/png"),),
        outcome=Outcome.NOT_JSON,
    ),
    exchange(3, request=LEFT_OUT, response=LEFT_OUT),
    exchange(4, request=CUT, response=CUT),
    exchange(5, status=None, response=Body(), outcome=Outcome.DISCONNECTED, response_headers=()),
    exchange(6, url=f"/hook?{HOSTILE}", status=599, duration_ms=None, outcome=Outcome.SERVER_ERROR),
    exchange(7, method=HOSTILE, action=HOSTILE, code=HOSTILE, outcome=Outcome.ACTION_ERRORS),
    exchange(
        8,
        status=500,
        outcome=Outcome.EXCEPTION,
        failure=Failure(type="ValueError", message=HOSTILE, frames=(Frame(function="f"),)),
        attempts=(
            UpstreamAttempt(
                number=1,
                started_at=NOW,
                duration_ms=20,
                outcome="503",
                method="GET",
                url="http://upstream.example/",
                gave_up=HOSTILE,
            ),
        ),
    ),
    exchange(9, status=429, outcome=Outcome.RATE_LIMITED, request_headers=(("x", HOSTILE),)),
    exchange(10, status=302, response_headers=(("location", "/elsewhere"),), response=Body()),
)
"""Exchanges of every kind: JSON, text, binary, left out, cut, without an answer, hostile …"""

RUNS = (
    ActionRun(
        run_id=RUN,
        platform="genesys",
        status=RunStatus.FAILED,
        name=HOSTILE,
        processed=48_511,
        total=50_000,
        errors=4,
        polled_at=NOW,
        raw={"note": HOSTILE},
    ),
    ActionRun(
        run_id="odd",
        platform="genesys",
        status=RunStatus.UNKNOWN,
        raw_status=HOSTILE,
        polled_at=NOW,
    ),
)
ERRORS = tuple(
    RecordError(
        run_id=RUN,
        record_id=f"=rec|{number}",
        code=("TIMEOUT", "TIMEOUT", HOSTILE, "")[number % 4],
        message=HOSTILE,
        record={"id": number, "note": HOSTILE, "formula": "=cmd|' /C calc'!A0"},
        extra={"more": [HOSTILE]} if number % 2 else {},
    )
    for number in range(8)
)
CALL = Call(
    call_id="call-1",
    operation="run status",
    method="GET",
    url="https://api.example/status",
    run_id=RUN,
    started_at=NOW,
    state=CallState.DONE,
    attempts=(
        Attempt(number=1, started_at=NOW, duration_ms=212, outcome="429", status=429, wait_s=2),
        Attempt(number=2, started_at=NOW, duration_ms=180, outcome="200", detail=HOSTILE),
    ),
)
TRACE = FlowTrace(
    execution_id="execution-1",
    flow_name=HOSTILE,
    fetched_at=NOW,
    steps=(
        TraceStep(step_id="1", name=HOSTILE, status=StepStatus.FAILED, message=HOSTILE, request={}),
    ),
)
RECOVERY = Recovery(
    error_id="error-1",
    action_id=RUN,
    error_code="TIMEOUT",
    message=HOSTILE,
    recovery_directive=Directive.DEAD_LETTER,
    state=RecoveryState.DEAD_LETTER,
    created_at=NOW,
    note=HOSTILE,
)
LETTER = DeadLetter(
    error_id="error-1", action_id=RUN, error_code="TIMEOUT", message=HOSTILE, timestamp=NOW
)
AUDIT = AuditEntry(
    error_id="error-1",
    action_id=RUN,
    error_code="TIMEOUT",
    recovery_directive=Directive.DEAD_LETTER,
    retry_count=5,
    max_retries=5,
    latency_seconds=3.5,
    resolved_at=NOW,
    resolution_rate=Resolution.EXHAUSTED,
    detail=HOSTILE,
)
REPORT = HealthReport(
    action_id=HOSTILE,
    interval="PT24H",
    source=HealthSource.CAPTURES,
    executions=200,
    errors=17,
    error_rate=8.5,
    as_of=NOW,
)


@asynccontextmanager
async def evidence_of(
    folder: Path, exchanges: Sequence[Exchange] = KINDS, scope: Scope | None = None
) -> AsyncIterator[Evidence]:
    """What a real store and a real log hold of everything above."""
    log = folder / LOG
    log.parent.mkdir(parents=True)
    log.write_bytes(b"".join(encode(each) for each in exchanges))
    async with (
        await Store.open(folder / "store.sqlite3") as store,
        Library.open(store, [log.parent], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await filled(store)
        yield Evidence(
            store,
            library,
            scope or Scope(title=HOSTILE),
            profile_name="acme-prod",
            platform="genesys",
            at=NOW,
        )


async def filled(store: Store) -> None:
    """Put one of everything into a store."""
    for run in RUNS:
        await store.save_run(run)
    await store.add_errors(RUN, ERRORS)
    await store.save_call(CALL)
    await store.save_trace(TRACE)

    def others(connection: Any) -> None:
        turn = Turn(RECOVERY, letter=LETTER, entry=AUDIT)
        recoveries.begin(connection, "failure-1", turn, REDACTOR, leads=True)
        health.add_point(connection, REPORT, gap_s=1)

    await store.writer.submit(others)


async def written(
    name: str, evidence: Evidence, strictness: Strictness = Strictness.DEFAULT
) -> bytes:
    """The file of a format."""
    out = io.BytesIO()
    await FORMATS[name].write(evidence, Mask(strictness, REDACTOR), out, no_progress)
    return out.getvalue()


def no_progress(part: Part, done: int) -> None:
    """Nobody watches."""
