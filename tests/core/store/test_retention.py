import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from .support import make_call, make_error, make_run

FOREVER = timedelta(days=100_000)
PLENTY = 1 << 40


@pytest.fixture
def now():
    return datetime.now(UTC)


def size_on_disk(path):
    return sum(file.stat().st_size for file in path.parent.iterdir())


async def backdate_errors(store, run_id, age):
    """As if the errors had been added that long ago."""
    micros = age // timedelta(microseconds=1)
    await store.writer.submit(
        lambda c: c.execute(
            "UPDATE error_entries SET seen_at = seen_at - ? "
            "WHERE run = (SELECT run FROM runs WHERE run_id = ?)",
            (micros, run_id),
        )
    )


async def test_nothing_is_dropped_without_a_reason(store, now):
    await store.save_run(make_run(polled_at=now))
    await store.add_errors("run-1", [make_error("r1")])
    await store.save_call(make_call(started_at=now))
    assert await store.retain(max_age=timedelta(days=1), max_bytes=PLENTY) == 0
    assert len(await store.polls("run-1")) == len(await store.calls()) == 1
    assert await store.error_count("run-1") == 1


async def test_what_is_older_than_the_age_goes_with_all_its_parts(store, now):
    old = now - timedelta(days=40)
    for run_id, when in (("old", old), ("new", now)):
        await store.save_run(make_run(run_id, polled_at=when))
        await store.add_errors(run_id, [make_error(f"r{n}") for n in range(1200)])
        await store.save_call(make_call(f"call-{run_id}", run_id=run_id, started_at=when))
    await backdate_errors(store, "old", timedelta(days=40))
    dropped = await store.retain(max_age=timedelta(days=30), max_bytes=PLENTY)
    assert dropped == 1 + 1 + 1200 + 1
    assert [run.run_id for run in await store.runs()] == ["new"]
    assert await store.error_count("old") == 0
    assert await store.error_count("new") == 1200
    assert [call.call_id for call in await store.calls()] == ["call-new"]
    leftovers = await store.readers.read(
        lambda c: c.execute("SELECT count(*) FROM error_entries").fetchone()
    )
    assert leftovers == (1200,)


async def test_a_watched_run_stays_known_however_old_it_is(store, now):
    await store.save_run(make_run(polled_at=now - timedelta(days=400)))
    await store.watch("run-1")
    assert await store.retain(max_age=timedelta(days=30), max_bytes=PLENTY) == 1
    assert await store.watched() == ["run-1"]
    assert await store.run("run-1") is not None
    assert await store.polls("run-1") == []


async def test_the_history_of_a_long_run_loses_only_its_old_part(store, now):
    for days in (50, 40, 20, 0):
        await store.save_run(make_run(polled_at=now - timedelta(days=days)))
    assert await store.retain(max_age=timedelta(days=30), max_bytes=PLENTY) == 2
    assert len(await store.polls("run-1")) == 2
    assert await store.run("run-1") is not None


async def test_above_the_size_the_oldest_goes_and_the_file_shrinks(store, path):
    for part in range(10):
        errors = [make_error(f"{part}-{n}", record="x" * 2000) for n in range(300)]
        await store.add_errors("run-1", errors)
    before = size_on_disk(path)
    assert before > 5_000_000
    dropped = await store.retain(max_age=FOREVER, max_bytes=2_000_000)
    assert 1500 < dropped < 3000
    assert 1_500_000 < size_on_disk(path) < 2_100_000
    kept = [error.record_id async for error in store.errors("run-1")]
    assert len(kept) == 3000 - dropped
    assert kept[-1] == "9-299"
    assert kept[0] not in {"0-0", "1-0"}
    assert await store.retain(max_age=FOREVER, max_bytes=2_000_000) == 0


async def test_the_oldest_of_all_kinds_goes_first(store, now):
    times = {hours: now - timedelta(hours=hours) for hours in range(600, 0, -1)}
    await asyncio.gather(
        *(
            store.save_call(make_call(f"call-{hours}", started_at=when, operation="x" * 500))
            for hours, when in times.items()
        ),
        *(store.save_run(make_run(polled_at=when)) for when in times.values()),
    )
    await store.add_errors("run-1", [make_error(f"r{n}", record="x" * 500) for n in range(300)])
    size = await store.readers.read(lambda c: c.execute("PRAGMA page_count").fetchone()[0] * 4096)
    dropped = await store.retain(max_age=FOREVER, max_bytes=int(size * 0.7))
    assert dropped > 0
    # The errors were seen last of all.
    assert await store.error_count("run-1") == 300
    calls = await store.calls(limit=1000)
    assert calls[0].call_id == "call-1"
    assert 0 < len(calls) < 600


async def test_a_size_that_cannot_be_reached_drops_what_can_be_dropped(store, now):
    await store.watch("run-1")
    await store.save_run(make_run(polled_at=now))
    await store.add_errors("run-1", [make_error("r1")])
    await store.save_call(make_call())
    assert await store.retain(max_age=FOREVER, max_bytes=0) == 3
    assert await store.run("run-1") is not None
    assert await store.watched() == ["run-1"]


async def test_writes_and_reads_come_in_between(store):
    for part in range(8):
        errors = [make_error(f"{part}-{n}", record="x" * 1000) for n in range(500)]
        await store.add_errors("run-1", errors)
    retaining = asyncio.ensure_future(store.retain(max_age=FOREVER, max_bytes=500_000))
    between = 0
    while not retaining.done():
        await store.save_run(make_run(polled_at=datetime.now(UTC)))
        await store.error_page("run-1")
        between += 1
    assert await retaining > 0
    assert between >= 2


async def test_new_errors_are_told_from_old_ones_after_dropping(store):
    await store.add_errors("run-1", [make_error(f"r{n}") for n in range(10)])
    await store.retain(max_age=FOREVER, max_bytes=0)
    assert await store.add_errors("run-1", [make_error("r0"), make_error("new")]) == 2
    assert [error.record_id async for error in store.errors("run-1")] == ["r0", "new"]
