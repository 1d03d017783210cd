import asyncio
import sqlite3

import pytest

from cxtop.core.errors import StoreError, StoreLockedError
from cxtop.core.live.keeping import MOST_WAITING, Keeper
from cxtop.core.models import Call, CallState, RecordError

from .support import after, eventually, run_at, store_in


def call(number, state=CallState.DONE):
    return Call(
        call_id=f"call-{number}",
        operation="run status",
        method="GET",
        url="http://x",
        started_at=after(number),
        state=state,
    )


class Told:
    def __init__(self):
        self.troubles: list[StoreError] = []
        self.successes = 0

    def succeeded(self):
        self.successes += 1

    def keeper(self, store):
        return Keeper(store, on_trouble=self.troubles.append, on_success=self.succeeded)


@pytest.fixture
async def store(tmp_path):
    async with store_in(tmp_path) as store:
        yield store


async def test_what_the_store_gives_comes_back(store):
    told = Told()
    assert await told.keeper(store).kept(store.save_run(run_at(0)))
    assert await told.keeper(store).keep(store.run("r"), otherwise=None) == run_at(0)
    assert (told.troubles, told.successes) == ([], 2)


async def test_a_store_that_fails_is_told_and_works_again_later(store):
    told = Told()
    keeper = told.keeper(store)
    error = RecordError(run_id="r", record_id="1", code="E")
    other = sqlite3.connect(store.path)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert not await keeper.kept(store.save_run(run_at(0)))
        assert await keeper.keep(store.add_errors("r", [error]), otherwise=-1) == -1
    finally:
        other.rollback()
        other.close()
    assert [type(error) for error in told.troubles] == [StoreLockedError] * 2
    assert await keeper.kept(store.save_run(run_at(0)))
    assert told.successes == 1


async def test_calls_are_kept_in_their_newest_state(store):
    keeper = Told().keeper(store)
    running = asyncio.create_task(keeper.run())
    keeper.add_call(call(1, CallState.RUNNING))
    keeper.add_call(call(1, CallState.WAITING))
    keeper.add_call(call(2))
    keeper.add_call(call(1))
    await eventually(lambda: not keeper.waiting)
    running.cancel()
    await asyncio.wait([running])
    await keeper.flush()
    kept = {one.call_id: one.state for one in await store.calls()}
    assert kept == {"call-1": CallState.DONE, "call-2": CallState.DONE}


async def test_too_many_waiting_calls_are_given_up_oldest_ended_first_and_told(store):
    told = Told()
    keeper = told.keeper(store)
    keeper.add_call(call(0, CallState.WAITING))
    for number in range(1, MOST_WAITING + 2):
        keeper.add_call(call(number))
    assert keeper.waiting == MOST_WAITING
    assert "too slow" in told.troubles[0].what
    await keeper.flush()
    kept = {one.call_id for one in await store.calls(limit=3 * MOST_WAITING)}
    assert "call-0" in kept
    assert "call-1" not in kept
    assert f"call-{MOST_WAITING + 1}" in kept


async def test_when_none_has_ended_the_oldest_goes(store):
    keeper = Told().keeper(store)
    for number in range(MOST_WAITING + 1):
        keeper.add_call(call(number, CallState.RUNNING))
    assert keeper.waiting == MOST_WAITING
