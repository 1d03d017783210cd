"""Following a run that was submitted, and those that recovery starts in its place, to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ..models import ActionRun
from ..platforms import StatusReading
from .outbound import Outbound
from .recovery import Recoverer
from .session import Session
from .watching import watch_runs


async def see_through(
    session: Session, run_id: str, **watching: Any
) -> AsyncGenerator[ActionRun, None]:
    """Each good poll of a run, and of every run that is submitted again because one failed.

    Ends when nothing more is done about it: the last run that came out tells how it went. What
    failed is handled as the app would (contract §5). `watching` are further arguments of
    `watch_runs`, which says what is raised; its `on_gone` and `on_reading` are taken. Leave it
    early through `contextlib.aclosing`.
    """
    stirred: asyncio.Queue[str] = asyncio.Queue()

    async def follow(started: str) -> None:
        stirred.put_nowait(started)

    async with Outbound() as outbound:
        recoverer = Recoverer(
            session.profile,
            session.store,
            session.link,
            outbound,
            ask=session.link.ask,
            follow=follow,
            on_change=lambda error_id: stirred.put_nowait(""),
        )

        async def took(reading: StatusReading) -> None:
            await recoverer.saw(reading.run, reading.errors)

        working = asyncio.create_task(recoverer.run(), name="recovery")
        working.add_done_callback(lambda _: stirred.put_nowait(""))
        try:
            current: str | None = run_id
            while current is not None:
                polls = watch_runs(
                    session.link, session.store, [current], on_reading=took, **watching
                )
                async with aclosing(polls):
                    async for run in polls:
                        yield run
                current = await _next_run(recoverer, current, stirred, working)
        finally:
            working.cancel()
            await asyncio.wait([working])


async def _next_run(
    recoverer: Recoverer, ended: str, stirred: asyncio.Queue[str], working: asyncio.Task[None]
) -> str | None:
    """The run that was started in place of the one that ended, `None` when there will be none."""
    while True:
        recovery = await recoverer.of_run(ended)
        if recovery is None:
            return None
        if recovery.run_id != ended:
            return recovery.run_id
        if recovery.state.over:
            return None
        await stirred.get()
        if working.done():
            working.result()
