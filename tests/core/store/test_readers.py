import asyncio
import threading

import pytest

from cxtop.core.errors import StoreError
from cxtop.core.store import Store

from .support import make_run


async def test_reads_run_beside_each_other_in_other_threads(store):
    barrier = threading.Barrier(3, timeout=10)
    places = await asyncio.gather(*(store.readers.read(lambda c: barrier.wait()) for _ in range(3)))
    assert sorted(places) == [0, 1, 2]


async def test_all_that_a_query_reads_is_of_one_moment(store):
    await store.save_run(make_run())
    begun, go_on = threading.Event(), threading.Event()

    def twice(connection):
        sql = "SELECT count(*) FROM polls"
        first = connection.execute(sql).fetchone()
        begun.set()
        assert go_on.wait(10)
        return first, connection.execute(sql).fetchone()

    reading = asyncio.ensure_future(store.readers.read(twice))
    await asyncio.to_thread(begun.wait, 10)
    await store.save_run(make_run(after_s=1))
    go_on.set()
    assert await reading == ((1,), (1,))
    assert len(await store.polls("run-1")) == 2


async def test_a_query_cannot_write(store):
    with pytest.raises(StoreError, match="cannot be opened or written"):
        await store.readers.read(lambda c: c.execute("DELETE FROM runs"))


async def test_a_query_that_fails_leaves_its_connection_usable(store):
    for _ in range(10):
        with pytest.raises(StoreError, match="no such table"):
            await store.readers.read(lambda c: c.execute("SELECT * FROM nowhere"))
        with pytest.raises(ZeroDivisionError):
            await store.readers.read(lambda c: 1 // 0)
    assert await store.runs() == []


async def test_a_cancelled_read_leaves_the_others_alone(store):
    begun, go_on = threading.Event(), threading.Event()
    task = asyncio.ensure_future(
        store.readers.read(lambda c: (begun.set(), go_on.wait(10), c.execute("SELECT 1")))
    )
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.runs() == []
    go_on.set()


async def test_closing_lets_a_read_end(path):
    store = await Store.open(path)
    begun = threading.Event()
    reading = asyncio.ensure_future(
        store.readers.read(lambda c: (begun.set(), c.execute("SELECT 7").fetchone())[1])
    )
    await asyncio.to_thread(begun.wait, 10)
    await store.close()
    assert await reading == (7,)
    with pytest.raises(StoreError, match="closed"):
        await store.runs()
