"""Following runs, and those that recovery starts in the place of failed ones, to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

from ..errors import StoreError
from ..models import ActionRun, Recovery, RecoveryState
from ..platforms import StatusReading
from .lookout import Lookout
from .notify import Notifier, targets_of
from .outbound import Outbound
from .recovery import Recoverer
from .session import Session
from .watching import watch_runs

LAST_S = 5.0
"""What is on its way to a webhook in the end is waited for so long; it stays in the store."""


async def see_through(
    session: Session,
    run_ids: Iterable[str],
    *,
    on_recovery: Callable[[Recovery], None] = lambda recovery: None,
    on_store_trouble: Callable[[StoreError], None] = lambda error: None,
    **watching: Any,
) -> AsyncGenerator[ActionRun, None]:
    """Each good poll of runs, and of every run that is submitted again because one failed.

    What cxtop submitted and what fails is handled as the app would (contract §5); the watch ends
    when nothing more is done about any of it, and of a lineage the last run that came out tells
    how it went. `on_recovery` hears how a recovery goes on, `on_store_trouble` of a store that
    fails. Other runs are looked at only. Notice of what happens is given to the webhooks of the
    profile. `watching` are further arguments of `watch_runs`, which says what is raised; its
    `on_reading` and `then` are taken. Leave it early through `contextlib.aclosing`.
    """
    wanted = list(dict.fromkeys(run_ids))
    ours = [run_id for run_id in wanted if await session.store.submission(run_id) is not None]
    async with AsyncExitStack() as stack:
        lookout = await stack.enter_async_context(_lookout(session))
        how: dict[str, Any] = {}
        if ours:
            handling = _handling(session, lookout, on_recovery, on_store_trouble)
            handler = await stack.enter_async_context(handling)
            how = {"on_reading": handler.took, "then": handler.next_run}
        polls = watch_runs(session.link, session.store, wanted, **how, **watching)
        async with aclosing(polls):
            async for run in polls:
                try:
                    await lookout.see(run)
                except StoreError as error:
                    on_store_trouble(error)
                yield run


@asynccontextmanager
async def _lookout(session: Session) -> AsyncGenerator[Lookout, None]:
    """What sees the runs for notices, and has given them in the end."""
    lookout = Lookout(session)
    if not targets_of(session.profile):
        yield lookout
        return
    async with Notifier(lookout) as notifier:
        yield lookout
        await notifier.finish(LAST_S)


@asynccontextmanager
async def _handling(
    session: Session,
    lookout: Lookout,
    on_recovery: Callable[[Recovery], None],
    on_store_trouble: Callable[[StoreError], None],
) -> AsyncGenerator[_Handler, None]:
    """Has what fails recovered while runs are watched."""
    async with Outbound() as outbound:
        handler = _Handler(session, lookout, outbound, on_recovery, on_store_trouble)
        working = asyncio.create_task(handler.recoverer.run(), name="recovery")
        working.add_done_callback(lambda _: handler.broke(working))
        try:
            yield handler
            await handler.deliver()
        finally:
            working.cancel()
            await asyncio.wait([working])


class _Handler:
    """What recovery is told of the runs, and what it answers."""

    def __init__(
        self,
        session: Session,
        lookout: Lookout,
        outbound: Outbound,
        on_recovery: Callable[[Recovery], None],
        on_store_trouble: Callable[[StoreError], None],
    ) -> None:
        self._store = session.store
        self._lookout = lookout
        self._on_recovery = on_recovery
        self._told: dict[str, Recovery] = {}
        self._stir = asyncio.Event()
        self._fault: BaseException | None = None
        self.recoverer = Recoverer(
            session.profile,
            session.store,
            session.link,
            outbound,
            ask=session.link.ask,
            on_change=self._changed,
            on_trouble=on_store_trouble,
        )

    async def took(self, reading: StatusReading) -> None:
        """Tells recovery of a poll of a run that cxtop submitted. Raises StoreError."""
        if await self._store.submission(reading.run.run_id) is not None:
            self._lookout.expect(reading.run.run_id)
            await self.recoverer.saw(reading.run, reading.errors)

    async def next_run(self, ended: ActionRun) -> str | None:
        """The run that was started in place of one that ended, `None` when there will be none."""
        if await self._store.submission(ended.run_id) is None:
            return None
        while True:
            stir = self._stir
            recovery = await self.recoverer.of_run(ended.run_id)
            if recovery is None:
                return None
            self._tell(recovery)
            if recovery.run_id != ended.run_id:
                return recovery.run_id
            if recovery.state.over:
                return None
            if self._fault is not None:
                raise self._fault
            await stir.wait()

    async def deliver(self) -> None:
        """Waits a little while for the dead letters that were told to be posted once."""
        buried = [one for one in self._told.values() if one.state is RecoveryState.DEAD_LETTER]
        if not self.recoverer.dead_letters.can_deliver:
            return
        try:
            async with asyncio.timeout(LAST_S):
                for recovery in buried:
                    await self._posted(recovery.error_id)
        except TimeoutError:
            return

    async def _posted(self, error_id: str) -> None:
        while True:
            stir = self._stir
            letter = await self.recoverer.dead_letters.letter(error_id)
            if letter is None or letter.attempts or self._fault is not None:
                return
            await stir.wait()

    def broke(self, working: asyncio.Task[None]) -> None:
        """Recovery has come to its end."""
        if not working.cancelled():
            self._fault = working.exception()
        self._stirred()

    def _changed(self, error_id: str) -> None:
        self._lookout.changes.post("recovery", error_id)
        self._stirred()

    def _stirred(self) -> None:
        self._stir.set()
        self._stir = asyncio.Event()

    def _tell(self, recovery: Recovery) -> None:
        before = self._told.get(recovery.error_id)
        if before is None or (before.state, before.note) != (recovery.state, recovery.note):
            self._told[recovery.error_id] = recovery
            self._on_recovery(recovery)
