"""Giving notice of what a monitor sees, each event once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from ...errors import CxtopError
from ...store import notices
from ...store.leases import Lease
from ..leases import LEASE_S, Workbench
from ..outbound import Outbound
from .composing import notice_of
from .events import SETTLE_S, Events, Watching
from .judging import FRESH, Event
from .kept import Kept, store_failed
from .notice import Notice, Occasion
from .sending import BASE_S, Sender, targets_of

log = logging.getLogger(__name__)

NoticeListener = Callable[[Notice], None]
TroubleListener = Callable[[CxtopError], None]


class Notifier:
    """Looks at what changes, and gives notice of what the profile wants to be told.

    Used in `async with`, inside the monitor's own. A notice is kept in the store before it goes
    anywhere, so that no restart and no second cxtop repeats it, and none that is on its way to a
    webhook is lost. `hear` is for faces: the bell, the title.
    """

    def __init__(
        self,
        monitor: Watching,
        *,
        base_s: float = BASE_S,
        settle_s: float = SETTLE_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._monitor = monitor
        self._since = datetime.now(UTC)
        self._kept = Kept(monitor.store)
        self._outbound = Outbound()
        self._listeners: list[tuple[NoticeListener, TroubleListener]] = []
        self._sender = Sender(
            monitor.store,
            targets_of(monitor.profile),
            self._outbound,
            on_trouble=self._trouble,
            base_s=base_s,
        )
        self._bench: Workbench[notices.Pending] = Workbench(
            monitor.store,
            next_due=lambda c, now: notices.next_due(c, now, self._sender.living),
            claim=lambda c, now, ttl_s: notices.claim(c, now, ttl_s, self._sender.living),
            do=self._post,
            on_trouble=store_failed,
            lease_s=lease_s,
        )
        self._given: set[str] = set()
        self._calm: set[str] = set()  # keys of events that need an alarm, and there was none
        self._events = Events(
            monitor, self._kept, self._is_told, since=self._since, settle_s=settle_s
        )
        self._looking = asyncio.Lock()
        self._posted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ignore: Callable[[], None] = lambda: None

    def hear(self, on_notice: NoticeListener, on_trouble: TroubleListener) -> None:
        """From now on tells of every notice, and of webhooks that fail."""
        self._listeners.append((on_notice, on_trouble))

    async def __aenter__(self) -> Self:
        self._ignore = self._monitor.changes.subscribe(self._events.note)
        self._events.runs = {view.run_id for view in self._monitor.views()}
        self._events.noted.set()
        self._tasks = [
            asyncio.create_task(self._judge(), name="notices"),
            asyncio.create_task(self._bench.run(), name="notices delivered"),
        ]
        for task in self._tasks:
            task.add_done_callback(_log_fault)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ignore()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._outbound.__aexit__(kind, error, trace)

    async def finish(self, within_s: float) -> None:
        """Gives at once all notices that there are to give, and waits until they were posted.

        Not longer than `within_s` seconds, and once each: what is on its way then stays in the
        store, for the next cxtop.
        """
        events = self._events
        events.hold_nothing()
        for view in self._monitor.views():
            events.runs.add(view.run_id)
            recovery = await self._kept.recovery_of(view.run_id)
            if recovery is not None:
                events.errors.add(recovery.error_id)
        while events.runs or events.errors:
            await self._look()
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self._posted.clear()
                    if not await self._kept.untried(self._since, self._sender.living):
                        return
                    await self._posted.wait()
        except TimeoutError:
            return

    async def _post(self, pending: notices.Pending, lease: Lease) -> None:
        await self._sender.deliver(pending, lease)
        self._posted.set()

    async def _judge(self) -> None:
        # What became a dead letter a short while ago, with nobody there to tell it.
        self._events.errors.update(await self._kept.letters_since(self._since - FRESH))
        while True:
            # In time for what is held back, when nothing else changes.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._events.patience()):
                    await self._events.noted.wait()
            self._events.noted.clear()
            await self._look()

    async def _look(self) -> None:
        async with self._looking:
            for event in await self._events.found():
                await self._give(event)

    # Giving notice

    async def _give(self, event: Event) -> None:
        self._events.release(event.subject)
        if event.after and not await self._was_told(event.after):
            self._calm.add(event.key)
            return
        monitor = self._monitor
        notice = await notice_of(event, monitor.profile, self._kept, monitor.store.redactor)
        # In memory too: a store that fails must not have it repeated with every poll.
        self._given.add(event.key)
        self._calm.clear()
        first = await self._kept.add(event, notice, self._sender.living)
        if first:
            self._given.update(event.also)
        if event.occasion is Occasion.ENDED:
            self._events.end_told(event.subject)
        if first:
            log.debug("Notice: %s", notice.headline)
            self._bench.wake()
            for heard, _ in self._listeners:
                heard(notice)

    def _is_told(self, key: str) -> bool:
        """Whether a notice of it was given here, or is not to be."""
        return key in self._given or key in self._calm

    async def _was_told(self, keys: Sequence[str]) -> bool:
        return bool(self._given.intersection(keys)) or await self._kept.known(keys)

    # What fails

    def _trouble(self, error: CxtopError) -> None:
        log.warning("%s", error)
        for _, troubled in self._listeners:
            troubled(error)


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("Notices have stopped", exc_info=fault)
