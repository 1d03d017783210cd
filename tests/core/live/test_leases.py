import asyncio
from datetime import UTC, datetime

import pytest

from cxtop.core.errors import StoreError
from cxtop.core.live.leases import Workbench
from cxtop.core.models import DeadLetter, LetterState
from cxtop.core.store import deadletters, leases

from .support import eventually, store_in


async def put(store, number):
    letter = DeadLetter(
        error_id=f"e{number}", action_id="r", error_code="X", timestamp=datetime.now(UTC)
    )
    await store.writer.submit(lambda c: deadletters.put(c, letter, store.redactor))


class Bench:
    """A workbench over letters; what it does waits for `go`."""

    def __init__(self, store, lease_s=0.3):
        self.done = []
        self.begun = []
        self.broken_off = []
        self.troubles = []
        self.go = asyncio.Event()
        self.fail = None
        self.store = store
        self.bench = Workbench(
            store,
            next_due=deadletters.next_due,
            claim=deadletters.claim,
            do=self.do,
            on_trouble=self.troubles.append,
            lease_s=lease_s,
        )

    async def do(self, letter, lease):
        self.begun.append(letter.error_id)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.broken_off.append(letter.error_id)
            raise
        if self.fail:
            failure, self.fail = self.fail, None
            raise failure
        delivered = letter.model_copy(update={"state": LetterState.DELIVERED})

        def told(connection):
            leases.check(connection, lease)
            deadletters.put(connection, delivered, self.store.redactor)

        await self.store.writer.submit(told)
        self.done.append(letter.error_id)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.bench.run())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.result()


async def test_each_piece_is_done_by_one_while_its_lease_is_renewed(tmp_path):
    async with store_in(tmp_path) as store:
        for number in range(6):
            await put(store, number)
        async with Bench(store) as one, Bench(store) as two:
            await eventually(lambda: len(one.begun) + len(two.begun) == 6)
            # Twice as long as a lease holds by itself.
            await asyncio.sleep(0.6)
            assert len(one.begun) + len(two.begun) == 6
            one.go.set()
            two.go.set()
            await eventually(lambda: len(one.done) + len(two.done) == 6)
            assert sorted(one.done + two.done) == [f"e{n}" for n in range(6)]
            assert one.troubles == two.troubles == []


async def test_what_was_taken_over_is_broken_off(tmp_path):
    async with store_in(tmp_path) as store:
        await put(store, 1)
        async with Bench(store) as it:
            await eventually(lambda: it.begun == ["e1"])
            name = deadletters.lease_name("e1")
            await store.writer.submit(lambda c: leases.void(c, name))
            await eventually(lambda: it.broken_off == ["e1"])
            it.go.set()
            await eventually(lambda: it.done == ["e1"])
            assert it.troubles == []


async def test_a_store_that_fails_is_told_and_tried_again(tmp_path):
    async with store_in(tmp_path) as store:
        await put(store, 1)
        async with Bench(store) as it:
            it.fail = StoreError("The disk is full.")
            it.go.set()
            await eventually(lambda: it.done == ["e1"])
            assert [error.what for error in it.troubles] == ["The disk is full."]
            assert it.begun == ["e1", "e1"]


async def test_a_closed_store_is_told_and_the_bench_goes_on(tmp_path):
    async with store_in(tmp_path) as store, Bench(store) as it:
        await store.close()
        it.bench.wake()
        await eventually(lambda: it.troubles)
        assert not it.task.done()


async def test_a_pause_begins_nothing(tmp_path):
    async with store_in(tmp_path) as store, Bench(store) as it:
        it.go.set()
        it.bench.pause()
        await put(store, 1)
        it.bench.wake()
        await asyncio.sleep(0.3)
        assert it.begun == []
        it.bench.resume()
        await eventually(lambda: it.done == ["e1"])


async def test_a_fault_ends_the_bench(tmp_path):
    async with store_in(tmp_path) as store:
        await put(store, 1)
        bench = Bench(store)
        bench.fail = ValueError("a fault of ours")
        bench.go.set()
        with pytest.raises(ExceptionGroup):
            async with asyncio.timeout(5):
                await bench.bench.run()
