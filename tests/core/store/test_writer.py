import asyncio
import sqlite3
import threading
import time
from contextlib import asynccontextmanager, closing

import pytest

from cxtop.core.errors import StoreError, StoreFullError, StoreLockedError
from cxtop.core.store.faults import Faults
from cxtop.core.store.opening import connect, open_file
from cxtop.core.store.schema import MIGRATIONS
from cxtop.core.store.writer import Writer

from .support import held_by_another_process


@asynccontextmanager
async def writing(path, patience_s=10.0):
    faults = Faults(path, patience_s)
    writer = Writer(lambda: open_file(faults)[0], faults, version=len(MIGRATIONS))
    await writer.start()
    try:
        await writer.submit(lambda c: c.execute("CREATE TABLE IF NOT EXISTS t (a)"))
        yield writer
    finally:
        await writer.close()


def insert(value):
    return lambda connection: connection.execute("INSERT INTO t VALUES (?)", (value,)).lastrowid


def rows(path):
    with closing(connect(path)) as connection:
        return [value for (value,) in connection.execute("SELECT a FROM t ORDER BY rowid")]


async def test_a_job_gives_what_it_returns_and_is_committed_by_then(path):
    async with writing(path) as writer:
        assert await writer.submit(insert("x")) == 1
        assert rows(path) == ["x"]


async def test_jobs_run_in_the_order_of_submission_in_one_other_thread(path):
    async with writing(path) as writer:
        threads = await asyncio.gather(
            *(
                writer.submit(lambda c, n=n: insert(n)(c) and threading.get_ident())
                for n in range(200)
            )
        )
    assert rows(path) == list(range(200))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_jobs_that_come_together_are_committed_together(path):
    commits = []
    async with writing(path) as writer:

        def count(connection):
            connection.set_trace_callback(
                lambda sql: commits.append(sql) if sql == "COMMIT" else None
            )

        await writer.submit(count, alone=True)
        await asyncio.gather(*(writer.submit(insert(n)) for n in range(100)))
        assert len(commits) <= 3


async def test_a_job_that_fails_takes_back_only_itself(path):
    def half(connection):
        insert("half")(connection)
        raise ValueError("no further")

    async with writing(path) as writer:
        results = await asyncio.gather(
            writer.submit(insert(1)),
            writer.submit(half),
            writer.submit(lambda c: c.execute("INSERT INTO nowhere VALUES (1)")),
            writer.submit(insert(2)),
            return_exceptions=True,
        )
    assert rows(path) == [1, 2]
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], StoreError)
    assert "no such table" in results[2].why


async def test_a_job_that_ends_the_transaction_harms_only_itself(path):
    async with writing(path) as writer:
        results = await asyncio.gather(
            writer.submit(insert(1)),
            writer.submit(lambda c: c.execute("ROLLBACK")),
            writer.submit(insert(2)),
            return_exceptions=True,
        )
        assert isinstance(results[1], StoreError)
        assert "ended the transaction" in results[1].why
        assert rows(path) == [1, 2]


