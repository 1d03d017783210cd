"""The façade that faces talk to: watching runs, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ..config import Profile
from ..errors import CxtopError, RequestError
from ..models import (
    Call,
    CallState,
    Connection,
    ConnectionState,
    Correlation,
    RateBudget,
    RecordError,
    RunView,
    TraceResult,
)
from ..platforms import DIALECTS, Platform
from ..sources import Library
from ..store import Store
from .changes import Changes
from .connection import Line
from .correlation import Correlator, NoExchanges
from .executing import Executor
from .exhibited import Exhibit
from .health import Health
from .healthreports import HealthReports
from .keeping import Keeper
from .leases import LEASE_S
from .outbound import Outbound
from .recovery import Recoverer
from .rollback import Ask
from .runs import Runs
from .submitting import Started, body_in, start_run
from .tracing import Tracer, nothing_to_ask

if TYPE_CHECKING:
    from .notify import Notifier

log = logging.getLogger(__name__)

FLUSH_S = 0.5
"""How long closing waits for the store to take the last calls."""

RETAIN_EVERY_S = 3600.0
# Another host may give the tokens, so that its answer tells nothing of the platform.
_TOKEN = "token"  # noqa: S105 - names an operation, holds no secret


class Metered(Protocol):
    """What the monitor needs of `http.Caller`."""

    @property
    def budget(self) -> RateBudget: ...


class Monitor:
    """Watches runs: polls them, keeps what it sees in the store, and says what changed.

    Used in `async with`, in one event loop. On entering, the runs that the store and the profile
    name are there as they were last known; then they are caught up with. `see_call` is to be the
    caller's `record`; `library` holds the captured exchanges and `executor` runs actions, for
    faces; `now` is what figures of actions are dated by. Trouble with the platform or the store
    never raises here: it is in the views and in `connection`. What changed is posted to `changes`
    by key.
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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.profile = profile
        self.store = store
        self.library = library
        self.executor = executor
        self.notifier: Notifier | None = None
        self.exhibit: Exhibit | None = None
        self.changes = Changes()
        self._platform = platform
        self._caller = caller
        self._paused = False
        self._line = Line(self._connection_changed)
        self._keeper = Keeper(
            store, on_trouble=self._line.store_failed, on_success=self._line.store_works
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
            follow=lambda run_id: self._runs.follow(run_id),
            on_reading=lambda reading: self._runs.took(reading),
            on_change=lambda error_id: self.changes.post("recovery", error_id),
            on_trouble=self._line.store_failed,
            lease_s=lease_s,
        )
        self._runs = Runs(
            profile.poll,
            store,
            platform,
            self.recovery,
            keeper=self._keeper,
            line=self._line,
            changes=self.changes,
            budget=lambda: self._caller.budget,
        )
        dialect = DIALECTS.get(profile.platform)
        self.health = Health(
            profile.health,
            store,
            HealthReports(store, platform, now=now),
            keeper=self._keeper,
            line=self._line,
            post=lambda action_id: self.changes.post("health", action_id),
            budget=lambda: self._caller.budget,
            asks=dialect is not None and dialect.has_analytics,
            now=now,
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
        return self._runs.views()

    def view(self, run_id: str) -> RunView | None:
        """One watched run, `None` when it is not watched."""
        return self._runs.view(run_id)

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
        await self._runs.watch(run_id, interval_s)

    async def unwatch(self, run_id: str) -> None:
        """Watches the run no more; what is known of it stays in the store."""
        await self._runs.unwatch(run_id)

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
        self._runs.pause()
        self.recovery.pause()
        self.health.pause()
        self._line.pause()
        self.changes.post("runs")

    def resume(self) -> None:
        """Polls again; what became due meanwhile is polled once."""
        self._paused = False
        self._runs.resume()
        self.recovery.resume()
        self.health.resume()
        self._line.resume()
        self.changes.post("runs")

    def refresh(self, run_id: str | None = None) -> None:
        """Polls now: the one run even if it has ended, or all that have not.

        Also tries again what the platform denied, and failed records that could not be fetched.
        """
        self._line.again()
        self._runs.refresh(run_id)

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
        await self._runs.begin(dict.fromkeys((*known, *self.profile.runs)))
        await self.health.begin()
        self._main = asyncio.create_task(self._run(), name="monitor")
        self._main.add_done_callback(self._stopped)
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
            tasks.create_task(self._runs.run(), name="runs")
            tasks.create_task(self._retain(), name="retention")
            tasks.create_task(self._recover(), name="recovery")
            tasks.create_task(self.health.run(), name="health")

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

    async def _retain(self) -> None:
        keep = self.profile.retention
        while True:
            dropping = self.store.retain(
                max_age=keep.max_age, max_bytes=keep.max_bytes, max_audit_age=keep.max_audit_age
            )
            await self._keeper.kept(dropping)
            await asyncio.sleep(RETAIN_EVERY_S)

    async def _recover(self) -> None:
        async with self._outbound:
            await self.recovery.run()

    # Calls and connection

    def see_call(self, call: Call) -> None:
        """Takes in how a call goes; to be given to the caller as its `record`."""
        self._keeper.add_call(call)
        self.changes.post("call", call.call_id)
        self.changes.post("budget")
        self._runs.see_call(call)
        if call.state is CallState.DONE and call.operation != _TOKEN:
            # Where no run is watched, no poll tells that the platform answers.
            self._line.answered()
        elif call.state is CallState.WAITING and len(call.attempts) >= 2:
            last = call.attempts[-1]
            if last.status is None:
                what = f"No answer came to {len(call.attempts)} attempts. {last.detail}"
                self._line.unanswered(what)

    def _connection_changed(self) -> None:
        still = self._line.denied or self.connection.state is ConnectionState.PAUSED
        self._runs.hold(denied=self._line.denied, still=still)
        self.changes.post("connection")
