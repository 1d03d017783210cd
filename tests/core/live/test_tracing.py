"""Getting traces: once each, and what goes wrong as a state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.config import Profile
from cxtop.core.errors import StoreError
from cxtop.core.live import Link
from cxtop.core.live.tracing import MOST_REMEMBERED, Tracer
from cxtop.core.models import RateBudget, TraceState
from cxtop.core.store import Store

from ..platforms.server import Asked, Reply, Server, profile_for, serving
from .support import closed_port, eventually, store_in

STEPS = [{"stepId": "1", "stepName": "Start", "status": "COMPLETED"}]
OVER = {"id": "e-1", "status": "COMPLETED", "steps": STEPS}


class Flows:
    """A platform that knows one trace, or refuses."""

    def __init__(self, body: Any = OVER, status: int = 200) -> None:
        self.reply = Reply(body, status)
        self.blocked: asyncio.Event | None = None

    async def __call__(self, asked: Asked) -> Reply:
        if self.blocked is not None:
            await self.blocked.wait()
        return self.reply


@asynccontextmanager
async def tracing(
    folder: Path, flows: Callable[..., Any], **changes: Any
) -> AsyncIterator[tuple[Tracer, Server, Store]]:
    async with (
        serving(flows) as server,
        store_in(folder) as store,
        Link(profile_for(server.url, **changes), record=lambda call: None) as link,
    ):
        yield Tracer(link, store, budget=lambda: link.budget), server, store


async def test_a_trace_that_is_over_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    async with tracing(tmp_path, Flows()) as (tracer, server, store):
        first = await tracer.trace("e-1")
        assert first.state is TraceState.FOUND
        assert first.trace is not None
        assert [step.name for step in first.trace.steps] == ["Start"]
        assert await tracer.trace("e-1") == first
        assert await tracer.trace("e-1", again=True) == first
        after_a_restart = await Tracer(None, store).trace("e-1")
        assert after_a_restart == first
        assert [asked.path for asked in server.asked] == ["/api/v2/flows/executions/e-1"]


async def test_who_asks_meanwhile_waits_for_the_same_answer(tmp_path: Path) -> None:
    flows = Flows({"id": "e-1", "status": "RUNNING", "steps": STEPS})
    flows.blocked = asyncio.Event()
    async with tracing(tmp_path, flows) as (tracer, server, store):
        asking = [
            asyncio.create_task(tracer.trace("e-1", again=again))
            for again in (False, False, True, True)
        ]
        await eventually(lambda: server.asked)
        asking[0].cancel()
        flows.blocked.set()
        results = await asyncio.gather(*asking[1:])
        assert {result.state for result in results} == {TraceState.FOUND}
        # The first was cancelled in the middle, and one more was enough for the others.
        assert len(server.asked) == 2
        assert await store.trace("e-1") is None


async def test_a_trace_that_goes_on_is_asked_for_anew_only_when_wanted(tmp_path: Path) -> None:
    running = [*STEPS, {"stepId": "2", "stepName": "Call", "status": "RUNNING"}]
    flows = Flows({"id": "e-1", "status": "COMPLETED", "steps": running})
    async with tracing(tmp_path, flows) as (tracer, server, store):
        await tracer.trace("e-1")
        await tracer.trace("e-1")
        assert len(server.asked) == 1
        flows.reply = Reply(OVER)
        result = await tracer.trace("e-1", again=True)
        assert len(server.asked) == 2
        assert result.trace is not None
        assert len(result.trace.steps) == 1
        assert await store.trace("e-1") == result.trace


@pytest.mark.parametrize(
    ("body", "status", "state"),
    [
        ({"id": "e-1", "status": "COMPLETED"}, 200, TraceState.NO_STEPS),
        ({"id": "e-1", "status": "COMPLETED", "steps": []}, 200, TraceState.NO_STEPS),
        ({"message": "gone"}, 404, TraceState.NOT_FOUND),
        ({"message": "no"}, 403, TraceState.FORBIDDEN),
        ({"message": "who"}, 401, TraceState.DENIED),
        ({"message": "slow down"}, 429, TraceState.THROTTLED),
        ({"message": "oh"}, 500, TraceState.FAILED),
        (b"<html><title>Login</title></html>", 200, TraceState.UNREADABLE),
        ([1, 2], 200, TraceState.UNREADABLE),
    ],
)
async def test_what_is_not_a_trace_with_steps_is_a_state(
    tmp_path: Path, body: Any, status: int, state: TraceState
) -> None:
    async with tracing(tmp_path, Flows(body, status)) as (tracer, server, _):
        result = await tracer.trace("e-1")
        assert result.state is state
        assert result.what.endswith(".")
        assert state.had is (result.trace is not None)
        calls = len(server.asked)
        assert await tracer.trace("e-1") == result
        assert len(server.asked) == calls


async def test_forbidden_names_the_permission(tmp_path: Path) -> None:
    async with tracing(tmp_path, Flows({}, 403)) as (tracer, _, _):
        result = await tracer.trace("e-1")
    assert "flow:execution:view" in result.fix


async def test_offline_is_a_state(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        with closed_port() as url:
            async with Link(profile_for(url), record=lambda call: None) as link:
                result = await Tracer(link, store).trace("e-1")
    assert result.state is TraceState.OFFLINE
    assert result.fix


async def test_a_secret_that_cannot_be_had_is_a_state(tmp_path: Path) -> None:
    profile = Profile(base_url="http://127.0.0.1:9", client_id="me")
    async with store_in(tmp_path) as store, Link(profile, record=lambda call: None) as link:
        result = await Tracer(link, store).trace("e-1")
    assert result.state is TraceState.DENIED


async def test_a_dialect_without_traces_is_a_state(tmp_path: Path) -> None:
    async with tracing(tmp_path, Flows(), platform="cxone") as (tracer, server, _):
        result = await tracer.trace("e-1")
    assert result.state is TraceState.UNSUPPORTED
    assert server.asked == []


async def test_without_platform_or_execution_nobody_is_asked(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        tracer = Tracer(None, store)
        assert (await tracer.trace("e-1")).state is TraceState.NO_PLATFORM
        assert (await tracer.trace(" ")).state is TraceState.NO_EXECUTION


async def test_no_call_is_made_when_none_is_left(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    budget = RateBudget(allowed=300, remaining=0, resets_at=soon)
    async with (
        serving(Flows()) as server,
        store_in(tmp_path) as store,
        Link(profile_for(server.url), record=lambda call: None) as link,
    ):
        result = await Tracer(link, store, budget=lambda: budget).trace("e-1")
    assert result.state is TraceState.THROTTLED
    assert server.asked == []


async def test_no_secret_of_a_trace_is_shown(tmp_path: Path) -> None:
    step = {**STEPS[0], "request": {"headers": {"Authorization": "Bearer canary-1"}}}
    for status in ("COMPLETED", "RUNNING"):
        flows = Flows({"id": "e", "status": status, "steps": [step], "password": "canary-2"})
        async with tracing(tmp_path / status, flows) as (tracer, _, _):
            result = await tracer.trace("e-1")
        assert result.state is TraceState.FOUND
        assert "canary" not in result.model_dump_json()


async def test_memory_is_bounded(tmp_path: Path) -> None:
    async with tracing(tmp_path, Flows({"message": "gone"}, 404)) as (tracer, server, _):
        for number in range(MOST_REMEMBERED + 1):
            await tracer.trace(f"e-{number}")
        await tracer.trace("e-1")
        assert len(server.asked) == MOST_REMEMBERED + 1
        await tracer.trace("e-0")
        assert len(server.asked) == MOST_REMEMBERED + 2


async def test_a_store_that_fails_holds_nothing_up(tmp_path: Path) -> None:
    heard: list[StoreError] = []
    async with (
        serving(Flows()) as server,
        store_in(tmp_path) as store,
        Link(profile_for(server.url), record=lambda call: None) as link,
    ):
        await store.close()
        result = await Tracer(link, store, on_store_trouble=heard.append).trace("e-1")
    assert result.state is TraceState.FOUND
    assert len(heard) == 2
