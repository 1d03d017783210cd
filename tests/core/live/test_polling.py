import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cxtop.core.live.allowance import Allowance
from cxtop.core.live.polling import Poller
from cxtop.core.models import RateBudget

from .support import eventually

PLENTY = RateBudget(allowed=10**9, remaining=10**9)


@asynccontextmanager
async def polling(poll, *, budget=PLENTY, share=1.0, jitter=lambda: 1.0):
    allowance = Allowance(share, now=datetime.now(UTC), budget=budget)
    poller = Poller(poll, allowance=allowance, budget=lambda: budget, jitter=jitter)
    task = asyncio.create_task(poller.run())
    try:
        yield poller
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def test_a_run_is_polled_again_after_what_its_poll_returned():
    times = []

    async def poll(run_id):
        times.append(asyncio.get_running_loop().time())
        return 0.03

    async with polling(poll) as poller:
        poller.add("a")
        await eventually(lambda: len(times) >= 4)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert min(gaps) >= 0.03


async def test_a_run_that_returns_none_is_polled_no_more():
    seen = Counter()

    async def poll(run_id):
        seen[run_id] += 1
        return None if run_id == "ended" else 0.001

    async with polling(poll) as poller:
        poller.add("ended")
        poller.add("live")
        await eventually(lambda: seen["live"] >= 10)
        assert poller.next_at("ended") is None
    assert seen["ended"] == 1


async def test_a_poll_that_hangs_holds_up_no_other_and_does_not_pile_up():
    seen = Counter()

    async def poll(run_id):
        seen[run_id] += 1
        if run_id.startswith("stuck"):
            await asyncio.Event().wait()
        return 0.001

    async with polling(poll) as poller:
        for n in range(20):
            poller.add(f"stuck-{n}")
        poller.add("live")
        await eventually(lambda: seen["stuck-19"])
        poller.add("stuck-1")
        poller.hurry("stuck-1")
        assert poller.next_at("stuck-1") is None
        before = seen["live"]
        await eventually(lambda: seen["live"] >= before + 20)
    assert seen["stuck-1"] == 1


async def test_all_of_many_runs_get_their_turn():
    seen = Counter()

    async def poll(run_id):
        seen[run_id] += 1
        await asyncio.sleep(0)
        return 0.01

    async with polling(poll) as poller:
        for n in range(256):
            poller.add(f"run-{n}")
        await eventually(lambda: len(seen) == 256 and min(seen.values()) >= 3)
    assert max(seen.values()) <= 3 * min(seen.values())


async def test_a_pause_stops_and_what_was_due_is_polled_once_after_it():
    seen = Counter()

    async def poll(run_id):
        seen[run_id] += 1
        return 0.01

    async with polling(poll) as poller:
        poller.add("a")
        poller.add("other", delay_s=0.02)
        await eventually(lambda: seen["a"])
        poller.pause()
        paused = seen.copy()
        poller.add("probe")
        await asyncio.sleep(0.1)  # nothing may happen in this time, so nothing can be awaited
        assert seen == paused
        poller.hurry("probe")
        await eventually(lambda: seen["probe"])
        assert seen["probe"] == 1
        poller.resume()
        await eventually(lambda: seen["a"] > paused["a"])
        assert seen["a"] == paused["a"] + 1


async def test_removing_a_run_breaks_off_its_poll():
    ended = asyncio.Event()

    async def poll(run_id):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with polling(poll) as poller:
        poller.add("a")
        poller.add("later", delay_s=100)
        await eventually(lambda: poller.next_at("a") is None)
        await asyncio.sleep(0)
        poller.remove("a")
        await asyncio.wait_for(ended.wait(), 5)
        poller.remove("later")
        assert poller.next_at("later") is None
        poller.remove("never-there")


async def test_a_run_added_again_while_its_old_poll_ends_is_polled_by_its_new_plan():
    release, seen = asyncio.Event(), []

    async def poll(run_id):
        seen.append(run_id)
        try:
            await release.wait()
        except asyncio.CancelledError:
            return 0.001
        return 50.0

    async with polling(poll) as poller:
        poller.add("a")
        await eventually(lambda: seen)
        poller.remove("a")
        poller.add("a", delay_s=100)
        await asyncio.sleep(0)
        planned = poller.next_at("a")
        assert planned is not None
        assert planned > datetime.now(UTC) + timedelta(seconds=90)


async def test_a_gap_lets_one_poll_pass_at_a_time():
    seen = []

    async def poll(run_id):
        seen.append(run_id)
        return 100.0

    async with polling(poll) as poller:
        poller.set_gap(60)
        for n in range(5):
            poller.add(f"run-{n}")
        await eventually(lambda: seen)
        await asyncio.sleep(0.05)  # nothing more may happen in this time
        assert len(seen) == 1
        poller.set_gap(0)
        await eventually(lambda: len(seen) == 5)


async def test_the_budget_holds_polls_up_but_not_those_that_hurry():
    seen = []
    reset = datetime.now(UTC) + timedelta(seconds=90)
    budget = RateBudget(allowed=300, remaining=9, resets_at=reset)

    async def poll(run_id):
        seen.append(run_id)
        return 100.0

    async with polling(poll, budget=budget) as poller:
        for n in range(20):
            poller.add(f"run-{n}")
        await eventually(lambda: len(seen) == 3)
        await asyncio.sleep(0.05)  # nothing more may happen in this time
        assert len(seen) == 3
        poller.hurry("run-19")
        await eventually(lambda: "run-19" in seen)
        assert len(seen) == 4


async def test_due_times_are_spread_by_the_jitter():
    async def poll(run_id):
        return 100.0

    async with polling(poll, jitter=lambda: 1.05) as poller:
        poller.add("a")
        await eventually(lambda: (at := poller.next_at("a")) and at > datetime.now(UTC))
        at = poller.next_at("a")
        assert at is not None
        assert 104 < (at - datetime.now(UTC)).total_seconds() <= 105


async def test_planning_anew_without_end_keeps_the_heap_small():
    async def poll(run_id):
        return 100.0

    async with polling(poll) as poller:
        for _ in range(5000):
            poller.add("a", delay_s=100)
            poller.add("b", delay_s=50)
        assert len(poller._heap) < 200
        seen = poller.next_at("b")
        assert seen is not None


async def test_a_fault_in_a_poll_is_not_swallowed():
    async def poll(run_id):
        raise RuntimeError("a fault")

    poller = Poller(poll, allowance=Allowance(1.0, now=datetime.now(UTC)), budget=lambda: PLENTY)
    poller.add("a")
    with pytest.raises(ExceptionGroup, match="unhandled errors") as caught:
        await poller.run()
    assert caught.group_contains(RuntimeError, match="a fault")
