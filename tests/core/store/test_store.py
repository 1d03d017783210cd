import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cxtop.core.errors import StoreError, StoreFullError
from cxtop.core.redact import MASK, Redactor
from cxtop.core.store import Store

from .support import make_call, make_error, make_run


async def test_everything_is_there_after_a_restart(path):
    async with await Store.open(path) as store:
        await store.watch("run-1")
        await store.save_run(make_run())
        await store.add_errors("run-1", [make_error("r1")])
        await store.save_call(make_call())
    async with await Store.open(path) as store:
        assert await store.watched() == ["run-1"]
        assert await store.run("run-1") == make_run()
        assert await store.error_count("run-1") == 1
        assert await store.calls() == [make_call()]
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


async def test_closing_twice_is_fine_and_using_it_afterwards_is_refused(path):
    store = await Store.open(path)
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.save_run(make_run())
    with pytest.raises(StoreError, match="is closed"):
        await store.runs()


async def test_closing_carries_out_what_was_begun(path):
    store = await Store.open(path)
    saves = [asyncio.ensure_future(store.save_run(make_run(after_s=n))) for n in range(100)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*saves)
    async with await Store.open(path) as again:
        assert len(await again.polls("run-1")) == 100


async def test_what_was_cancelled_is_there_whole_or_not_at_all(path):
    async with await Store.open(path) as store:
        tasks = [
            asyncio.ensure_future(
                store.add_errors("run-1", [make_error(f"{n}-{part}") for part in range(7)])
            )
            for n in range(50)
        ]
        await asyncio.sleep(0.005)
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [error.record_id async for error in store.errors("run-1")]
    assert len(kept) == len(set(kept))
    for n, result in enumerate(done):
        parts = [record_id for record_id in kept if record_id.startswith(f"{n}-")]
        assert len(parts) in ({7} if result == 7 else {0, 7})


async def test_several_stores_on_one_file_see_each_other(path):
    async with await Store.open(path) as one, await Store.open(path) as other:
        await one.save_run(make_run())
        assert await other.run("run-1") == make_run()
        results = await asyncio.gather(
            *(
                store.add_errors("run-1", [make_error(f"r{n}") for n in range(part, part + 10)])
                for part in range(0, 200, 5)
                for store in (one, other)
            )
        )
        assert sum(results) == await one.error_count("run-1") == 205


_OTHER = """
import asyncio, sys
from pathlib import Path
from cxtop.core.models import RecordError
from cxtop.core.store import Store

async def main():
    async with await Store.open(Path(sys.argv[1])) as store:
        added = 0
        for n in range(60):
            ids = [f"r{n}", f"{sys.argv[2]}-{n}"]
            found = [RecordError(run_id="run-1", record_id=one, code="X") for one in ids]
            added += await store.add_errors("run-1", found)
        print(added)

asyncio.run(main())
"""


async def test_several_processes_write_at_once(path):
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _OTHER, str(path), name, stdout=asyncio.subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0]
    async with await Store.open(path) as store:
        # The shared ids count once, whoever was first.
        assert sum(int(output) for output, _ in outputs) == 180
        assert await store.error_count("run-1") == 180
        assert await store.check() is None


async def test_a_full_disk_is_an_error_and_the_store_goes_on(path):
    async with await Store.open(path) as store:
        await store.save_run(make_run())

        def limit(spare):
            def job(connection):
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
                connection.execute(f"PRAGMA max_page_count = {pages + spare}").fetchone()

            return job

        await store.writer.submit(limit(3), alone=True)
        with pytest.raises(StoreFullError):
            await store.add_errors("run-1", [make_error("r1", record="x" * 100_000)])
        assert await store.run("run-1") == make_run()
        assert await store.error_count("run-1") == 0
        await store.writer.submit(limit(1000), alone=True)
        assert await store.add_errors("run-1", [make_error("r1", record="x" * 100_000)]) == 1


async def test_the_profiles_own_redactor_is_used(path):
    async with await Store.open(path, redactor=Redactor(["pin"])) as store:
        await store.add_errors("run-1", [make_error("r1", record={"pin": "4711"})])
        (kept,) = (await store.error_page("run-1")).items
        assert kept.record == {"pin": MASK}


async def test_a_healthy_store_has_nothing_to_say(store):
    await store.save_run(make_run())
    assert await store.check() is None


async def test_the_check_sees_that_others_may_read_the_file(store, path):
    path.chmod(0o640)
    assert "chmod 600" in (await store.check() or "")


async def test_the_check_says_when_the_store_cannot_be_read(path):
    store = await Store.open(path)
    await store.close()
    assert "is closed" in (await store.check() or "")


async def test_the_check_finds_damage_inside_and_the_next_opening_heals_it(path):
    async with await Store.open(path) as store:
        await store.add_errors("run-1", [make_error(f"r{n}", record="x" * 900) for n in range(900)])
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(8192))
    told: list[str] = []
    async with await Store.open(path, notice=told.append) as store:
        assert "is damaged" in (await store.check() or "")
    async with await Store.open(path, notice=told.append) as store:
        assert await store.check() is None
    assert len(told) == 1


async def test_without_a_notice_the_log_is_told(path, caplog):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 60)
    async with await Store.open(path):
        pass
    assert "was damaged" in caplog.text


async def test_the_file_is_what_sqlite_tools_expect(path):
    async with await Store.open(path) as store:
        await store.save_run(make_run())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_importing_the_store_loads_nothing_heavy(tmp_path):
    import subprocess

    script = (
        "import sys, cxtop.core.store\n"
        "print(sorted({'httpx', 'textual', 'rich', 'fastapi'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path("/")
    )
    assert result.stdout == "[]\n"
