"""Which runs' failed records are fetched now, so that all come to an end and none crowds out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from ..errors import CxtopError
from ..models import RateBudget
from ..platforms import Platform
from ..store import Store
from .allowance import Allowance
from .walking import Walk, Walked

AT_ONCE = 2
"""Pages that are under way at a time, of all runs together."""

RETRY_S = 5.0
SLOWEST_RETRY_S = 300.0


class Collector:
    """Walks through the failed records of runs, one walk a run, a page of each in turn.

    `want` says that a run has more; `on_page(run_id, kept)` is called after each page and
    `on_walked` at the end of each walk. A walk that fails is taken up again later, where it
    stopped; `on_failure` hears of it. `demand` tells the polls a second that must stay possible.
    """

    def __init__(
        self,
        platform: Platform,
        store: Store,
        *,
        size: int,
        allowance: Allowance,
        budget: Callable[[], RateBudget],
        demand: Callable[[], float],
        on_page: Callable[[str, int], None],
        on_walked: Callable[[str, Walked], None],
        on_failure: Callable[[str, CxtopError], None],
    ) -> None:
        self._platform = platform
        self._store = store
        self._size = size
        self._allowance = allowance
        self._budget = budget
        self._demand = demand
        self._on_page = on_page
        self._on_walked = on_walked
        self._on_failure = on_failure
        self._wishes: dict[str, bool] = {}
        self._walking: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._again = asyncio.Event()

    def want(self, run_id: str, *, ended: bool) -> None:
        """The run has failed records that are not kept yet; `ended`: and no more will come."""
        self._wishes[run_id] = ended or self._wishes.get(run_id, False)
        self._wake.set()

    def forget(self, run_id: str) -> None:
        """Fetches no more of the run's records."""
        self._wishes.pop(run_id, None)
        if task := self._walking.pop(run_id, None):
            task.cancel()

    def hold(self) -> None:
        """Fetches no page until `go_on`."""
        self._open.clear()

    def go_on(self) -> None:
        """Fetches pages again."""
        self._open.set()

    def retry(self) -> None:
        """Takes up now what failed and waits to be taken up."""
        self._again.set()
        self._again.clear()

    async def run(self) -> None:
        """Fetches what is wanted until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wake.wait()
                self._wake.clear()
                for run_id in self._wishes.keys() - self._walking.keys():
                    walk = self._collect(run_id)
                    self._walking[run_id] = tasks.create_task(walk, name=f"walk {run_id}")

    async def _collect(self, run_id: str) -> None:
        retry_s = RETRY_S
        try:
            while run_id in self._wishes:
                ended = self._wishes.pop(run_id)
                try:
                    self._on_walked(run_id, await self._walk(run_id, ended).run())
                except CxtopError as error:
                    self._wishes[run_id] = ended or self._wishes.get(run_id, False)
                    self._on_failure(run_id, error)
                    await self._until_again(retry_s)
                    retry_s = min(SLOWEST_RETRY_S, retry_s * 2)
        finally:
            if self._walking.get(run_id) is asyncio.current_task():
                del self._walking[run_id]

    async def _until_again(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._again.wait()
        except TimeoutError:
            return

    def _walk(self, run_id: str, ended: bool) -> Walk:
        return Walk(
            self._platform,
            self._store,
            run_id,
            size=self._size,
            ended=ended,
            turn=self._turn,
            on_page=lambda kept: self._on_page(run_id, kept),
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self._places:
            while True:
                await self._open.wait()
                now = datetime.now(UTC)
                self._allowance.look(self._budget(), now)
                wait = self._allowance.page_wait_s(demand=self._demand(), now=now)
                if wait <= 0:
                    break
                await asyncio.sleep(min(wait, 1.0))
            self._allowance.spend_page(now)
            yield
