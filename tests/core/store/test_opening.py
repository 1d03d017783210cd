import asyncio
import fcntl
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from cxtop.core.errors import StoreError, StoreLockedError, StoreNewerError
from cxtop.core.store import Store
from cxtop.core.store.opening import connect
from cxtop.core.store.schema import MIGRATIONS

from .support import held_by_another_process, make_error, make_run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_of(path: Path) -> list[Path]:
    return sorted(file for file in path.parent.iterdir() if file.is_file())


async def filled(path: Path, errors: int = 0) -> None:
    async with await Store.open(path) as store:
        await store.save_run(make_run())
        await store.add_errors(
            "run-1", [make_error(f"r{n}", message="m" * 300) for n in range(errors)]
        )


async def test_file_and_every_new_folder_are_private(path, tmp_path):
    old = os.umask(0)
    try:
        async with await Store.open(path) as store:
            await store.save_run(make_run())
            assert {file.suffix for file in files_of(path)} == {
                ".db",
                ".db-wal",
                ".db-shm",
                ".lock",
            }
            assert {mode(file) for file in files_of(path)} == {0o600}
    finally:
        os.umask(old)
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


async def test_a_file_that_others_could_read_is_taken_from_them(path):
    await filled(path)
    path.chmod(0o644)
    async with await Store.open(path):
        assert mode(path) == 0o600


async def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    await filled(tmp_path / "x.db")
    assert mode(tmp_path) == 0o755


@pytest.mark.parametrize("name", ["a b", "100%", "what?x=1#y", "ünï"])
async def test_names_that_mean_something_in_a_uri_are_names(tmp_path, name):
    await filled(tmp_path / f"{name}.db")
    assert (tmp_path / f"{name}.db").stat().st_size > 0


async def test_a_newer_store_is_refused_and_left_alone(path):
    await filled(path)
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 3}")
    before = path.read_bytes()
    with pytest.raises(StoreNewerError) as refused:
        await Store.open(path)
    assert f"version {len(MIGRATIONS) + 3}" in refused.value.why
    assert "Update cxtop" in refused.value.fix
    assert path.read_bytes() == before


async def test_a_store_that_becomes_newer_while_it_is_open_is_refused_from_then_on(path):
    async with await Store.open(path) as store:
        with closing(connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        with pytest.raises(StoreNewerError):
            await store.save_run(make_run())
        assert await store.runs() == []


async def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a store of cxtop"):
        await Store.open(path)
    assert path.read_bytes() == before


def spoil_header(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)


def spoil_by_cutting(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def spoil_schema(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(3900))


@pytest.mark.parametrize("spoil", [spoil_header, spoil_by_cutting, spoil_schema])
async def test_a_damaged_file_is_moved_aside_with_a_notice_and_a_fresh_one_made(path, spoil):
    await filled(path, errors=300)
    spoil(path)
    damaged = path.read_bytes()
    told: list[str] = []
    async with await Store.open(path, notice=told.append) as store:
        assert await store.runs() == []
        await store.save_run(make_run())
        assert len(await store.runs()) == 1
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == damaged
    assert len(told) == 1
    assert str(aside) in told[0]


async def test_every_damaged_file_is_kept(path):
    for _ in range(3):
        await filled(path)
        spoil_header(path)
    await filled(path)
    assert len(list(path.parent.glob("*.corrupt-*"))) == 3


async def test_two_that_open_a_damaged_file_at_once_heal_it_once(path):
    await filled(path)
    spoil_header(path)
    told: list[str] = []
    both = await asyncio.gather(*(Store.open(path, notice=told.append) for _ in range(2)))
    await both[0].save_run(make_run())
    assert len(await both[1].runs()) == 1
    for store in both:
        await store.close()
    assert len(told) == 1


async def test_damage_found_while_it_is_used_is_healed_when_it_is_opened_next(path):
    await filled(path, errors=500)
    half = path.stat().st_size // 2
    with path.open("r+b") as file:
        # Not the pages with header and schema, which opening looks at.
        file.seek(half)
        file.write(b"\xff" * half)
    told: list[str] = []
    async with await Store.open(path, notice=told.append) as store:
        with pytest.raises(StoreError, match="damaged") as found:
            [error async for error in store.errors("run-1")]
        assert "Start cxtop again" in found.value.fix
    assert told == []
    await (await Store.open(path, notice=told.append)).close()
    assert len(told) == 1
    await (await Store.open(path, notice=told.append)).close()
    assert len(told) == 1


async def test_a_store_wrongly_suspected_stays(path):
    await filled(path)
    path.with_name(f"{path.name}.suspect").touch()
    told: list[str] = []
    async with await Store.open(path, notice=told.append) as store:
        assert len(await store.runs()) == 1
    assert told == []
    assert not path.with_name(f"{path.name}.suspect").exists()


async def test_a_store_that_another_process_holds_is_waited_for(path):
    await filled(path)
    async with held_by_another_process(path) as holder, await Store.open(path) as store:
        saving = asyncio.ensure_future(store.save_run(make_run(after_s=5)))
        # Longer than SQLite waits by itself.
        await asyncio.sleep(0.6)
        assert not saving.done()
        assert len(await store.polls("run-1")) == 1
        await holder.let_go()
        await saving
        assert len(await store.polls("run-1")) == 2


async def test_opening_waits_for_another_process_that_is_opening(path):
    await filled(path)
    with path.with_name(f"{path.name}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreLockedError) as refused:
            await Store.open(path, patience_s=0.3)
        assert "0.3 s" in refused.value.why
        opening = asyncio.ensure_future(Store.open(path, patience_s=10))
        await asyncio.sleep(0.1)
        assert not opening.done()
        fcntl.flock(lock, fcntl.LOCK_UN)
        await (await opening).close()


async def test_making_a_store_that_another_process_holds_gives_up_in_the_end(path):
    path.parent.mkdir(parents=True)
    path.touch()
    async with held_by_another_process(path):
        with pytest.raises(StoreLockedError):
            await Store.open(path, patience_s=0.3)


async def test_a_place_where_no_folder_can_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        await Store.open(tmp_path / "file" / "x.db")


async def test_a_folder_in_the_files_place(tmp_path):
    (tmp_path / "x.db").mkdir(mode=0o700)
    with pytest.raises(StoreError, match="cannot be opened or written"):
        await Store.open(tmp_path / "x.db")


async def test_a_cancelled_opening_lets_go_of_the_file(path):
    await filled(path)
    with path.with_name(f"{path.name}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        opening = asyncio.ensure_future(Store.open(path, patience_s=10))
        await asyncio.sleep(0.1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    # The last connection to go takes the -wal with it.
    await filled(path)
