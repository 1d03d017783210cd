"""When each run is asked: a heap of due times, one task that watches it, one task a poll."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ..models import RateBudget
from .allowance import Allowance

Poll = Callable[[str], Awaitable[float | None]]

JITTER = 0.05
"""Due times are spread by this share of the interval, so that runs do not march in step."""


class Poller:
    """Calls `poll(run_id)` again and again for each run, with the interval that it returned.

    `poll` returns the seconds until the run's next poll, or `None` when there is none. At most
    one poll of a run is under way, and its next one is planned when it ends, so polls never
    pile up and a run whose poll takes long holds up no other. `budget` tells the rate budget;
    polls that it does not allow yet go later.
    """

    def __init__(
        self,
        poll: Poll,
        *,
        allowance: Allowance,
        budget: Callable[[], RateBudget],
        jitter: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311
    ) -> None:
        self._poll = poll
        self._allowance = allowance
        self._budget = budget
        self._jitter = jitter
        self._heap: list[tuple[float, int, str]] = []
        self._plans: dict[str, tuple[float, int]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._count = 0
        self._wake = asyncio.Event()
        self._paused = False
        self._gap_s = 0.0
        self._last = float("-inf")

    def add(self, run_id: str, *, delay_s: float = 0.0) -> None:
        """Plans the run's next poll in `delay_s` seconds, whatever was planned before.

        A poll that is under way is let go on, and plans the next one itself.
        """
        if run_id not in self._running:
            self._plan(run_id, asyncio.get_running_loop().time() + delay_s)

    def hurry(self, run_id: str) -> None:
        """Polls the run now, before all others, even when paused, whatever the budget says."""
        if run_id not in self._running:
            self._plan(run_id, float("-inf"))

    def remove(self, run_id: str) -> None:
        """Never polls the run again; a poll that is under way is broken off."""
        self._plans.pop(run_id, None)
        if task := self._running.pop(run_id, None):
            task.cancel()

    def pause(self) -> None:
        """Starts no poll until `resume`; those under way go on."""
        self._paused = True

    def resume(self) -> None:
        """Goes on: what became due meanwhile is polled once."""
        self._paused = False
        self._wake.set()

    def set_gap(self, seconds: float) -> None:
        """Lets at least so many seconds pass between any two polls; 0 for as many as there are."""
        self._gap_s = seconds
        self._wake.set()

    def next_at(self, run_id: str) -> datetime | None:
        """When the run is polled next, `None` when that is not planned or is under way."""
        plan = self._plans.get(run_id)
        if plan is None:
            return None
        wait = max(0.0, plan[0] - asyncio.get_running_loop().time())
        return datetime.now(UTC) + timedelta(seconds=wait)

    def _plan(self, run_id: str, when: float) -> None:
        self._count += 1
        self._plans[run_id] = (when, self._count)
        heapq.heappush(self._heap, (when, self._count, run_id))
        if len(self._heap) > 2 * len(self._plans) + 64:
            self._heap = [(when, count, key) for key, (when, count) in self._plans.items()]
            heapq.heapify(self._heap)
        if self._heap[0][2] == run_id:
            self._wake.set()

    async def run(self) -> None:
        """Polls until it is cancelled; polls under way are cancelled with it."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                wait = self._start_due(tasks)
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _start_due(self, tasks: asyncio.TaskGroup) -> float | None:
        """Starts the polls that are due; the seconds until it is worth looking again."""
        now = asyncio.get_running_loop().time()
        while self._heap:
            when, count, run_id = self._heap[0]
            if self._plans.get(run_id) != (when, count):
                heapq.heappop(self._heap)
                continue
            if self._paused and when > float("-inf"):
                return None
            if when > now:
                return when - now
            if when > float("-inf") and (wait := self._held_up(now)) > 0:
                return wait
            heapq.heappop(self._heap)
            del self._plans[run_id]
            self._allowance.spend_poll()
            self._last = now
            self._running[run_id] = tasks.create_task(self._once(run_id), name=f"poll {run_id}")
        return None

    def _held_up(self, now: float) -> float:
        moment = datetime.now(UTC)
        self._allowance.look(self._budget(), moment)
        return max(self._last + self._gap_s - now, self._allowance.wait_s(moment))

    async def _once(self, run_id: str) -> None:
        after = await self._poll(run_id)
        if self._running.get(run_id) is not asyncio.current_task():
            return
        del self._running[run_id]
        if after is not None:
            when = asyncio.get_running_loop().time() + after * self._jitter()
            self._plan(run_id, when)
