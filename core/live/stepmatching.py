"""Which exchange a step of a flow made: by an id that the step tells, else by when it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from ..models import Certainty, Exchange, FlowTrace, Key, StepMatch, TraceStep

SLACK = timedelta(milliseconds=250)
"""By how much the clocks of the platform and of the service may differ."""

_DEEPEST = 8


def match_steps(trace: FlowTrace, exchanges: Sequence[Exchange]) -> tuple[StepMatch, ...]:
    """The steps' exchanges, each exchange at one step and each step at one exchange.

    `exchanges` are those of this very execution, in the order of their time. A step that names an
    exchange is certain; one that called while the exchange went on, or at the same place in the
    order of calls, is likely.
    """
    found: dict[int, StepMatch] = {}
    left = list(exchanges)
    for number, step in enumerate(trace.steps):
        if (match := _named(number, step, left, trace.execution_id)) is not None:
            found[number] = match
            left = [each for each in left if each.id != match.exchange_id]
    calls = [
        (number, step)
        for number, step in enumerate(trace.steps)
        if number not in found and is_call(step)
    ]
    for number, step in calls:
        within = [each for each in left if _goes_with(step, each)]
        if len(within) == 1:
            (one,) = within
            found[number] = _match(number, one, Key.TIME, one.at.isoformat(), Certainty.LIKELY)
            left.remove(one)
    calls = [(number, step) for number, step in calls if number not in found]
    if len(calls) == len(left):
        for (number, _), one in zip(calls, left, strict=True):
            found[number] = _match(number, one, Key.ORDER, str(number + 1), Certainty.LIKELY)
    return tuple(found[number] for number in sorted(found))


def is_call(step: TraceStep) -> bool:
    """Whether a step called something, as far as it tells."""
    return step.request is not None or step.response is not None


def _named(
    number: int, step: TraceStep, exchanges: Sequence[Exchange], execution_id: str
) -> StepMatch | None:
    told = set(_texts([step.request, step.response, step.extra]))
    if not told:
        return None
    for exchange in exchanges:
        ids = (
            (Key.REQUEST_ID, exchange.request_id),
            (Key.EXCHANGE_ID, exchange.id),
            # Whole, it is this one call's own; the trace id within is shared by all of them.
            (Key.TRACE_ID, exchange.traceparent),
        )
        for key, value in ids:
            # The execution's own id is in every step, and tells none from the others.
            if value and value != execution_id and value in told:
                return _match(number, exchange, key, value, Certainty.CERTAIN)
    return None


def _goes_with(step: TraceStep, exchange: Exchange) -> bool:
    if step.started_at is None or exchange.at < step.started_at - SLACK:
        return False
    return step.ended_at is None or exchange.at <= step.ended_at + SLACK


def _match(
    number: int, exchange: Exchange, key: Key, value: str, certainty: Certainty
) -> StepMatch:
    return StepMatch(
        step=number, exchange_id=exchange.id, key=key, value=value, certainty=certainty
    )


def _texts(value: Any, depth: int = _DEEPEST) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict):
        for each in value.values():
            yield from _texts(each, depth - 1)
    elif depth and isinstance(value, list):
        for each in value:
            yield from _texts(each, depth - 1)
