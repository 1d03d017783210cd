"""Any models that cxtop could have kept, for hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from cxtop.core.models import (
    ActionHealth,
    Attempt,
    AuditEntry,
    Body,
    BodyKind,
    Call,
    DeadLetter,
    Directive,
    Exchange,
    Failure,
    FlowTrace,
    Frame,
    HealthPoint,
    HealthReport,
    HealthSource,
    Model,
    Outcome,
    RecordError,
    Recovery,
    Resolution,
    RetryAttempt,
    RunStatus,
    StepStatus,
    TraceStep,
    UpstreamAttempt,
)
from cxtop.core.snapshot.records import KeptRun, RunPoll
from cxtop.core.snapshot.scope import Part

# Lone surrogates come from logs of programs that do not care.
texts = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "Jane Doe", "a@example.com", "+49 30 1234567", "password=hunter2", "\n", "\x1b[2J", "{}"]
)
names = texts | st.sampled_from(["name", "email", "requestId", "password", "value", "address"])
floats = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10**6)
times = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, values, max_size=3)
headers = st.lists(st.tuples(names, texts), max_size=3).map(tuple)


def maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


def some(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=2).map(tuple)


bodies = (
    st.builds(
        Body,
        kind=st.just(BodyKind.JSON),
        content_type=texts,
        size=counts,
        value=values,
    )
    | st.builds(
        Body,
        kind=st.just(BodyKind.TEXT),
        content_type=st.sampled_from(["text/plain", "application/x-www-form-urlencoded", ""]),
        size=counts,
        value=texts,
        truncated=st.booleans(),
    )
    | st.builds(
        Body,
        kind=st.just(BodyKind.BASE64),
        value=st.sampled_from(["", "AAEC/w==", "cGFzc3dvcmQ9eA=="]),
    )
)
attempt = {
    "number": counts,
    "started_at": times,
    "duration_ms": floats,
    "outcome": texts,
    "status": maybe(counts),
    "detail": texts,
    "rate_limit": st.dictionaries(names, texts, max_size=2),
    "request_id": texts,
}
exchanges = st.builds(
    Exchange,
    id=texts,
    at=times,
    service=texts,
    request_id=texts,
    flow_execution_id=texts,
    conversation_id=texts,
    traceparent=texts,
    method=texts,
    url=texts | st.just("https://u:p@10.1.2.3/a?email=a%40example.com&page=2#x"),
    route=texts,
    action=texts,
    status=maybe(counts),
    duration_ms=maybe(floats),
    outcome=st.sampled_from(Outcome),
    code=texts,
    request_headers=headers,
    request=bodies,
    response_headers=headers,
    response=bodies,
    failure=maybe(
        st.builds(Failure, type=texts, message=texts, frames=some(st.builds(Frame, function=texts)))
    ),
    attempts=some(st.builds(UpstreamAttempt, **attempt, call=counts, url=texts)),
)
points = st.builds(HealthPoint, at=times, executions=counts, errors=counts, error_rate=floats)
reports = st.builds(
    HealthReport,
    action_id=texts,
    interval=st.just("PT24H"),
    source=st.sampled_from(HealthSource),
    executions=counts,
    errors=counts,
    error_rate=floats,
    as_of=times,
    warnings=some(texts),
)
run = {
    "progress": maybe(floats),
    "processed": maybe(st.integers(0, 10**30)),
    "status": st.sampled_from(RunStatus),
    "polled_at": times,
}
RECORDS: dict[Part, st.SearchStrategy[Model]] = {
    Part.RUNS: st.builds(
        KeptRun,
        **run,
        run_id=texts,
        platform=texts,
        raw_status=texts,
        name=maybe(texts),
        raw_progress=values,
        created_at=maybe(times),
        extra=objects,
        raw=values,
        watched=st.booleans(),
    ),
    Part.POLLS: st.builds(RunPoll, **run, run_id=texts),
    Part.ERRORS: st.builds(
        RecordError,
        run_id=texts,
        record_id=texts,
        code=texts,
        message=texts,
        record=values,
        extra=objects,
    ),
    Part.EXCHANGES: exchanges,
    Part.CALLS: st.builds(
        Call,
        call_id=texts,
        operation=texts,
        method=texts,
        url=texts,
        run_id=maybe(texts),
        started_at=times,
        attempts=some(st.builds(Attempt, **attempt)),
        gave_up=texts,
    ),
    Part.TRACES: st.builds(
        FlowTrace,
        execution_id=texts,
        steps=some(
            st.builds(
                TraceStep,
                step_id=texts,
                name=texts,
                status=st.sampled_from(StepStatus),
                message=texts,
                request=values,
                response=values,
                extra=objects,
            )
        ),
        fetched_at=times,
        extra=objects,
    ),
    Part.RECOVERIES: st.builds(
        Recovery,
        error_id=texts,
        action_id=texts,
        message=texts,
        created_at=times,
        attempts=some(
            st.builds(RetryAttempt, number=counts, retry_of=texts, at=times, message=texts)
        ),
    ),
    Part.DEAD_LETTERS: st.builds(
        DeadLetter,
        error_id=texts,
        action_id=texts,
        error_code=texts,
        message=texts,
        timestamp=times,
    ),
    Part.AUDIT: st.builds(
        AuditEntry,
        error_id=texts,
        action_id=texts,
        error_code=texts,
        recovery_directive=st.sampled_from(Directive),
        resolution_rate=st.sampled_from(Resolution),
        retry_count=counts,
        max_retries=counts,
        latency_seconds=floats,
        resolved_at=times,
        detail=texts,
    ),
    Part.HEALTH: st.builds(
        ActionHealth,
        action_id=texts,
        threshold=floats,
        report=maybe(reports),
        history=some(points),
        trouble=texts,
    ),
}
snapshots = st.fixed_dictionaries(
    {part: st.lists(records, max_size=2) for part, records in RECORDS.items()}
)