async def test_a_cancelled_await_takes_nothing_back(path):
    async with writing(path) as writer:
        await writer.submit(insert(0))
        task = asyncio.ensure_future(writer.submit(insert(1)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.submit(insert(2))
    assert rows(path) == [0, 1, 2]


async def test_the_failure_of_a_job_that_nobody_awaits_is_logged(path, caplog):
    async with writing(path) as writer:
        task = asyncio.ensure_future(writer.submit(lambda c: c.execute("nonsense")))
        task.cancel()
        await asyncio.wait([task])
    assert "nobody awaits" in caplog.text
    assert "syntax error" in caplog.text


async def test_closing_carries_out_what_was_begun(path):
    async with writing(path) as writer:
        futures = [writer.submit(insert(n)) for n in range(300)]
    assert all(future.done() for future in futures)
    assert rows(path) == list(range(300))


async def test_a_closed_writer_refuses(path):
    async with writing(path) as writer:
        pass
    with pytest.raises(StoreError, match="closed"):
        writer.submit(insert(1))
    await writer.close()


async def test_a_cancelled_close_closes_nevertheless(path):
    async with writing(path) as writer:
        future = writer.submit(insert(1))
        closing_ = asyncio.ensure_future(writer.close())
        await asyncio.sleep(0)
        closing_.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing_
        await future
    assert rows(path) == [1]


async def test_a_lock_that_is_not_given_up_is_an_error_and_the_writer_goes_on(path):
    async with writing(path, patience_s=0.3) as writer:
        async with held_by_another_process(path):
            results = await asyncio.gather(
                *(writer.submit(insert(n)) for n in range(3)), return_exceptions=True
            )
            assert [type(result) for result in results] == [StoreLockedError] * 3
        await writer.submit(insert("after"))
    assert rows(path) == ["after"]


async def test_the_event_loop_runs_on_while_the_store_is_locked(path):
    async with writing(path) as writer, held_by_another_process(path) as holder:
        future = writer.submit(insert(1))
        turns = 0
        ends = time.monotonic() + 0.5
        while time.monotonic() < ends:
            await asyncio.sleep(0)
            turns += 1
        assert not future.done()
        assert turns > 100
        await holder.let_go()
        await future


def limit_pages(spare):
    """A disk with room for so many pages more; SQLite reports its end as that of a disk."""

    def job(connection):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + spare}").fetchone()

    return job


async def test_a_full_disk_is_an_error_and_the_writer_goes_on(path):
    async with writing(path) as writer:
        await writer.submit(limit_pages(5), alone=True)
        results = await asyncio.gather(
            writer.submit(insert("small")),
            writer.submit(insert(b"x" * 100_000)),
            writer.submit(insert("also small")),
            return_exceptions=True,
        )
        assert isinstance(results[1], StoreFullError)
        assert "Make room" in results[1].fix
        assert rows(path) == ["small", "also small"]
        await writer.submit(limit_pages(1000), alone=True)
        await writer.submit(insert(b"x" * 100_000))
    assert len(rows(path)) == 3


async def test_alone_means_outside_any_transaction(path):
    async with writing(path) as writer:
        assert not await writer.submit(lambda c: c.in_transaction, alone=True)
        assert await writer.submit(lambda c: c.in_transaction)
        first, vacuumed, last = await asyncio.gather(
            writer.submit(insert(1)),
            writer.submit(lambda c: c.execute("VACUUM").fetchall(), alone=True),
            writer.submit(insert(2)),
        )
        assert (first, vacuumed, last) == (1, [], 2)
        await writer.submit(lambda c: c.execute("BEGIN"), alone=True)
        await writer.submit(insert(3))
    assert rows(path) == [1, 2, 3]


async def test_a_long_transaction_is_cut_so_that_others_get_their_turn(path):
    def slow(connection):
        time.sleep(0.08)
        return connection.execute("SELECT count(*) FROM t").fetchone()[0]

    commits = []
    async with writing(path) as writer:
        await writer.submit(
            lambda c: c.set_trace_callback(lambda sql: commits.append(sql == "COMMIT")), alone=True
        )
        await asyncio.gather(*(writer.submit(slow) for _ in range(8)))
    assert sum(commits) >= 2


async def test_a_steady_stream_is_committed_at_the_end_of_each_window(path):
    async with writing(path) as writer:
        first = writer.submit(insert(0))
        others = []
        async with asyncio.timeout(10):
            while not first.done():
                others.append(writer.submit(insert(1)))
                await asyncio.sleep(0)
        await asyncio.gather(*others)
    assert len(rows(path)) == 1 + len(others)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_ever_when_the_thread_breaks(path):
    async with writing(path) as writer:
        hold = threading.Event()
        holding = writer.submit(lambda c: hold.wait(10))
        await asyncio.sleep(0.1)
        breaking = [writer.submit(lambda c: c.close()), writer.submit(insert(1))]
        hold.set()
        async with asyncio.timeout(10):
            await holding
            for error in await asyncio.gather(*breaking, return_exceptions=True):
                assert isinstance(error, StoreError)
        with pytest.raises(StoreError, match="closed"):
            writer.submit(insert(2))


async def test_bulk_rows_of_later_tables_go_in_quickly_enough_to_batch(path):
    values = [(n,) for n in range(20_000)]
    async with writing(path) as writer:
        cursor = await writer.submit(lambda c: c.executemany("INSERT INTO t VALUES (?)", values))
        assert cursor.rowcount == 20_000
    assert len(rows(path)) == 20_000


async def test_what_connecting_raises_comes_out_of_start(tmp_path):
    faults = Faults(tmp_path / "x.db", 1)

    def connect_nowhere():
        raise sqlite3.OperationalError("nowhere")

    writer = Writer(connect_nowhere, faults, version=1)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await writer.start()
    with pytest.raises(StoreError, match="closed"):
        writer.submit(insert(1))
    await writer.close()


def test_jobs_whose_event_loop_ended_are_written_and_mentioned(path, caplog):
    async def submit_and_leave():
        faults = Faults(path, 10)
        writer = Writer(lambda: open_file(faults)[0], faults, version=len(MIGRATIONS))
        await writer.start()
        await writer.submit(lambda c: c.execute("CREATE TABLE t (a)"))
        hold = threading.Event()
        writer.submit(lambda c: hold.wait(10))
        writer.submit(insert(1))
        return writer, hold

    writer, hold = asyncio.run(submit_and_leave())
    hold.set()
    asyncio.run(writer.close())
    assert rows(path) == [1]
    assert "ended after their event loop" in caplog.text
