import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.errors import ServerError
from cxtop.core.live.allowance import Allowance
from cxtop.core.live.collecting import AT_ONCE, Collector
from cxtop.core.models import RateBudget
from cxtop.core.platforms import platform_for

from ..platforms.server import Reply, calling, profile_for, serving
from .support import Act, Platform, eventually, store_in

PLENTY = RateBudget(allowed=10**6, remaining=10**6)


class Heard:
    """What the collector told."""

    def __init__(self):
        self.pages = []
        self.walked = {}
        self.failures = []


@pytest.fixture
async def store(tmp_path):
    async with store_in(tmp_path) as store:
        yield store


@asynccontextmanager
async def collecting(platform, store, *, budget=PLENTY, demand=0.0):
    heard = Heard()
    async with serving(platform) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            collector = Collector(
                platform_for(profile, caller),
                store,
                size=2,
                allowance=Allowance(0.6, now=datetime.now(UTC), budget=budget),
                budget=lambda: budget,
                demand=lambda: demand,
                on_page=lambda run_id, kept: heard.pages.append((run_id, kept)),
                on_walked=heard.walked.__setitem__,
                on_failure=lambda run_id, error: heard.failures.append((run_id, error)),
            )
            task = asyncio.create_task(collector.run())
            try:
                yield collector, heard
            finally:
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()


def pages_of(name, count):
    return [[f"{name}-{2 * n}", f"{name}-{2 * n + 1}"] for n in range(count)]


async def test_what_is_wanted_is_walked_and_told(store):
    platform = Platform({"a": Act(pages=pages_of("a", 2), total=4)})
    async with collecting(platform, store) as (collector, heard):
        collector.want("a", ended=True)
        await eventually(lambda: heard.walked)
    assert heard.pages == [("a", 2), ("a", 4)]
    assert heard.walked["a"].complete


async def test_runs_take_turns_page_by_page(store):
    long, short = pages_of("long", 40), pages_of("short", 3)
    acts = {f"long-{n}": Act(pages=long, total=80) for n in range(2)}
    platform = Platform(acts | {"short": Act(pages=short, total=6)})
    async with collecting(platform, store) as (collector, heard):
        for run_id in acts:
            collector.want(run_id, ended=True)
        await eventually(lambda: len(heard.pages) > 5)
        collector.want("short", ended=True)
        await eventually(lambda: "short" in heard.walked)
        assert heard.walked.keys() == {"short"}


async def test_few_pages_are_under_way_at_a_time(store):
    platform = Platform({f"r{n}": Act() for n in range(6)}, blocked=asyncio.Event())
    async with collecting(platform, store) as (collector, heard):
        for run_id in platform.acts:
            collector.want(run_id, ended=True)
        await eventually(lambda: len(platform.results) == AT_ONCE)
        await asyncio.sleep(0.05)  # nothing more may happen in this time
        assert len(platform.results) == AT_ONCE
        platform.blocked.set()
        await eventually(lambda: len(heard.walked) == 6)


async def test_what_failed_is_taken_up_again_where_it_stopped(store):
    act = Act(pages=pages_of("a", 2), total=4, refuse_pages=Reply({}, 500))
    async with collecting(Platform({"a": act}), store) as (collector, heard):
        collector.want("a", ended=True)
        await eventually(lambda: heard.failures)
        assert isinstance(heard.failures[0][1], ServerError)
        act.refuse_pages = None
        collector.retry()
        await eventually(lambda: heard.walked)
    assert heard.walked["a"].kept == 4


async def test_a_wish_during_a_walk_walks_again(store):
    platform = Platform({"a": Act(pages=[["x"]])}, blocked=asyncio.Event())
    async with collecting(platform, store) as (collector, heard):
        collector.want("a", ended=False)
        await eventually(lambda: platform.results)
        collector.want("a", ended=True)
        platform.blocked.set()
        await eventually(lambda: heard.walked and heard.walked["a"].complete)


async def test_held_it_fetches_nothing_until_it_may_go_on(store):
    platform = Platform({"a": Act(pages=[["x"]])})
    async with collecting(platform, store) as (collector, heard):
        collector.hold()
        collector.want("a", ended=True)
        await asyncio.sleep(0.05)  # nothing may happen in this time
        assert platform.results == []
        collector.go_on()
        await eventually(lambda: heard.walked)


async def test_forgetting_a_run_breaks_its_walk_off(store):
    platform = Platform({"a": Act(pages=[["x"]])}, blocked=asyncio.Event())
    async with collecting(platform, store) as (collector, heard):
        collector.want("a", ended=True)
        await eventually(lambda: platform.results)
        collector.forget("a")
        collector.forget("never wanted")
        platform.blocked.set()
        collector.want("b", ended=False)
        await eventually(lambda: heard.failures or heard.walked)
        assert "a" not in heard.walked


async def test_pages_wait_when_calls_are_scarce(store):
    ends = datetime.now(UTC) + timedelta(seconds=60)
    budget = RateBudget(allowed=300, remaining=5, resets_at=ends)
    platform = Platform({"a": Act(pages=pages_of("a", 5), total=10)})
    async with collecting(platform, store, budget=budget, demand=10) as (collector, heard):
        collector.want("a", ended=True)
        await eventually(lambda: heard.pages)
        await asyncio.sleep(0.05)  # nothing more may happen in this time
        assert heard.pages == [("a", 2)]
