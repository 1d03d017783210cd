"""A store, a log and a library with some of everything, at fixed times."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.config import Settings
from cxtop.core.config.paths import Paths
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
    FlowTrace,
    HealthReport,
    HealthSource,
    Model,
    Outcome,
    RecordError,
    Recovery,
    RecoveryState,
    RequestIdSource,
    Resolution,
    RetryAttempt,
    RunStatus,
    StepStatus,
    TraceStep,
)
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.exporting import export
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.sources import Library
from cxtop.core.store import Store, health, recoveries
from cxtop.core.store.recoveries import Turn

NOW = datetime(2026, 3, 4, 14, 32, 7, 123456, tzinfo=UTC)
EXECUTION = "7d0c0000-1111-2222-3333-444455556691"


def at(seconds: float) -> datetime:
    """So many seconds before now."""
    return NOW - timedelta(seconds=seconds)


def run(run_id: str, status: RunStatus = RunStatus.FAILED, **rest: Any) -> ActionRun:
    fields = {
        "platform": "genesys",
        "raw_status": status.value.lower(),
        "progress": 0.5,
        "processed": 50,
        "total": 100,
        "errors": 2,
        "created_at": at(3600),
        "updated_at": at(60),
        "polled_at": at(60),
        "raw": {"dataActionId": run_id},
    }
    return ActionRun(run_id=run_id, status=status, **{**fields, **rest})


def exchange(number: int, **rest: Any) -> Exchange:
    fields: dict[str, Any] = {
        "id": f"0000{number:04}-aaaa-4bbb-8ccc-dddddddddddd",
        "at": at(1000 - number),
        "service": "crm-gateway",
        "request_id": f"req-{number:06}",
        "request_id_source": RequestIdSource.HEADER,
        "flow_execution_id": EXECUTION if number % 2 else "",
        "method": "POST",
        "url": "http://127.0.0.1:8000/dataaction/webhook?try=1",
        "route": "/dataaction/webhook",
        "action": "assist",
        "status": 200,
        "duration_ms": 12.5,
        "outcome": Outcome.OK,
        "request_headers": (("content-type", "application/json"),),
        "request": Body(
            kind=BodyKind.JSON,
            content_type="application/json",
            size=20,
            value={"customer_id": f"c-{number}"},
        ),
        "response_headers": (("content-type", "text/plain"),),
        "response": Body(kind=BodyKind.TEXT, content_type="text/plain", size=4, value="fine"),
    }
    return Exchange(**{**fields, **rest})


def call(number: int, run_id: str | None = "import") -> Call:
    attempt = Attempt(
        number=1,
        started_at=at(500 - number),
        duration_ms=80,
        outcome="200",
        status=200,
        rate_limit={"inin-ratelimit-count": "3"},
    )
    return Call(
        call_id=f"call-{number}",
        operation="run status",
        method="GET",
        url="https://api.example/status",
        run_id=run_id,
        started_at=at(500 - number),
        state=CallState.DONE,
        attempts=(attempt,),
    )


def trace(execution_id: str = EXECUTION) -> FlowTrace:
    step = TraceStep(
        step_id="s1",
        name="Call CRM",
        status=StepStatus.FAILED,
        raw_status="FAILED",
        started_at=at(900),
        ended_at=at(899),
        response={"status": 502},
    )
    return FlowTrace(execution_id=execution_id, status="FAILED", steps=(step,), fetched_at=at(100))


def errors(run_id: str, count: int) -> list[RecordError]:
    return [
        RecordError(
            run_id=run_id,
            record_id=f"rec-{number}",
            code="TIMEOUT" if number % 2 else "DUPLICATE",
            message=f"Record {number} was not taken",
            record={"requestId": f"req-{number:06}", "row": number},
        )
        for number in range(count)
    ]


def recovery(error_id: str = "error-1", action_id: str = "import") -> Recovery:
    attempt = RetryAttempt(number=1, retry_of=action_id, at=at(50), run_id=f"{action_id}-again")
    return Recovery(
        error_id=error_id,
        action_id=action_id,
        error_code="TIMEOUT",
        message="It took too long",
        recovery_directive=Directive.RETRY,
        created_at=at(60),
        resolved_at=at(20),
        state=RecoveryState.DEAD_LETTER,
        submitted=True,
        attempts=(attempt,),
    )


def letter(error_id: str = "error-1", action_id: str = "import") -> DeadLetter:
    return DeadLetter(
        error_id=error_id,
        action_id=action_id,
        error_code="TIMEOUT",
        retry_exhausted=True,
        timestamp=at(20),
    )


def entry(error_id: str = "error-1", action_id: str = "import") -> AuditEntry:
    return AuditEntry(
        error_id=error_id,
        action_id=action_id,
        error_code="TIMEOUT",
        recovery_directive=Directive.RETRY,
        retry_count=1,
        max_retries=1,
        latency_seconds=40.0,
        resolved_at=at(20),
        resolution_rate=Resolution.EXHAUSTED,
    )


def report(action_id: str = "assist") -> HealthReport:
    return HealthReport(
        action_id=action_id,
        interval="PT24H",
        source=HealthSource.ANALYTICS,
        executions=200,
        errors=10,
        error_rate=5.0,
        average_ms=31.5,
        as_of=at(10),
    )


async def fill(store: Store) -> None:
    """Two runs with everything that belongs to them, a third that nobody watches."""
    for step in range(5):
        await store.save_run(run("import", RunStatus.RUNNING, polled_at=at(300 - step)))
    await store.save_run(run("import"))
    await store.save_run(run("import-again", RunStatus.COMPLETED, polled_at=at(30)))
    await store.save_run(run("other", RunStatus.RUNNING, polled_at=at(10), errors=0))
    await store.watch("other")
    await store.watch("import")
    await store.add_errors("import", errors("import", 7))
    await store.set_error_walk("import", 1, True)
    for number in range(4):
        await store.save_call(call(number, "import" if number % 2 else None))
    await store.save_trace(trace())
    await store.save_trace(trace("another-execution"))

    def write(connection: Any) -> None:
        for error_id, action_id in (("error-1", "import"), ("error-2", "other")):
            turn = Turn(
                recovery(error_id, action_id),
                letter=letter(error_id, action_id),
                entry=entry(error_id, action_id),
            )
            recoveries.begin(connection, f"run {action_id}", turn, store.redactor, leads=True)
            recoveries.lead(connection, f"{action_id}-again", error_id)
        health.add_point(connection, report(), gap_s=1)

    await store.writer.submit(write)


def log_of(path: Path, exchanges: Iterable[Exchange]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(encode, exchanges)))
    return path


@asynccontextmanager
async def opened(folder: Path, *, exchanges: int = 12) -> AsyncIterator[tuple[Store, Library]]:
    """The filled store and its library."""
    log = log_of(folder / "captures" / "log.jsonl", map(exchange, range(exchanges)))
    async with await Store.open(folder / "store.sqlite3") as store:
        await fill(store)
        async with Library.open(store, [log], follow=False, full_text=False) as library:
            await library.catch_up()
            yield store, library


def evidence_of(store: Store, library: Library | None, scope: Scope | None = None) -> Evidence:
    return Evidence(store, library, scope, profile_name="acme-prod", platform="genesys", at=NOW)


def plain() -> Mask:
    return Mask(Strictness.NONE, REDACTOR)


async def bundle_in(folder: Path, scope: Scope | None = None, mask: Mask | None = None) -> Path:
    """A bundle of the filled store."""
    path = folder / "evidence.cxsnap"
    async with opened(folder) as (store, library):
        await export(
            evidence_of(store, library, scope), format="cxsnap", mask=mask or plain(), path=path
        )
    return path


async def all_of(evidence: Evidence) -> dict[Part, list[Model]]:
    return {part: [model async for model in evidence.records(part)] for part in Part}


def read(path: Path) -> dict[Part, list[Model]]:
    with Bundle.open(path) as bundle:
        return {part: list(bundle.records(part)) for part in Part}


def settings(folder: Path) -> Settings:
    return Settings(Paths(folder / "config.toml", folder, folder / "state", folder / "data"))


def as_text(models: Iterable[Model]) -> str:
    return json.dumps([model.model_dump(mode="json") for model in models])
