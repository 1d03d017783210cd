"""A few at a time, first come, first served."""

from __future__ import annotations

import asyncio
import random

import pytest

from cxtop.core.http.gate import Gate


async def settle(gate: Gate, waiting: int) -> None:
    """Let the tasks that were just made run up to the gate."""
    await asyncio.sleep(0)
    assert gate.waiting == waiting


async def test_first_come_first_served_and_some_go_ahead():
    gate, order = Gate(1), []

    async def go_in(name: str, *, ahead: bool = False) -> None:
        async with gate.slot(ahead=ahead):
            order.append(name)

    async with asyncio.TaskGroup() as group, gate.slot():
        for count, name in enumerate("abc", 1):
            group.create_task(go_in(name))
            await settle(gate, count)
        group.create_task(go_in("urgent", ahead=True))
        await settle(gate, 4)
    assert order == ["urgent", "a", "b", "c"]


async def test_one_that_was_cancelled_in_the_queue_is_passed_over():
    gate = Gate(1)

    async def go_in() -> bool:
        async with gate.slot():
            return True

    async with gate.slot():
        first, second = asyncio.create_task(go_in()), asyncio.create_task(go_in())
        await settle(gate, 2)
        first.cancel()
        await asyncio.wait([first])
        assert gate.waiting == 1
    assert await second


async def test_one_that_is_let_in_and_cancelled_at_once_gives_its_place_on():
    gate = Gate(1)

    async def go_in() -> bool:
        async with gate.slot():
            return True

    async with gate.slot():
        first, second = asyncio.create_task(go_in()), asyncio.create_task(go_in())
        await settle(gate, 2)
    first.cancel()  # its ticket is granted, but it has not run since
    async with asyncio.timeout(5):
        assert await second
    assert first.cancelled() or first.cancelling()


async def test_one_that_is_cancelled_just_before_it_would_be_let_in():
    gate = Gate(1)

    async def go_in() -> bool:
        async with gate.slot():
            return True

    async with gate.slot():
        first, second = asyncio.create_task(go_in()), asyncio.create_task(go_in())
        await settle(gate, 2)
        first.cancel()  # has not run yet when the place becomes free
    async with asyncio.timeout(5):
        assert await second
        await asyncio.wait([first])


@pytest.mark.parametrize("seed", range(5))
async def test_no_place_is_lost_under_any_cancelling(seed: int):
    gate, chance = Gate(3), random.Random(seed)
    inside, most = 0, 0

    async def go_in() -> None:
        nonlocal inside, most
        async with gate.slot(ahead=chance.random() < 0.2):
            inside += 1
            most = max(most, inside)
            try:
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
            finally:
                inside -= 1

    tasks = [asyncio.create_task(go_in()) for _ in range(200)]
    for task in tasks:
        if chance.random() < 0.3:
            task.cancel()
        if chance.random() < 0.5:
            await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await asyncio.wait(tasks)
    assert most <= 3
    assert (inside, gate.waiting) == (0, 0)
    async with asyncio.timeout(5), gate.slot(), gate.slot(), gate.slot():
        pass
