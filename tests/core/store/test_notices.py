"""Notices in the store: given once, and on their way until they are there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cxtop.core.store import notices
from cxtop.core.store.leases import LeaseLostError
from cxtop.core.store.notices import KEPT, NoticeState

from .support import START

KEY = "ended r\ud800 FAILED"


async def add(store, key=KEY, targets=("slack 1",), now=START):
    return await store.writer.submit(lambda c: notices.add(c, key, targets, {"a": 1}, now))


async def claim(store, now=START, targets=("slack 1", "json 2"), ttl_s=10.0):
    return await store.writer.submit(lambda c: notices.claim(c, now, ttl_s, targets))


async def settle(store, lease, pending, state, next_at=START):
    await store.writer.submit(lambda c: notices.settle(c, lease, pending, state, next_at))


async def due(store, now=START, targets=("slack 1", "json 2")):
    return await store.readers.read(lambda c: notices.next_due(c, now, targets))


async def test_a_key_is_given_once(store):
    assert await add(store)
    assert not await add(store)
    assert await store.readers.read(lambda c: notices.known(c, [KEY, "x"])) == {KEY}


async def test_each_target_gets_it_once(store):
    await add(store, targets=("slack 1", "json 2"))
    got = set()
    while (taken := await claim(store)) is not None:
        pending, lease = taken
        got.add(pending.target)
        assert pending.data == {"a": 1}
        await settle(store, lease, pending, NoticeState.SENT)
    assert got == {"slack 1", "json 2"}
    assert await due(store) is None


async def test_what_failed_is_due_again_later(store):
    await add(store)
    pending, lease = await claim(store)
    assert await due(store) is None
    later = START + timedelta(seconds=30)
    await settle(store, lease, pending, NoticeState.WAITING, later)
    after = START + timedelta(seconds=11)
    assert await claim(store, after) is None
    assert await due(store, after) == later
    pending, _ = await claim(store, later)
    assert pending.tries == 1


async def test_what_a_dead_process_took_is_taken_again_and_its_word_is_void(store):
    await add(store)
    pending, lease = await claim(store)
    assert await claim(store) is None
    assert (await claim(store, START + timedelta(seconds=11))) is not None
    with pytest.raises(LeaseLostError):
        await settle(store, lease, pending, NoticeState.SENT)


async def test_targets_that_are_gone_are_not_asked_for(store):
    await add(store)
    assert await claim(store, targets=("other",)) is None
    assert await due(store, targets=()) is None
    assert await claim(store, targets=()) is None


async def test_old_ones_are_forgotten_but_not_those_on_their_way(store):
    await add(store, "sent", targets=())
    await add(store, "waiting")
    assert await add(store, "new", now=START + KEPT + timedelta(days=1))
    assert await add(store, "sent", targets=(), now=START + KEPT + timedelta(days=1))
    assert (await claim(store))[0].target == "slack 1"
