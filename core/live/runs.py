"""The watched runs: each polled at its own pace, kept before it is shown, its records fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ..config import PollSettings
from ..errors import CxtopError, RateLimitError, StoreError
from ..models import ActionRun, Call, RateBudget, RunStatus, RunView
from ..platforms import Platform, StatusReading
from ..store import Store
from .allowance import Allowance
from .changes import Changes
from .collecting import Collector
from .connection import Line
from .keeping import Keeper
from .movement import TREND
from .pace import SLOWEST_S
from .polling import Poller
from .recovery import Recoverer
from .walking import Walked
from .watched import Watched


class Runs:
    """Polls runs while `run` does, and keeps what they answer; nothing raises here.

    What a poll told goes to `recovery` before it is kept, and it is kept before it is shown.
    Trouble is told to `line`, what changed to `changes`.
    """

    def __init__(
        self,
        settings: PollSettings,
        store: Store,
        platform: Platform,
        recovery: Recoverer,
        *,
        keeper: Keeper,
        line: Line,
        changes: Changes,
        budget: Callable[[], RateBudget],
    ) -> None:
        self._settings = settings
        self._store = store
        self._platform = platform
        self._recovery = recovery
        self._keeper = keeper
        self._line = line
        self._changes = changes
        self._budget = budget
        self._watched: dict[str, Watched] = {}
        self._demands: dict[str, float] = {}
        self._demand = 0.0
        self._paused = False
        self._allowance = Allowance(settings.budget_share, now=datetime.now(UTC))
        self.poller = Poller(self._poll, allowance=self._allowance, budget=budget)
        self._collector = Collector(
            platform,
            store,
            size=settings.page_size,
            allowance=self._allowance,
            budget=budget,
            demand=lambda: self._demand,
            on_page=self._page_kept,
            on_walked=self._walked,
            on_failure=self._walk_failed,
        )

    def views(self) -> list[RunView]:
        """Every watched run, in the order in which they were added."""
        return [self._view(watched) for watched in self._watched.values()]

    def view(self, run_id: str) -> RunView | None:
        """One watched run, `None` when it is not watched."""
        watched = self._watched.get(run_id)
        return None if watched is None else self._view(watched)

    def _view(self, watched: Watched) -> RunView:
        next_at = self.poller.next_at(watched.run_id)
        return watched.view(paused=self._paused, next_poll_at=next_at)

    # Coming and going

    async def begin(self, run_ids: Iterable[str]) -> None:
        """Watches these as the store knows them; those that have not ended are polled."""
        await self.recall(run_ids)
        for watched in self._watched.values():
            if not watched.ended:
                self.poller.add(watched.run_id)
            elif not watched.errors_complete:
                self._collector.want(watched.run_id, ended=True)

    async def recall(self, run_ids: Iterable[str]) -> None:
        """Knows these as the store knows them, and polls none."""
        for run_id in run_ids:
            await self._recall(run_id)
        self._changes.post("runs")

    async def run(self) -> None:
        """Polls, and fetches failed records, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.poller.run(), name="poller")
            tasks.create_task(self._collector.run(), name="collector")

    async def watch(self, run_id: str, interval_s: float | None = None) -> None:
        """Watches a run, also after a restart, and polls it at once; see `Monitor.watch`."""
        if run_id not in self._watched:
            await self._keeper.kept(self._store.watch(run_id))
            await self._recall(run_id)
        if interval_s is not None:
            self._watched[run_id].set_interval(interval_s)
        self.poller.hurry(run_id)
        self._changes.post("runs")

    async def unwatch(self, run_id: str) -> None:
        """Watches the run no more; what is known of it stays in the store."""
        if self._watched.pop(run_id, None) is None:
            return
        self.poller.remove(run_id)
        self._collector.forget(run_id)
        self._set_demand(run_id, 0.0)
        self._changes.post("runs")
        await self._keeper.kept(self._store.unwatch(run_id))

    async def _recall(self, run_id: str) -> None:
        watched = self._watched[run_id] = Watched(run_id, self._settings)
        self._set_demand(run_id, watched.demand)
        await self._keeper.kept(self._recall_kept(watched))
        if watched.ended:
            self._set_demand(run_id, 0.0)

    async def _recall_kept(self, watched: Watched) -> None:
        run_id = watched.run_id
        watched.recall(await self._store.run(run_id), await self._store.polls(run_id, limit=TREND))
        watched.errors_kept = await self._store.error_count(run_id)
        _, watched.errors_complete = await self._store.error_walk(run_id)

    # Commands

    def pause(self) -> None:
        """Starts no poll until `resume`."""
        self._paused = True
        self.poller.pause()

    def resume(self) -> None:
        """Polls again; what became due meanwhile is polled once."""
        self._paused = False
        self.poller.resume()

    def refresh(self, run_id: str | None = None) -> None:
        """Polls now: the one run even if it has ended, or all that have not."""
        self._collector.retry()
        if run_id is not None:
            if run_id in self._watched:
                self.poller.hurry(run_id)
            return
        for watched in self._watched.values():
            if self._paused and not watched.ended:
                self.poller.hurry(watched.run_id)
            elif not watched.ended:
                self.poller.add(watched.run_id)

    def hold(self, *, denied: bool, still: bool) -> None:
        """Asks seldom while the platform denies the client; `still`: fetches no records."""
        self.poller.set_gap(SLOWEST_S if denied else 0.0)
        if still:
            self._collector.hold()
        else:
            self._collector.go_on()

    async def follow(self, run_id: str) -> None:
        """Watches a run whose end a recovery waits for, and tells of an end that is known."""
        watched = self._watched.get(run_id)
        if watched is None:
            await self.watch(run_id)
        elif watched.ended:
            self.poller.hurry(run_id)

    # Polls

    async def _poll(self, run_id: str) -> float | None:
        watched = self._watched[run_id]
        over = watched.ended
        try:
            reading = await self._platform.run_status(run_id)
        except CxtopError as error:
            await self._failed(watched, error)
        else:
            self._line.answered()
            kept = await self._keep(watched, reading)
            # An end that the store did not take is asked for again: nobody else will tell it.
            over = watched.ended and kept
            if watched.ended and not kept:
                watched.interval_s = SLOWEST_S
        self._changes.post("run", run_id)
        self._set_demand(run_id, 0.0 if over else watched.demand)
        return None if over else self._planned_s(watched)

    async def _failed(self, watched: Watched, error: CxtopError) -> None:
        watched.failed(error)
        self._line.failed(error)
        if isinstance(error, RateLimitError):
            since = None if watched.run is None else watched.run.polled_at
            await self._keeper.kept(self._recovery.refused(watched.run_id, error, since))

    async def took(self, reading: StatusReading) -> None:
        """Takes in an answer that recovery asked for."""
        run_id = reading.run.run_id
        if (watched := self._watched.get(run_id)) is None:
            return
        await self._keep(watched, reading)
        self._set_demand(run_id, 0.0 if watched.ended else watched.demand)
        if not watched.ended:
            self.poller.add(run_id, delay_s=self._planned_s(watched))
        self._changes.post("run", run_id)

    async def _keep(self, watched: Watched, reading: StatusReading) -> bool:
        """Keeps before it shows, so that what was shown is never lost; whether all was kept."""
        run = watched.as_shown(reading.run)
        # Before its end is kept, as a run that is known to have ended is not polled again.
        kept = await self._keeper.kept(self._recovery.saw(run, reading.errors))
        kept = await self._keeper.kept(self._store.save_run(run)) and kept
        watched.answered(run)
        embedded = tuple(error.record_id for error in reading.errors)
        if embedded != watched.embedded:
            adding = self._store.add_errors(run.run_id, reading.errors)
            new = await self._keeper.keep(adding, otherwise=-1)
            if new >= 0:
                watched.embedded = embedded
                self._page_kept(run.run_id, watched.errors_kept + new)
            kept = kept and new >= 0
        if watched.has_more_errors() and kept:
            await self._want_records(watched, run)
        return kept

    def see_call(self, call: Call) -> None:
        """Takes in how the call of a poll goes."""
        watched = self._watched.get(call.run_id or "")
        if watched is not None and watched.calling(call):
            self._changes.post("run", watched.run_id)

    def _planned_s(self, watched: Watched) -> float:
        now = datetime.now(UTC)
        self._allowance.look(self._budget(), now)
        planned = self._allowance.planned_s(watched.interval_s, demand=self._demand, now=now)
        watched.planned_s = planned
        return planned

    def _set_demand(self, run_id: str, polls_per_s: float) -> None:
        self._demand += polls_per_s - self._demands.pop(run_id, 0.0)
        if polls_per_s:
            self._demands[run_id] = polls_per_s

    # Failed records

    async def _want_records(self, watched: Watched, run: ActionRun) -> None:
        if run.status is RunStatus.COMPLETED and run.errors == 0 == watched.errors_kept:
            await self._keeper.kept(self._store.set_error_walk(run.run_id, 1, True))
            watched.errors_complete = True
        else:
            self._collector.want(run.run_id, ended=watched.ended)

    def _page_kept(self, run_id: str, kept: int) -> None:
        if watched := self._watched.get(run_id):
            watched.errors_kept = kept
            self._changes.post("errors", run_id)
            self._changes.post("run", run_id)

    def _walked(self, run_id: str, walked: Walked) -> None:
        self._line.store_works()
        if watched := self._watched.get(run_id):
            watched.errors_complete = walked.complete
            watched.records_trouble = None
        if walked.complete:
            self._recovery.records_came(run_id)
        self._page_kept(run_id, walked.kept)

    def _walk_failed(self, run_id: str, error: CxtopError) -> None:
        if isinstance(error, StoreError):
            self._line.store_failed(error)
        else:
            self._line.failed(error)
        if watched := self._watched.get(run_id):
            watched.records_trouble = error
            self._changes.post("run", run_id)
