"""Which exchange a step made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cxtop.core.live.stepmatching import match_steps
from cxtop.core.models import Certainty, Exchange, FlowTrace, Key, StepMatch, StepStatus, TraceStep

from .support import START, after

CALL = {"request": {"url": "/x"}}


def step(name: str, begins: float | None = None, ends: float | None = None, **fields: Any):
    return TraceStep(
        step_id=name,
        name=name,
        status=StepStatus.DONE,
        started_at=None if begins is None else after(begins),
        ended_at=None if ends is None else after(ends),
        **fields,
    )


def exchange(id_: str, at: datetime = START, **fields: Any) -> Exchange:
    return Exchange(id=id_, at=at, flow_execution_id="e-1", **fields)


def matched(steps: list[TraceStep], *exchanges: Exchange) -> tuple[StepMatch, ...]:
    trace = FlowTrace(execution_id="e-1", steps=tuple(steps), fetched_at=START)
    return match_steps(trace, exchanges)


def told(found: tuple[StepMatch, ...]) -> list[tuple[int, str, Key, Certainty]]:
    return [(match.step, match.exchange_id, match.key, match.certainty) for match in found]


def test_an_id_that_the_step_tells_is_certain() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    steps = [
        step("Start", 0, 1),
        step("A", 1, 2, extra={"requestId": "r-a"}, **CALL),
        step("B", 2, 3, request={"headers": {"X-Request-ID": "r-b"}}),
        step("C", 3, 4, response={"body": [{"id": "x-c"}]}),
        step("D", 4, 5, request={"headers": {"traceparent": parent}}),
    ]
    # In no order of time, so that nothing but the ids can tell.
    found = matched(
        steps,
        exchange("x-d", after(1), traceparent=parent),
        exchange("x-c", after(1)),
        exchange("x-b", after(90), request_id="r-b"),
        exchange("x-a", after(90), request_id="r-a"),
    )
    sure = Certainty.CERTAIN
    assert told(found) == [
        (1, "x-a", Key.REQUEST_ID, sure),
        (2, "x-b", Key.REQUEST_ID, sure),
        (3, "x-c", Key.EXCHANGE_ID, sure),
        (4, "x-d", Key.TRACE_ID, sure),
    ]


def test_the_executions_own_id_tells_no_step_from_another() -> None:
    steps = [step("A", 0, 1, request={"flowExecutionId": "e-1"}), step("B", 9, 10, **CALL)]
    found = matched(steps, exchange("x", after(9.5), request_id="e-1"))
    assert told(found) == [(1, "x", Key.TIME, Certainty.LIKELY)]


def test_what_went_on_during_a_call_is_likely_its_own() -> None:
    steps = [step("A", 0, 1, **CALL), step("Say it", 1, 9), step("B", 9, 10, **CALL)]
    found = matched(steps, exchange("x", after(0.5)), exchange("y", after(9.5)))
    assert told(found) == [
        (0, "x", Key.TIME, Certainty.LIKELY),
        (2, "y", Key.TIME, Certainty.LIKELY),
    ]
    # A step that goes on has no end yet.
    (match,) = matched([step("A", 9, **CALL)], exchange("y", after(9.5)))
    assert match.key is Key.TIME


def test_the_order_of_calls_tells_where_times_do_not() -> None:
    steps = [step("A", **CALL), step("Say it"), step("B", **CALL)]
    found = matched(steps, exchange("x", after(1)), exchange("y", after(2)))
    assert told(found) == [
        (0, "x", Key.ORDER, Certainty.LIKELY),
        (2, "y", Key.ORDER, Certainty.LIKELY),
    ]
    close = [step("A", 0, 0.1, **CALL), step("B", 0.1, 0.2, **CALL)]
    found = matched(close, exchange("x", after(0.05)), exchange("y", after(0.15)))
    assert [(match.step, match.exchange_id) for match in found] == [(0, "x"), (1, "y")]


def test_nothing_is_matched_that_could_be_another() -> None:
    steps = [step("A", **CALL), step("B", **CALL)]
    assert matched(steps, exchange("x")) == ()
    assert matched([step("A")], exchange("x")) == ()
    assert matched([], exchange("x")) == ()
    late = matched([step("A", 0, 1, **CALL), step("B", 2, 3, **CALL)], exchange("x", after(60)))
    assert late == ()
