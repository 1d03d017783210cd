"""The façade that faces talk to: watching runs, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ..config import Profile
from ..errors import CxtopError, RateLimitError, RequestError, StoreError
from ..models import (
    ActionRun,
    Call,
    CallState,
    Connection,
    ConnectionState,
    Correlation,
    RateBudget,
    RecordError,
    RunStatus,
    RunView,
    TraceResult,
)
from ..platforms import Platform, StatusReading
from ..sources import Library
from ..store import Store
from .allowance import Allowance
from .changes import Changes
from .collecting import Collector
from .connection import Line
from .correlation import Correlator, NoExchanges
from .executing import Executor
from .keeping import Keeper
from .leases import LEASE_S
from .movement import TREND
from .outbound import Outbound
from .pace import SLOWEST_S
from .polling import Poller
from .recovery import Recoverer
from .rollback import Ask
from .submitting import Started, body_in, start_run
from .tracing import Tracer, nothing_to_ask
from .walking import Walked
from .watched import Watched

if TYPE_CHECKING:
    from .notify import Notifier

log = logging.getLogger(__name__)

FLUSH_S = 0.5
"""How long closing waits for the store to take the last calls."""

RETAIN_EVERY_S = 3600.0


class Metered(Protocol):
    """What the monitor needs of `http.Caller`."""

    @property
    def budget(self) -> RateBudget: ...


class Monitor:
    """Watches runs: polls them, keeps what it sees in the store, and says what changed.

    Used in `async with`, in one event loop. On entering, the runs that the store and the profile
    name are there as they were last known; then they are caught up with. `see_call` is to be the
    caller's `record`; `library` holds the captured exchanges and `executor` runs actions, for
    faces. Trouble with the platform or the store never raises here: it is in the views and in
    `connection`. What changed is posted to `changes` by key.
    """

    def __init__(
        self,
        profile: Profile,
        store: Store,
        platform: Platform,
        caller: Metered,
        *,
        library: Library | None = None,
        executor: Executor | None = None,
        ask: Ask | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self.profile = profile
        self.store = store
        self.library = library
        self.executor = executor
        self.notifier: Notifier | None = None
        self.changes = Changes()
        self._platform = platform
        self._caller = caller
        self._watched: dict[str, Watched] = {}
        self._demands: dict[str, float] = {}
        self._demand = 0.0
        self._paused = False
        self._line = Line(self._connection_changed)
        self._keeper = Keeper(
            store, on_trouble=self._line.store_failed, on_success=self._line.store_works
        )
        self._allowance = Allowance(profile.poll.budget_share, now=datetime.now(UTC))
        self._poller = Poller(
            self._poll, allowance=self._allowance, budget=lambda: self._caller.budget
        )
        self._collector = Collector(
            platform,
            store,
            size=profile.poll.page_size,
            allowance=self._allowance,
            budget=lambda: self._caller.budget,
            demand=lambda: self._demand,
            on_page=self._page_kept,
            on_walked=self._walked,
            on_failure=self._walk_failed,
        )
        self._tracer = Tracer(
            platform,
            store,
            budget=lambda: self._caller.budget,
            on_store_trouble=self._line.store_failed,
        )
        self._correlator = Correlator(library or NoExchanges(), store, self._tracer)
        self._outbound = Outbound()
        self.recovery = Recoverer(
            profile,
            store,
            platform,
            self._outbound,
            ask=ask,
            follow=self._follow,
            on_reading=self._took,
            on_change=lambda error_id: self.changes.post("recovery", error_id),
            on_trouble=self._line.store_failed,
            lease_s=lease_s,
        )
        self._main: asyncio.Task[None] | None = None

    # What there is to see

    @property
    def connection(self) -> Connection:
        """How the platform answers as a whole; also says when the store does not keep."""
        return self._line.connection

    @property
    def budget(self) -> RateBudget:
        """The calls that the platform still allows."""
        return self._caller.budget

    @property
    def paused(self) -> bool:
        """Whether polling is paused."""
        return self._paused

    def views(self) -> list[RunView]:
        """Every watched run, in the order in which they were added."""
        return [self._view(watched) for watched in self._watched.values()]

    def view(self, run_id: str) -> RunView | None:
        """One watched run, `None` when it is not watched."""
        watched = self._watched.get(run_id)
        return None if watched is None else self._view(watched)

    def _view(self, watched: Watched) -> RunView:
        next_at = self._poller.next_at(watched.run_id)
        return watched.view(paused=self._paused, next_poll_at=next_at)

    # Commands

    async def watch(self, run_id: str, interval_s: float | None = None) -> None:
        """Watches a run from now on, also after a restart; polls it at once.

        `interval_s` is its own interval in seconds, the profile's when `None`; given for a run
        that is watched already, it changes. Raises RequestError for an id that cannot be one.
        """
        if not run_id.strip() or run_id.encode("utf-8", "ignore").decode() != run_id:
            raise RequestError(
                f"{run_id!r} cannot be the id of a run.",
                fix="Give the id as the platform shows it.",
            )
        if run_id not in self._watched:
            await self._keeper.kept(self.store.watch(run_id))
            await self._recall(run_id)
        watched = self._watched[run_id]
        if interval_s is not None:
            watched.set_interval(interval_s)
        self._poller.hurry(run_id)
        self.changes.post("runs")

    async def unwatch(self, run_id: str) -> None:
        """Watches the run no more; what is known of it stays in the store."""
        if self._watched.pop(run_id, None) is None:
            return
        self._poller.remove(run_id)
        self._collector.forget(run_id)
        self._set_demand(run_id, 0.0)
        self.changes.post("runs")
        await self._keeper.kept(self.store.unwatch(run_id))

    async def submit(self, text: str, idempotency_key: str) -> Started:
        """Starts a run with the JSON in `text`, and watches it at once.

        Raises InputError, and what `start_run` raises; then the same key is safe to use again.
        """
        started = await start_run(self._platform, self.store, body_in(text), idempotency_key)
        if started.trouble is not None:
            self._line.store_failed(started.trouble)
        await self.watch(started.run_id)
        return started

    def pause(self) -> None:
        """Asks the platform nothing more until `resume`; what is under way comes to its end."""
        self._paused = True
        self._poller.pause()
        self.recovery.pause()
        self._line.pause()
        self.changes.post("runs")

    def resume(self) -> None:
        """Polls again; what became due meanwhile is polled once."""
        self._paused = False
        self._poller.resume()
        self.recovery.resume()
        self._line.resume()
        self.changes.post("runs")

    def refresh(self, run_id: str | None = None) -> None:
        """Polls now: the one run even if it has ended, or all that have not.

        Also tries again what the platform denied, and failed records that could not be fetched.
        """
        self._line.again()
        self._collector.retry()
        if run_id is not None:
            if run_id in self._watched:
                self._poller.hurry(run_id)
            return
        for watched in self._watched.values():
            if self._paused and not watched.ended:
                self._poller.hurry(watched.run_id)
            elif not watched.ended:
                self._poller.add(watched.run_id)

    # Debugging

    async def correlate(self, request_id: str) -> Correlation:
        """Everything that is known to belong to a request; see `Correlator.correlate`.

        Asks the platform for the flow's trace, also while polling is paused.
        """
        nothing = Correlation(request_id=request_id, trace=nothing_to_ask())
        finding = self._correlator.correlate(request_id)
        return await self._keeper.keep(finding, otherwise=nothing)

    async def correlate_record(self, error: RecordError) -> Correlation | None:
        """What belongs to a failed record; `None` if it bears no id."""
        return await self._keeper.keep(self._correlator.of_record(error), otherwise=None)

    async def trace(self, execution_id: str, *, again: bool = False) -> TraceResult:
        """The trace of a flow's execution, or why there is none; with `again` asked for anew."""
        return await self._tracer.trace(execution_id, again=again)

    # Coming and going

    async def __aenter__(self) -> Self:
        known = await self._keeper.keep(self.store.watched(), otherwise=[])
        for run_id in dict.fromkeys((*known, *self.profile.runs)):
            await self._recall(run_id)
        for watched in self._watched.values():
            if not watched.ended:
                self._poller.add(watched.run_id)
            elif not watched.errors_complete:
                self._collector.want(watched.run_id, ended=True)
        self._main = asyncio.create_task(self._run(), name="monitor")
        self._main.add_done_callback(self._stopped)
        self.changes.post("runs")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        main = self._main
        if main is None:
            return
        main.cancel()
        await asyncio.wait([main])
        try:
            async with asyncio.timeout(FLUSH_S):
                await self._keeper.flush()
        except TimeoutError:
            log.warning("The store did not take the last calls within %s s", FLUSH_S)
        self.changes.close()
        if not main.cancelled() and (fault := main.exception()) is not None and error is None:
            raise fault

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keeper.run(), name="keeper")
            tasks.create_task(self._poller.run(), name="poller")
            tasks.create_task(self._collector.run(), name="collector")
            tasks.create_task(self._retain(), name="retention")
            tasks.create_task(self._recover(), name="recovery")

    def _stopped(self, main: asyncio.Task[None]) -> None:
        if main.cancelled() or (fault := main.exception()) is None:
            return
        log.error("Watching has stopped", exc_info=fault)
        self._line.broke(
            CxtopError(
                "Watching has stopped because of a fault in cxtop.",
                why=f"{type(fault).__name__}: {fault}",
                fix="Start cxtop again; what was seen is kept. Please report it with the log.",
            )
        )

    async def _recall(self, run_id: str) -> None:
        watched = self._watched[run_id] = Watched(run_id, self.profile.poll)
        self._set_demand(run_id, watched.demand)
        await self._keeper.kept(self._recall_kept(watched))
        if watched.ended:
            self._set_demand(run_id, 0.0)

    async def _recall_kept(self, watched: Watched) -> None:
        run_id = watched.run_id
        watched.recall(await self.store.run(run_id), await self.store.polls(run_id, limit=TREND))
        watched.errors_kept = await self.store.error_count(run_id)
        _, watched.errors_complete = await self.store.error_walk(run_id)

    async def _retain(self) -> None:
        keep = self.profile.retention
        while True:
            max_age = timedelta(days=keep.max_age_days)
            await self._keeper.kept(self.store.retain(max_age=max_age, max_bytes=keep.max_bytes))
            await asyncio.sleep(RETAIN_EVERY_S)

    # Polls

    async def _poll(self, run_id: str) -> float | None:
        watched = self._watched[run_id]
        over = watched.ended
        try:
            reading = await self._platform.run_status(run_id)
        except CxtopError as error:
            watched.failed(error)
            self._line.failed(error)
            if isinstance(error, RateLimitError):
                since = None if watched.run is None else watched.run.polled_at
                await self._keeper.kept(self.recovery.refused(run_id, error, since))
        else:
            self._line.answered()
            kept = await self._keep(watched, reading)
            # An end that the store did not take is asked for again: nobody else will tell it.
            over = watched.ended and kept
            if watched.ended and not kept:
                watched.interval_s = SLOWEST_S
        self.changes.post("run", run_id)
        self._set_demand(run_id, 0.0 if over else watched.demand)
        return None if over else self._planned_s(watched)

    async def _keep(self, watched: Watched, reading: StatusReading) -> bool:
        """Keeps before it shows, so that what was shown is never lost; whether all was kept."""
        run = watched.as_shown(reading.run)
        # Before its end is kept, as a run that is known to have ended is not polled again.
        kept = await self._keeper.kept(self.recovery.saw(run, reading.errors))
        kept = await self._keeper.kept(self.store.save_run(run)) and kept
        watched.answered(run)
        embedded = tuple(error.record_id for error in reading.errors)
        if embedded != watched.embedded:
            adding = self.store.add_errors(run.run_id, reading.errors)
            new = await self._keeper.keep(adding, otherwise=-1)
            if new >= 0:
                watched.embedded = embedded
                self._page_kept(run.run_id, watched.errors_kept + new)
            kept = kept and new >= 0
        if watched.has_more_errors() and kept:
            await self._want_records(watched, run)
        return kept

    async def _want_records(self, watched: Watched, run: ActionRun) -> None:
        if run.status is RunStatus.COMPLETED and run.errors == 0 == watched.errors_kept:
            await self._keeper.kept(self.store.set_error_walk(run.run_id, 1, True))
            watched.errors_complete = True
        else:
            self._collector.want(run.run_id, ended=watched.ended)

    def _planned_s(self, watched: Watched) -> float:
        now = datetime.now(UTC)
        self._allowance.look(self._caller.budget, now)
        planned = self._allowance.planned_s(watched.interval_s, demand=self._demand, now=now)
        watched.planned_s = planned
        return planned

    def _set_demand(self, run_id: str, polls_per_s: float) -> None:
        self._demand += polls_per_s - self._demands.pop(run_id, 0.0)
        if polls_per_s:
            self._demands[run_id] = polls_per_s

    # Recovery

    async def _recover(self) -> None:
        async with self._outbound:
            await self.recovery.run()

    async def _follow(self, run_id: str) -> None:
        """Watches a run whose end a recovery waits for, and tells of an end that is known."""
        watched = self._watched.get(run_id)
        if watched is None:
            await self.watch(run_id)
        elif watched.ended:
            self._poller.hurry(run_id)

    async def _took(self, reading: StatusReading) -> None:
        """Takes in an answer that recovery asked for."""
        run_id = reading.run.run_id
        if (watched := self._watched.get(run_id)) is None:
            return
        await self._keep(watched, reading)
        self._set_demand(run_id, 0.0 if watched.ended else watched.demand)
        if not watched.ended:
            self._poller.add(run_id, delay_s=self._planned_s(watched))
        self.changes.post("run", run_id)

    # Failed records

    def _page_kept(self, run_id: str, kept: int) -> None:
        if watched := self._watched.get(run_id):
            watched.errors_kept = kept
            self.changes.post("errors", run_id)
            self.changes.post("run", run_id)

    def _walked(self, run_id: str, walked: Walked) -> None:
        self._line.store_works()
        if watched := self._watched.get(run_id):
            watched.errors_complete = walked.complete
            watched.records_trouble = None
        if walked.complete:
            self.recovery.records_came(run_id)
        self._page_kept(run_id, walked.kept)

    def _walk_failed(self, run_id: str, error: CxtopError) -> None:
        if isinstance(error, StoreError):
            self._line.store_failed(error)
        else:
            self._line.failed(error)
        if watched := self._watched.get(run_id):
            watched.records_trouble = error
            self.changes.post("run", run_id)

    # Calls and connection

    def see_call(self, call: Call) -> None:
        """Takes in how a call goes; to be given to the caller as its `record`."""
        self._keeper.add_call(call)
        self.changes.post("call", call.call_id)
        self.changes.post("budget")
        watched = self._watched.get(call.run_id or "")
        if watched is not None and watched.calling(call):
            self.changes.post("run", watched.run_id)
        if call.state is CallState.WAITING and len(call.attempts) >= 2:
            last = call.attempts[-1]
            if last.status is None:
                what = f"No answer came to {len(call.attempts)} attempts. {last.detail}"
                self._line.unanswered(what)

    def _connection_changed(self) -> None:
        denied = self._line.denied
        self._poller.set_gap(SLOWEST_S if denied else 0.0)
        if denied or self.connection.state is ConnectionState.PAUSED:
            self._collector.hold()
        else:
            self._collector.go_on()
        self.changes.post("connection")
