"""Watching without a screen through recovery, over a real platform and real webhooks."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cxtop.core.errors import NotFoundError
from cxtop.core.live import Session, open_session, see_through
from cxtop.core.models import LetterState, Recovery, RecoveryState, RunStatus

from ..platforms.server import Asked, Reply, Server, serving
from .recovering import COMPLETED, Factory, LetterBox, failed, recovering, submitted
from .support import settings_for

QUICK = {"interval_s": 0.05, "min_interval_s": 0.05}


class Seeing:
    """Sees runs through, and keeps what came out."""

    def __init__(self) -> None:
        self.polls: list[tuple[str, RunStatus]] = []
        self.told: list[Recovery] = []
        self.gone: list[str] = []

    async def see(self, session: Session, *run_ids: str, **how: Any) -> None:
        def gone(run_id: str, error: Exception) -> None:
            self.gone.append(run_id)

        seeing = see_through(
            session, run_ids, on_recovery=self.told.append, on_gone=gone, **{**QUICK, **how}
        )
        async with asyncio.timeout(20), aclosing(seeing) as polls:
            async for run in polls:
                self.polls.append((run.run_id, run.status))

    @property
    def ends(self) -> dict[str, RunStatus]:
        return {run_id: status for run_id, status in self.polls if status.terminal}


async def session_on(
    stack: AsyncExitStack, folder: Path, server: Server, **changes: Any
) -> Session:
    settings = settings_for(recovering(server.url, **changes), folder)
    return await stack.enter_async_context(open_session(settings))


async def test_each_run_of_several_is_seen_through_by_itself(tmp_path: Path) -> None:
    factory = Factory([failed("TIMEOUT"), COMPLETED, failed("TIMEOUT")])
    async with serving(factory) as server, AsyncExitStack() as stack:
        session = await session_on(stack, tmp_path, server)
        await submitted(session.store)
        seen = Seeing()
        await seen.see(session, "r0", "r2")
    assert seen.ends == {
        "r0": RunStatus.FAILED,
        "r1": RunStatus.COMPLETED,
        "r2": RunStatus.FAILED,
    }
    # r2 was started by others: it is looked at, and nothing is done about it.
    assert len(factory.posts) == 1
    assert {recovery.action_id for recovery in seen.told} == {"r0"}
    assert seen.told[-1].state is RecoveryState.RECOVERED


async def test_what_is_given_up_is_posted_and_told_before_the_end(tmp_path: Path) -> None:
    box, hook = LetterBox(), LetterBox()
    factory = Factory([failed("BAD", "no such list")])
    async with (
        serving(factory) as server,
        serving(box) as letters,
        serving(hook) as hooks,
        AsyncExitStack() as stack,
    ):
        session = await session_on(
            stack,
            tmp_path,
            server,
            dead_letter_webhook=SecretStr(letters.url),
            notify={"webhooks": [hooks.url]},
        )
        await submitted(session.store)
        seen = Seeing()
        await seen.see(session, "r0")
        assert [letter["action_id"] for letter in box.taken] == ["r0"]
        assert [notice["status"] for notice in hook.taken] == ["FAILED, DEAD LETTER"]
        again = Seeing()
        await again.see(session, "r0")
    assert again.ends == {"r0": RunStatus.FAILED}
    assert len(box.taken) == len(hook.taken) == 1


async def test_a_webhook_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    away = LetterBox(statuses=[503] * 100)
    async with (
        serving(Factory([failed("BAD")])) as server,
        serving(away) as hooks,
        AsyncExitStack() as stack,
    ):
        session = await session_on(
            stack,
            tmp_path,
            server,
            dead_letter_webhook=SecretStr(hooks.url),
            notify={"webhooks": [hooks.url]},
        )
        await submitted(session.store)
        seen = Seeing()
        began = asyncio.get_running_loop().time()
        await seen.see(session, "r0")
        assert asyncio.get_running_loop().time() - began < 4
        assert away.letters
        waiting = await session.store.readers.read(
            lambda c: c.execute("SELECT state FROM dead_letters").fetchall()
        )
    assert waiting == [(LetterState.WAITING.value,)]


async def test_the_failures_of_others_are_told_too(tmp_path: Path) -> None:
    hook = LetterBox()
    async with (
        serving(Factory([failed("BAD", "no such list")])) as server,
        serving(hook) as hooks,
        AsyncExitStack() as stack,
    ):
        session = await session_on(stack, tmp_path, server, notify={"webhooks": [hooks.url]})
        seen = Seeing()
        await seen.see(session, "r0")
    assert [(one["status"], one["codes"][0]["code"]) for one in hook.taken] == [("FAILED", "BAD")]
    assert seen.told == []


async def test_one_that_is_gone_leaves_the_others_to_be_seen_through(tmp_path: Path) -> None:
    factory = Factory([failed("TIMEOUT"), COMPLETED])

    def answer(asked: Asked) -> Reply:
        return Reply({}, 404) if asked.path.endswith("/none") else factory(asked)

    async with serving(answer) as server, AsyncExitStack() as stack:
        session = await session_on(stack, tmp_path, server)
        await submitted(session.store)
        seen = Seeing()
        await seen.see(session, "none", "r0")
        assert seen.gone == ["none"]
        assert seen.ends["r1"] is RunStatus.COMPLETED
        async with aclosing(see_through(session, ["none"], **QUICK)) as polls:
            with pytest.raises(NotFoundError):
                await anext(polls)
