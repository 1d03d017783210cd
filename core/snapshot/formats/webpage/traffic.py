"""The tables of what went over the wire: exchanges, calls and the traces of flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....diagnosis import diagnose_exchange
from ....models import (
    Attempt,
    Body,
    BodyKind,
    Call,
    CallState,
    Exchange,
    FlowTrace,
    StepStatus,
    TraceStep,
    UpstreamAttempt,
)
from ...scope import Part
from ..jsontext import pretty
from ..wordings import millis, moment, word
from .states import outcome_tone
from .tables import Cell, Column, Section, Table, millis_of

_CALLS = {
    CallState.RUNNING: "busy",
    CallState.WAITING: "warn",
    CallState.DONE: "good",
    CallState.FAILED: "bad",
    CallState.CANCELLED: "dim",
}


def _exchange(exchange: Exchange) -> Sequence[Cell]:
    return (
        millis_of(exchange.at),
        exchange.method,
        _target(exchange.url),
        exchange.status,
        _tenths(exchange.duration_ms),
        exchange.response.size,
        [outcome_tone(exchange.outcome), word(exchange.outcome)],
        exchange.code,
        exchange.action,
        exchange.request_id,
    )


def _target(url: str) -> str:
    """What tells exchanges of one service apart: the URL without scheme and host."""
    _, whole, rest = url.partition("://")
    at = rest.find("/") if whole else -1
    return rest[at:] if at >= 0 else url


def _tenths(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)


def _exchange_sections(exchange: Exchange) -> Sequence[Section]:
    said = diagnose_exchange(exchange)
    found = [f"{place}: {what}" for place, what in said.findings]
    return (
        ("What it was", "\n".join(part for part in (said.message, said.hint, *found) if part)),
        ("Request", f"{exchange.method} {exchange.url}\n{_headers(exchange.request_headers)}"),
        (f"Request body{_about(exchange.request)}", _body(exchange.request)),
        ("Response", f"{exchange.status or 'no answer'}\n{_headers(exchange.response_headers)}"),
        (f"Response body{_about(exchange.response)}", _body(exchange.response)),
        ("Exception", _failure(exchange)),
        ("Calls to upstreams", "\n".join(_upstream(each) for each in exchange.attempts)),
        ("Ids", _ids(exchange)),
    )


def _headers(headers: Sequence[tuple[str, str]]) -> str:
    # A line break within a value must not look like another header.
    return "\n".join(f"{name}: {value}".replace("\n", "␊") for name, value in headers)


def _about(body: Body) -> str:
    about = [body.content_type, f"{body.size:,} bytes", "truncated" * body.truncated]
    return f" ({', '.join(part for part in about if part)})"


def _body(body: Body) -> str:
    if body.kind is BodyKind.JSON:
        return pretty(body.value)
    if body.kind is BodyKind.NONE:
        return f"The {body.size:,} bytes were not kept." if body.size else ""
    return f"base64:\n{body.value}" if body.kind is BodyKind.BASE64 else str(body.value)


def _failure(exchange: Exchange) -> str:
    failure = exchange.failure
    if failure is None:
        return ""
    frames = [f"  {frame.file}:{frame.line} in {frame.function}" for frame in failure.frames]
    return "\n".join((*frames, f"{failure.type}: {failure.message}"))


def _ids(exchange: Exchange) -> str:
    ids = {
        "captured by": exchange.service,
        "exchange": exchange.id,
        f"request (from {exchange.request_id_source.value})": exchange.request_id,
        "flow execution": exchange.flow_execution_id,
        "conversation": exchange.conversation_id,
        "traceparent": exchange.traceparent,
    }
    return "\n".join(f"{name}: {value}" for name, value in ids.items() if value)


def _upstream(attempt: UpstreamAttempt) -> str:
    text = f"call {attempt.call}: {attempt.method} {attempt.url}\n   {_attempt(attempt)}"
    return f"{text}\n   given up: {attempt.gave_up}" if attempt.gave_up else text


def _call(call: Call) -> Sequence[Cell]:
    return (
        millis_of(call.started_at),
        call.operation,
        call.method,
        call.url,
        call.run_id or "",
        [_CALLS[call.state], word(call.state)],
        len(call.attempts),
        _tenths(sum(attempt.duration_ms for attempt in call.attempts)),
    )


def _attempts(call: Call) -> Sequence[Section]:
    return (
        ("Attempts", "\n".join(_attempt(attempt) for attempt in call.attempts)),
        ("Given up", call.gave_up),
    )


def _attempt(attempt: Attempt) -> str:
    text = f"{attempt.number}. {moment(attempt.started_at)}  {attempt.outcome}"
    text += f"  after {millis(attempt.duration_ms)}"
    if attempt.wait_s is not None:
        why = attempt.wait_reason.value if attempt.wait_reason else "no reason told"
        text += f", then waited {attempt.wait_s:.1f} s ({why})"
    for name, value in (("detail", attempt.detail), ("correlation id", attempt.correlation_id)):
        text += f"\n   {name}: {value}" if value else ""
    return text


def _trace(trace: FlowTrace) -> Sequence[Cell]:
    failed = [step for step in trace.steps if step.status is StepStatus.FAILED]
    began = min((step.started_at for step in trace.steps if step.started_at), default=None)
    return (
        millis_of(began or trace.fetched_at),
        trace.execution_id,
        trace.flow_name or trace.flow_id,
        ["bad" if failed else "good", trace.status or word(StepStatus.UNKNOWN)],
        len(trace.steps),
        failed[0].name if failed else "",
    )


def _steps(trace: FlowTrace) -> Sequence[Section]:
    steps = [(f"{number}. {step.name}", _step(step)) for number, step in enumerate(trace.steps, 1)]
    return (*steps, ("Further fields", pretty(trace.extra) if trace.extra else ""))


def _step(step: TraceStep) -> str:
    lines = [f"{word(step.status)}  {moment(step.started_at)} to {moment(step.ended_at)}"]
    lines.append(step.message)
    for name, value in (("request", step.request), ("response", step.response)):
        lines.append("" if value is None else f"{name}: {pretty(value)}")
    return "\n".join(line for line in lines if line)


_WHEN = Column("when (UTC)", "time")

TRAFFIC: Mapping[Part, Table] = {
    Part.EXCHANGES: Table(
        "Exchanges",
        (
            _WHEN,
            Column("method", "mono"),
            Column("path", "mono"),
            Column("status", "number"),
            Column("ms", "number"),
            Column("bytes", "number", minor=True),
            Column("outcome", "state"),
            Column("code", "mono", minor=True),
            Column("action", minor=True),
            Column("request id", "mono", minor=True),
        ),
        _exchange,
        _exchange_sections,
        order=(0, True),
    ),
    Part.CALLS: Table(
        "Calls to the platform",
        (
            _WHEN,
            Column("call"),
            Column("method", "mono"),
            Column("URL", "mono", minor=True),
            Column("run", "mono"),
            Column("state", "state"),
            Column("attempts", "number"),
            Column("ms", "number"),
        ),
        _call,
        _attempts,
        order=(0, True),
    ),
    Part.TRACES: Table(
        "Flow traces",
        (
            _WHEN,
            Column("execution", "mono"),
            Column("flow"),
            Column("status", "state"),
            Column("steps", "number"),
            Column("failed step"),
        ),
        _trace,
        _steps,
        order=(0, True),
    ),
}
