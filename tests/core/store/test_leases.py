from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.store import leases
from cxtop.core.store.leases import Lease, LeaseLostError

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


async def take(store, name, at, ttl_s=10.0):
    return await store.writer.submit(lambda c: leases.take(c, name, at, ttl_s))


async def test_one_has_it_until_its_end(store):
    first = await take(store, "x", NOW)
    assert first == Lease("x", 1)
    assert await take(store, "x", later(9.9)) is None
    assert await take(store, "y", NOW) == Lease("y", 1)
    assert await take(store, "x", later(10)) == Lease("x", 2)


async def test_who_was_thought_dead_is_refused(store):
    first = await take(store, "x", NOW)
    await take(store, "x", later(10))

    def late(connection):
        connection.execute("DELETE FROM watched")
        leases.check(connection, first)

    with pytest.raises(LeaseLostError):
        await store.writer.submit(late)
    with pytest.raises(LeaseLostError):
        await store.writer.submit(lambda c: leases.renew(c, first, later(11), 10))


async def test_a_lease_is_renewed_and_given_back(store):
    lease = await take(store, "x", NOW)
    await store.writer.submit(lambda c: leases.renew(c, lease, later(9), 10))
    assert await take(store, "x", later(15)) is None
    await store.writer.submit(lambda c: leases.release(c, lease))
    assert await take(store, "x", later(16)) == Lease("x", 2)
    await store.writer.submit(lambda c: leases.release(c, lease))
    assert await take(store, "x", later(17)) is None, "an old one gives back nothing"


async def test_a_lease_can_be_made_void(store):
    lease = await take(store, "x", NOW)
    await store.writer.submit(lambda c: leases.void(c, "x"))
    with pytest.raises(LeaseLostError):
        await store.writer.submit(lambda c: leases.check(c, lease))
    with pytest.raises(LeaseLostError):
        await store.writer.submit(lambda c: leases.check(c, Lease("never", 1)))
