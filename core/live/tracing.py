"""The traces of flows: each asked for once, and no more often than it can have changed.

What went wrong is a state of the result, never an exception, for a screen shows it either way.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..errors import (
    AnswerError,
    AuthenticationError,
    ConfigError,
    CxtopError,
    ForbiddenError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    StoreError,
)
from ..models import FlowTrace, RateBudget, RunStatus, StepStatus, TraceResult, TraceState
from ..platforms.traces import step_status
from ..store import Store

MOST_REMEMBERED = 256
AT_ONCE = 2
"""Traces that are asked for at a time, so that polls get their turn."""

_KINDS: tuple[tuple[type[CxtopError], TraceState], ...] = (
    (NotFoundError, TraceState.NOT_FOUND),
    (ForbiddenError, TraceState.FORBIDDEN),
    (AuthenticationError, TraceState.DENIED),
    (ConfigError, TraceState.DENIED),
    (RateLimitError, TraceState.THROTTLED),
    (NetworkError, TraceState.OFFLINE),
    (AnswerError, TraceState.UNREADABLE),
)

# How long an answer stands before the platform is asked again, in seconds.
_STANDS_S = {
    TraceState.FOUND: 5.0,  # of an execution that goes on
    TraceState.NO_STEPS: 5.0,
    TraceState.NOT_FOUND: 30.0,  # it may be told a little later
    TraceState.FORBIDDEN: 300.0,
    TraceState.DENIED: 30.0,
    TraceState.UNSUPPORTED: 3600.0,
    TraceState.THROTTLED: 5.0,
    TraceState.OFFLINE: 5.0,
    TraceState.UNREADABLE: 30.0,
    TraceState.FAILED: 10.0,
}


class Tracing(Protocol):
    """What is needed of the platform."""

    async def flow_trace(self, execution_id: str) -> FlowTrace | None: ...


class Tracer:
    """Gets traces from memory, from the store, or from `platform`, which may be `None`.

    `budget` tells the calls that it still allows. Traces come without secrets, wherever they
    come from. Those of executions that are over are kept in the store; `on_store_trouble` hears
    when that fails.
    """

    def __init__(
        self,
        platform: Tracing | None,
        store: Store,
        *,
        budget: Callable[[], RateBudget] = RateBudget,
        on_store_trouble: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self._platform = platform
        self._budget = budget
        self._store = store
        self._on_store_trouble = on_store_trouble
        self._known: OrderedDict[str, TraceResult] = OrderedDict()
        self._asking: dict[str, tuple[asyncio.Lock, int]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def trace(self, execution_id: str, *, again: bool = False) -> TraceResult:
        """The trace of an execution, or why there is none; with `again` asked for anew unless
        the execution is over."""
        if not execution_id.strip():
            return nothing_to_ask()
        if not again and (known := self._remembered(execution_id)) is not None:
            return known
        # Whoever asks meanwhile waits for the same answer.
        lock, waiting = self._asking.get(execution_id, (asyncio.Lock(), 0))
        self._asking[execution_id] = lock, waiting + 1
        asked_at = datetime.now(UTC)
        try:
            async with lock:
                known = self._remembered(execution_id, since=asked_at if again else None)
                return known or self._remember(await self._get(execution_id))
        finally:
            lock, waiting = self._asking.pop(execution_id)
            if waiting > 1:
                self._asking[execution_id] = lock, waiting - 1

    def _remembered(
        self, execution_id: str, *, since: datetime | None = None
    ) -> TraceResult | None:
        known = self._known.get(execution_id)
        if known is None:
            return None
        self._known.move_to_end(execution_id)
        if known.trace is not None and is_over(known.trace):
            return known
        if known.asked_at is None:
            return None
        if since is not None:
            return known if known.asked_at >= since else None
        stands = timedelta(seconds=_STANDS_S[known.state])
        return known if datetime.now(UTC) - known.asked_at < stands else None

    def _remember(self, result: TraceResult) -> TraceResult:
        self._known[result.execution_id] = result
        self._known.move_to_end(result.execution_id)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return result

    async def _get(self, execution_id: str) -> TraceResult:
        kept = await self._kept(execution_id)
        if kept is not None:
            return of_trace(kept)
        if self._platform is None:
            return TraceResult(
                execution_id=execution_id,
                state=TraceState.NO_PLATFORM,
                what="No platform was asked for the flow's trace.",
                why="There is no profile that says which platform it is.",
                fix="Write one: cxtop config init.",
            )
        async with self._places:
            return await self._ask(self._platform, execution_id)

    async def _ask(self, platform: Tracing, execution_id: str) -> TraceResult:
        now = datetime.now(UTC)
        budget = self._budget()
        if budget.remaining <= 0 and budget.resets_at is not None and budget.resets_at > now:
            return TraceResult(
                execution_id=execution_id,
                state=TraceState.THROTTLED,
                what="The flow's trace was not asked for: no calls are left in this window.",
                why=f"The platform allows calls again at {budget.resets_at:%H:%M:%S} UTC.",
                fix="Ask again then.",
                asked_at=now,
            )
        try:
            trace = await platform.flow_trace(execution_id)
        except CxtopError as error:
            return of_error(execution_id, error, now)
        if trace is None:
            return TraceResult(
                execution_id=execution_id,
                state=TraceState.UNSUPPORTED,
                what="This platform does not tell how flows went.",
                asked_at=now,
            )
        trace = self._clean(trace)
        if is_over(trace):
            await self._keep(trace)
        return of_trace(trace)

    def _clean(self, trace: FlowTrace) -> FlowTrace:
        data = self._store.redactor.json(trace.model_dump(mode="json"))
        return FlowTrace.model_validate(data | {"execution_id": trace.execution_id})

    async def _kept(self, execution_id: str) -> FlowTrace | None:
        try:
            return await self._store.trace(execution_id)
        except StoreError as error:
            self._on_store_trouble(error)
            return None

    async def _keep(self, trace: FlowTrace) -> None:
        try:
            await self._store.save_trace(trace)
        except StoreError as error:
            self._on_store_trouble(error)


def is_over(trace: FlowTrace) -> bool:
    """Whether the execution has ended, so that its trace never changes again."""
    ended = (StepStatus.DONE, StepStatus.FAILED, StepStatus.SKIPPED)
    over = RunStatus.from_word(trace.status).terminal or step_status(trace.status) in ended
    return over and all(step.status is not StepStatus.RUNNING for step in trace.steps)


def of_trace(trace: FlowTrace) -> TraceResult:
    """The result that a trace is."""
    if trace.steps:
        return TraceResult(
            execution_id=trace.execution_id,
            state=TraceState.FOUND,
            trace=trace,
            asked_at=trace.fetched_at,
        )
    return TraceResult(
        execution_id=trace.execution_id,
        state=TraceState.NO_STEPS,
        trace=trace,
        what="The platform knows this execution, but tells none of its steps.",
        why="Not every platform and not every flow keeps them.",
        asked_at=trace.fetched_at,
    )


def of_error(execution_id: str, error: CxtopError, asked_at: datetime) -> TraceResult:
    """The result that an error is."""
    state = next((state for kind, state in _KINDS if isinstance(error, kind)), TraceState.FAILED)
    correlation_id = getattr(error, "correlation_id", None)
    said = f"Correlation id: {correlation_id}." if correlation_id else ""
    return TraceResult(
        execution_id=execution_id,
        state=state,
        what=error.what,
        why=" ".join(part for part in (error.why, said) if part),
        fix=error.fix,
        asked_at=asked_at,
    )


def nothing_to_ask() -> TraceResult:
    """The result where nothing says which execution it was."""
    return TraceResult(
        execution_id="",
        state=TraceState.NO_EXECUTION,
        what="Nothing says which execution of a flow this belongs to.",
        why="The inbound call bore no flowExecutionId.",
        fix="Have the data action send flowExecutionId in the body of its call.",
    )
