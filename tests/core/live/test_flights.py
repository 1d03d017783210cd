import asyncio

import pytest

from cxtop.core.live.flights import Flights

from .support import eventually


class Asking:
    """Something to ask that is answered when it is let."""

    def __init__(self) -> None:
        self.times = 0
        self.ended = 0
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self) -> str:
        self.times += 1
        try:
            await self.go.wait()
        finally:
            self.ended += 1
        if self.fails:
            raise ValueError("no")
        return f"answer {self.times}"


async def test_all_who_ask_share_one_answer():
    flights, asking = Flights[str, str](), Asking()
    tasks = [asyncio.create_task(flights.join("a", asking)) for _ in range(5)]
    await eventually(lambda: asking.times)
    asking.go.set()
    assert await asyncio.gather(*tasks) == ["answer 1"] * 5
    assert await flights.join("a", asking) == "answer 2"


async def test_other_questions_are_asked_beside():
    flights, asking = Flights[str, str](), Asking()
    tasks = [asyncio.create_task(flights.join(key, asking)) for key in "ab"]
    await eventually(lambda: asking.times == 2)
    asking.go.set()
    await asyncio.gather(*tasks)


async def test_one_who_is_cancelled_leaves_the_others_their_answer():
    flights, asking = Flights[str, str](), Asking()
    first, second = (asyncio.create_task(flights.join("a", asking)) for _ in range(2))
    await eventually(lambda: asking.times)
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    assert asking.ended == 0
    asking.go.set()
    assert await second == "answer 1"


async def test_when_all_have_gone_the_asking_ends_and_the_next_asks_anew():
    flights, asking = Flights[str, str](), Asking()
    tasks = [asyncio.create_task(flights.join("a", asking)) for _ in range(2)]
    await eventually(lambda: asking.times)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert asking.ended == 1
    asking.go.set()
    assert await flights.join("a", asking) == "answer 2"


async def test_all_hear_of_an_error_and_the_next_asks_anew():
    flights, asking = Flights[str, str](), Asking()
    asking.fails = True
    tasks = [asyncio.create_task(flights.join("a", asking)) for _ in range(2)]
    await eventually(lambda: asking.times)
    asking.go.set()
    for task in tasks:
        with pytest.raises(ValueError, match="no"):
            await task
    asking.fails = False
    assert await flights.join("a", asking) == "answer 2"
