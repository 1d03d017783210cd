"""Foreign files on their way into the library."""

import asyncio
import fcntl
import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.sources import Library
from cxtop.core.sources.importing import Importer
from cxtop.core.sources.kinds import Kinds
from cxtop.core.sources.patterns import Patterns
from cxtop.core.sources.targets import id_of, offset_of
from cxtop.core.store.filter import parse

from .support import Told, append, library, lines, until
from .test_foreign import SEVEN
from .test_har import entry, har


def foreign(first: int, last: int) -> bytes:
    rows: list[dict[str, Any]] = [
        SEVEN | {"request_id": f"r-{n}", "ts": 1_772_000_000 + n} for n in range(first, last)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def ids(shelf: Library) -> list[str]:
    view = await shelf.view()
    return [row.request_id for row in await view.rows(0, len(view))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def expected(first: int, last: int) -> list[str]:
    return [f"r-{n}" for n in range(first, last)]


async def test_a_foreign_log_is_followed(store, folder, data, told):
    log = folder / "app.log"
    append(log, b'{"event": "started"}\nplain text\n' + foreign(0, 3))
    async with library(store, folder, data_dir=data, told=told) as shelf:
        assert await shelf.catch_up() == 3
        append(log, foreign(3, 5)[:-10])
        assert await shelf.catch_up() == 1
        append(log, foreign(3, 5)[-10:] + b'{"event": "on"}\n')
        assert await shelf.catch_up() == 1
        log.rename(folder / "app.1.log")
        append(log, foreign(5, 7))
        assert await shelf.catch_up() == 2
        assert await ids(shelf) == expected(0, 7)
        found = await shelf.payload(1)
        assert "geheim" not in repr(found)
        assert len(await shelf.by_id("r-3")) == 1
        own = (await shelf.by_id("r-3"))[0].id
        assert [row.request_id for row in await shelf.by_id(own[:9])] == ["r-3"]
    async with library(store, folder, data_dir=data) as shelf:
        assert await shelf.catch_up() == 0
        append(log, foreign(7, 8))
        assert await shelf.catch_up() == 1
        assert await ids(shelf) == expected(0, 8)
    assert told == []


async def test_what_is_written_is_private_and_without_secrets(store, folder, data):
    append(folder / "app.log", foreign(0, 3))
    (folder / "b.har").write_bytes(har(entry()))
    async with library(store, folder, data_dir=data) as shelf:
        assert await shelf.catch_up() == 4
    written = [path for path in data.rglob("*") if path.is_file()]
    assert len(written) >= 4
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"geheim" not in path.read_bytes()
    assert stat.S_IMODE((data / "imported").stat().st_mode) == 0o700


async def test_a_har_file_is_taken_once(store, folder, data, told):
    log = folder / "b.har"
    whole = har(*(entry() for _ in range(5)))
    log.write_bytes(whole[: len(whole) // 2])
    async with library(store, folder, data_dir=data, told=told) as shelf:
        assert await shelf.catch_up() == 0
        assert told.about("not a HAR")
        log.write_bytes(whole)
        assert await shelf.catch_up() == 5
        assert await shelf.catch_up() == 0
        log.touch()
        assert await shelf.catch_up() == 0
    async with library(store, folder, data_dir=data) as shelf:
        assert await shelf.catch_up() == 0
        (folder / "c.har").write_bytes(har(entry(time=1), {"request": 7}))
        assert await shelf.catch_up() == 1
        assert (await shelf.page(parse("ms:1"))).rows[0].duration_ms == 1


async def test_gzipped_foreign_logs_and_their_originals_count_once(store, folder, data):
    log = folder / "app.log"
    append(log, foreign(0, 5))
    async with library(store, folder, data_dir=data) as shelf:
        assert await shelf.catch_up() == 5
        (folder / "app.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
        append(log, foreign(5, 6))
        assert await shelf.catch_up() == 1


async def test_without_a_data_folder_foreign_files_are_left_out(store, folder, told):
    append(folder / "app.log", foreign(0, 5))
    append(folder / "a.jsonl", lines(0, 2))
    append(folder / "text.log", b"text\n" * 20_000)
    async with library(store, folder, told=told) as shelf:
        assert await shelf.catch_up() == 2
        assert await shelf.catch_up() == 0
    assert len(told.about("app.log")) == 1
    assert len(told.about("text.log")) == 1


async def test_two_libraries_import_once(store, folder, data):
    append(folder / "app.log", foreign(0, 50))
    options = {"data_dir": data, "follow": True}
    async with library(store, folder, **options) as one, library(store, folder, **options) as two:

        async def all_there() -> bool:
            return (await one.count()).number == (await two.count()).number == 50

        await until(all_there)
        append(folder / "app.log", foreign(50, 60))

        async def more_there() -> bool:
            return (await two.count()).number >= 60

        await until(more_there)
        assert await ids(two) == expected(0, 60)


def test_two_importers_take_turns_and_bring_each_line_once(folder, data):
    log, target = folder / "app.log", data / "imported"
    told = Told()

    def importer() -> Importer:
        kinds = Kinds(Patterns([folder]).paths, told.append)
        return Importer(target, kinds, tell=told.append)

    one, two = importer(), importer()
    for number in range(6):
        append(log, foreign(5 * number, 5 * number + 5))
        assert (one, two)[number % 2].run_once()
        assert not one.run_once()
        assert not two.run_once()
    (folder / "a.har").write_bytes(har(entry()))
    assert two.run_once()
    assert not one.run_once()
    one.close()
    two.close()
    (written,) = target.glob("app-*.jsonl")
    found = [json.loads(line)["request_id"] for line in written.read_bytes().splitlines()]
    assert found == expected(0, 30)
    assert told == []


async def test_while_another_imports_that_is_told_and_nothing_is_taken(store, folder, data, told):
    append(folder / "app.log", foreign(0, 3))
    append(folder / "a.jsonl", lines(0, 2))
    (data / "imported").mkdir(parents=True)
    async with library(store, folder, data_dir=data, told=told) as shelf:
        with (data / "imported" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert await shelf.catch_up() == 2
            assert shelf.progress.held_up
            assert await shelf.catch_up() == 0
        assert len(told.about("Another cxtop is taking over foreign logs")) == 1
        assert await shelf.catch_up() == 3
        assert not shelf.progress.held_up


async def test_a_short_turn_of_another_is_waited_for(store, folder, data, told):
    append(folder / "app.log", foreign(0, 3))
    (data / "imported").mkdir(parents=True)
    async with library(store, folder, data_dir=data, told=told) as shelf:
        with (data / "imported" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            catching_up = asyncio.create_task(shelf.catch_up())
            done, _ = await asyncio.wait([catching_up], timeout=0.2)
            assert not done
        assert await catching_up == 3
    assert told == []


def test_ids_hold_the_offset_they_came_from():
    for offset in (0, 1, 1745, 2**40, 2**63):
        text = id_of(offset, "0123456789abcdef")
        assert len(text) == 32
        assert offset_of(text, "0123456789abcdef") == offset
        assert offset_of(text, "1123456789abcdef") is None
    assert id_of(0, "0" * 16)[:4] != id_of(1700, "0" * 16)[:4]


@pytest.mark.parametrize("lost", range(0, 700, 7))
def test_a_crash_at_any_moment_brings_each_line_once(folder, data, lost):
    """The process dies after some bytes were written, and before the note of it."""
    log, target = folder / "app.log", data / "imported"
    append(log, foreign(0, 3))
    told = Told()

    def importer() -> Importer:
        kinds = Kinds(Patterns([log]).paths, told.append)
        return Importer(target, kinds, tell=told.append)

    first = importer()
    first.run_once()
    (note,) = target.glob("*.source.json")
    before = note.read_bytes()
    (written,) = target.glob("*.jsonl")
    size = written.stat().st_size
    append(log, foreign(3, 6))
    first.run_once()
    first.close()
    whole = written.read_bytes()
    note.write_bytes(before)
    written.write_bytes(whole[: max(size, len(whole) - lost * 3)])
    second = importer()
    second.run_once()
    second.close()
    again = b"".join(path.read_bytes() for path in target.glob("*.jsonl"))
    found = [json.loads(line)["request_id"] for line in again.splitlines()]
    assert found == expected(0, 6)
    assert told == []


def test_a_note_that_cannot_be_read_is_passed_over(folder, data):
    log, target = folder / "app.log", data / "imported"
    append(log, foreign(0, 3))
    target.mkdir(parents=True)
    (target / "x.source.json").write_text("{")
    kinds = Kinds(Patterns([log]).paths, print)
    importer = Importer(target, kinds, tell=print)
    assert importer.run_once()
    assert not importer.run_once()
    importer.close()
