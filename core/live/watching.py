"""Watching without a screen: each poll as it comes, until all runs have ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..errors import (
    AuthenticationError,
    ConfigError,
    CxtopError,
    StoreError,
    UnreachableError,
)
from ..models import ActionRun, RateBudget
from ..platforms import Platform, StatusReading
from ..store import Store
from .allowance import Allowance
from .movement import Movement, forward
from .pace import SLOWEST_S
from .pace import interval_s as paced_s
from .polling import Poller
from .walking import Walk, Walked
from .watched import LASTING

PATIENCE = 3
"""Polls of one run that may fail in a row before the watch gives up, beside the call's retries."""

_CONCERNS_ALL = (AuthenticationError, ConfigError, UnreachableError)

OnTrouble = Callable[[str, CxtopError], None]
Then = Callable[[ActionRun], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class _Over:
    """What follows an end: another run, or nothing."""

    then: str | None = None


Event = tuple[str, ActionRun | CxtopError | _Over]


class _Watch:
    """The polls of several runs, put into `events` as they come."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        *,
        interval: float,
        min_interval_s: float,
        once: bool,
        share: float,
        budget: Callable[[], RateBudget],
        patience: int,
        on_trouble: OnTrouble,
        on_reading: Callable[[StatusReading], Awaitable[None]] | None,
        then: Then | None,
    ) -> None:
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._platform = platform
        self._store = store
        self._interval = max(interval, min_interval_s)
        self._min_s = min_interval_s
        self._once = once
        self._budget = budget
        self._patience = patience
        self._on_trouble = on_trouble
        self._on_reading = on_reading
        self._then = then
        self.fault: BaseException | None = None
        self._deciding: set[asyncio.Task[None]] = set()
        self._allowance = Allowance(share, now=datetime.now(UTC))
        self.poller = Poller(self._poll, allowance=self._allowance, budget=budget)
        self._last: dict[str, ActionRun] = {}
        self._movements: dict[str, Movement] = {}
        self._failures: dict[str, int] = {}
        self._ever_answered = False

    async def run(self) -> None:
        """Polls until it is cancelled; so is what decides what follows an end."""
        try:
            await self.poller.run()
        finally:
            for task in self._deciding:
                task.cancel()
            await asyncio.gather(*self._deciding, return_exceptions=True)

    def ended(self, run: ActionRun) -> None:
        """The run is over, so far as its polls tell; says soon what follows."""
        if self._then is None or self._once:
            self.events.put_nowait((run.run_id, _Over()))
            return
        task = asyncio.create_task(self._decide(run, self._then), name=f"after {run.run_id}")
        self._deciding.add(task)
        task.add_done_callback(self._decided)

    async def _decide(self, run: ActionRun, then: Then) -> None:
        try:
            self.events.put_nowait((run.run_id, _Over(await then(run))))
        except CxtopError as error:
            self.events.put_nowait((run.run_id, error))

    def _decided(self, task: asyncio.Task[None]) -> None:
        self._deciding.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.fault = fault
            self.events.put_nowait(None)

    async def _poll(self, run_id: str) -> float | None:
        try:
            reading = await self._platform.run_status(run_id)
        except CxtopError as error:
            return self._failed(run_id, error)
        self._ever_answered = True
        self._failures.pop(run_id, None)
        run = forward(self._last.get(run_id), reading.run)
        self._last[run_id] = run
        await self._keep(run, reading)
        self.events.put_nowait((run_id, run))
        return None if self._once or run.status.terminal else self._next_s(run)

    def _next_s(self, run: ActionRun) -> float:
        movement = self._movements.setdefault(run.run_id, Movement())
        movement.see(run)
        wait = paced_s(
            self._interval,
            min_s=self._min_s,
            progress=run.progress,
            eta_s=movement.eta_s,
            still=movement.still,
        )
        now = datetime.now(UTC)
        self._allowance.look(self._budget(), now)
        demand = len(self._movements) / self._interval
        return self._allowance.planned_s(wait, demand=demand, now=now)

    def _failed(self, run_id: str, error: CxtopError) -> float | None:
        failures = self._failures[run_id] = self._failures.get(run_id, 0) + 1
        never_there = isinstance(error, UnreachableError) and not self._ever_answered
        if isinstance(error, LASTING) or never_there or failures >= self._patience:
            self.events.put_nowait((run_id, error))
            return None
        self._on_trouble(run_id, error)
        retry_after = getattr(error, "retry_after", None) or 0.0
        return max(retry_after, min(self._interval, SLOWEST_S, 2.0 ** (failures - 1)))

    async def _keep(self, run: ActionRun, reading: StatusReading) -> None:
        try:
            if self._on_reading is not None:
                await self._on_reading(reading)
            await self._store.save_run(run)
            if reading.errors:
                await self._store.add_errors(run.run_id, reading.errors)
        except StoreError as error:
            self._on_trouble(run.run_id, error)


async def watch_runs(
    platform: Platform,
    store: Store,
    ids: Iterable[str],
    *,
    interval_s: float = 10.0,
    min_interval_s: float = 1.0,
    once: bool = False,
    share: float = 0.6,
    budget: Callable[[], RateBudget] = RateBudget,
    patience: int = PATIENCE,
    on_trouble: OnTrouble = lambda run_id, error: None,
    on_gone: OnTrouble | None = None,
    on_reading: Callable[[StatusReading], Awaitable[None]] | None = None,
    then: Then | None = None,
) -> AsyncGenerator[ActionRun, None]:
    """Each good poll of the runs `ids` as it comes, until all have ended, or `once` each.

    Every poll is in the store before it comes out. Trouble that may pass (the call's own retries
    are over by then) goes to `on_trouble` and is tried again, `patience` times in a row for one
    run; so does trouble with the store, without a bound. What does not pass raises its typed
    error: credentials, permission, an unknown id, a host that was never reached, or patience at
    its end. With `on_gone` an error that concerns one run only (permission, an unknown id) goes
    there instead, and the other runs are watched on. `on_reading` takes in each answer before it
    is kept. `then` is asked, beside the other polls and not with `once`, what follows the end of
    a run: the id of one more to watch, or nothing; it may take its time, and CxtopErrors that it
    raises are raised here. Leave it early through `contextlib.aclosing`.
    """
    wanted = list(dict.fromkeys(ids))
    waiting = set(wanted)
    watch = _Watch(
        platform,
        store,
        interval=interval_s,
        min_interval_s=min_interval_s,
        once=once,
        share=share,
        budget=budget,
        patience=patience,
        on_trouble=on_trouble,
        on_reading=on_reading,
        then=then,
    )
    for run_id in wanted:
        watch.poller.add(run_id)
    polling = asyncio.create_task(watch.run(), name="watch")
    polling.add_done_callback(lambda task: watch.events.put_nowait(None))
    try:
        while waiting and (event := await watch.events.get()) is not None:
            run_id, told = event
            if isinstance(told, CxtopError):
                if on_gone is None or isinstance(told, _CONCERNS_ALL):
                    raise told
                on_gone(run_id, told)
                waiting.discard(run_id)
                continue
            if isinstance(told, _Over):
                waiting.discard(run_id)
                if told.then is not None and told.then not in waiting:
                    waiting.add(told.then)
                    watch.poller.add(told.then)
                continue
            if once or told.status.terminal:
                watch.ended(told)
            yield told
    finally:
        polling.cancel()
        await asyncio.wait([polling])
    if watch.fault is not None:
        raise watch.fault
    if not polling.cancelled() and (fault := polling.exception()) is not None:
        raise fault


async def fetch_errors(
    platform: Platform,
    store: Store,
    run_id: str,
    *,
    page_size: int = 100,
    on_page: Callable[[int], None] = lambda kept: None,
) -> tuple[ActionRun, Walked]:
    """Brings the failed records that a run has now into the store; then the store tells them.

    Asks for the run's status first, so that records of a run that has ended are fetched to the
    last. `on_page` hears after each page how many are kept. Raises the typed errors of a call,
    and StoreError.
    """
    reading = await platform.run_status(run_id)
    await store.save_run(reading.run)
    if reading.errors:
        await store.add_errors(run_id, reading.errors)
    ended = reading.run.status.terminal
    walk = Walk(platform, store, run_id, size=page_size, ended=ended, on_page=on_page)
    return reading.run, await walk.run()
