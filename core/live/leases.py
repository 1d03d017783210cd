"""Doing work that the store holds, each piece by one process at a time.

A piece is taken together with a lease that ends by itself, so that what a killed process left is
taken up by another one; while a piece is worked on its lease is renewed.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from ..errors import StoreError
from ..store import Store
from ..store import leases as kept
from ..store.leases import Lease, LeaseLostError

T = TypeVar("T")

log = logging.getLogger(__name__)

LEASE_S = 15.0
"""What a killed process worked on waits so long for another one."""

WIDTH = 4
"""So many pieces are worked on at a time."""

Due = Callable[[sqlite3.Connection, datetime], datetime | None]
Claim = Callable[[sqlite3.Connection, datetime, float], tuple[T, Lease] | None]


class Workbench(Generic[T]):
    """Takes what is due from the store and has it done.

    `next_due` is a query that tells when the first free piece is due, `claim` a job that takes
    it with its lease, `do` does it: it shows the lease with what it writes. `look` is called
    every third of a lease's time, when what other processes left is looked for, too.
    `on_trouble` hears of a store that fails; the work is tried again later.
    """

    def __init__(
        self,
        store: Store,
        *,
        next_due: Due,
        claim: Claim[T],
        do: Callable[[T, Lease], Awaitable[None]],
        on_trouble: Callable[[StoreError], None],
        look: Callable[[], Awaitable[None]] | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._next_due = next_due
        self._claim = claim
        self._do = do
        self._on_trouble = on_trouble
        self._look = look
        self._lease_s = lease_s
        self._wake = asyncio.Event()
        self._busy = 0
        self._paused = False

    def wake(self) -> None:
        """Look now: something may be due."""
        self._wake.set()

    def pause(self) -> None:
        """Begin nothing until `resume`; what is under way comes to its end."""
        self._paused = True

    def resume(self) -> None:
        """Go on."""
        self._paused = False
        self._wake.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            looked = float("-inf")
            while True:
                self._wake.clear()
                now = asyncio.get_running_loop().time()
                try:
                    if self._look is not None and now >= looked + self._lease_s / 3:
                        looked = now
                        await self._look()
                    wait_s = await self._start_due(tasks)
                except StoreError as error:
                    self._on_trouble(error)
                    # A store that fails is not asked again at once, whoever wakes this.
                    await asyncio.sleep(self._lease_s / 3)
                    continue
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _start_due(self, tasks: asyncio.TaskGroup) -> float:
        """Starts what is due; the seconds until it is worth looking again."""
        longest = self._lease_s / 3
        while not self._paused and self._busy < WIDTH:
            now = datetime.now(UTC)
            due = await self._store.readers.read(lambda c, now=now: self._next_due(c, now))
            if due is None:
                return longest
            if due > now:
                return min(longest, (due - now).total_seconds())
            taken = await self._store.writer.submit(
                lambda c, now=now: self._claim(c, now, self._lease_s)
            )
            if taken is not None:
                self._busy += 1
                tasks.create_task(self._one(*taken), name=taken[1].name)
        return longest

    async def _one(self, piece: T, lease: Lease) -> None:
        try:
            await self.hold(lease, self._do(piece, lease))
        except StoreError as error:
            self._on_trouble(error)
            await asyncio.sleep(self._lease_s / 3)
        finally:
            self._busy -= 1
            self._wake.set()

    async def hold(self, lease: Lease, doing: Awaitable[None]) -> None:
        """Has `doing` done while the lease is renewed, and gives the lease back.

        What is done for a lease that was lost is broken off, quietly: another one does it.
        Raises what `doing` raises.
        """
        work = asyncio.ensure_future(doing)
        beat = asyncio.create_task(self._renew(lease), name=f"{lease.name} renewed")
        try:
            await asyncio.wait((work, beat), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                beat.result()
            await work
        except LeaseLostError:
            log.info("%s was taken over by another process", lease.name)
        finally:
            for task in (work, beat):
                task.cancel()
            await asyncio.wait((work, beat))
            await self._store.writer.submit(lambda c: kept.release(c, lease))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            await self._store.writer.submit(
                lambda c: kept.renew(c, lease, datetime.now(UTC), self._lease_s)
            )
