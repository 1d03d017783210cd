"""Following logs through everything that happens to them, with real files."""

import gzip
import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from cxtop.core.sources import Absent, Missing
from cxtop.core.sources.pieces import LONGEST_LINE
from cxtop.core.sources.tailing import Tailer

from .support import append, copy_and_cut, library, lines, make_line, numbers


async def test_lines_are_read_as_they_come(store, folder, told):
    log = folder / "a.jsonl"
    async with library(store, log, told=told) as shelf:
        assert await shelf.catch_up() == 0
        append(log, lines(0, 3))
        assert await shelf.catch_up() == 3
        append(log, lines(3, 5))
        assert await shelf.catch_up() == 2
        assert await shelf.catch_up() == 0
        assert await numbers(shelf) == [0, 1, 2, 3, 4]
    assert told == []


async def test_after_a_restart_reading_goes_on(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    async with library(store, log) as shelf:
        await shelf.catch_up()
    append(log, lines(3, 5))
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 2
        assert await numbers(shelf) == [0, 1, 2, 3, 4]


async def test_renamed_with_an_unread_tail(store, folder, told):
    log = folder / "a.jsonl"
    async with library(store, folder, told=told) as shelf:
        append(log, lines(0, 3))
        await shelf.catch_up()
        append(log, lines(3, 5))
        log.rename(folder / "a.1.jsonl")
        append(log, lines(5, 7))
        assert await shelf.catch_up() == 4
        assert await numbers(shelf) == list(range(7))
    assert told == []


async def test_several_rotations_between_two_looks(store, folder, told):
    log = folder / "a.jsonl"
    async with library(store, folder, told=told) as shelf:
        append(log, lines(0, 3))
        await shelf.catch_up()
        for turn in range(1, 4):
            append(log, lines(turn * 10, turn * 10 + 2))
            log.rename(folder / f"a.{turn}.jsonl")
        append(log, lines(40, 42))
        await shelf.catch_up()
        assert await numbers(shelf) == [0, 1, 2, 10, 11, 20, 21, 30, 31, 40, 41]
    assert told == []


async def test_numbered_rotation_that_shifts_names(store, folder, told):
    log = folder / "a.jsonl"

    def rotate():
        for number in range(3, 0, -1):
            old = folder / f"a.jsonl.{number}"
            if old.exists():
                old.rename(folder / f"a.jsonl.{number + 1}")
        log.rename(folder / "a.jsonl.1")

    async with library(store, log, told=told) as shelf:
        for turn in range(4):
            append(log, lines(turn * 10, turn * 10 + 5))
            if turn % 2:
                await shelf.catch_up()
            rotate()
        append(log, lines(50, 51))
        await shelf.catch_up()
        expected = [n for turn in range(4) for n in range(turn * 10, turn * 10 + 5)]
        assert await numbers(shelf) == [*expected, 50]
        for row in (await shelf.page()).rows:
            assert row.missing is None
    assert told == []


async def test_rotated_while_stopped(store, folder, told):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    async with library(store, log) as shelf:
        await shelf.catch_up()
    append(log, lines(3, 4))
    log.rename(folder / "a.1.jsonl")
    append(log, lines(4, 6))
    async with library(store, log, told=told) as shelf:
        assert await shelf.catch_up() == 3
        assert await numbers(shelf) == list(range(6))
        assert all(row.missing is None for row in (await shelf.page()).rows)
    assert told == []


async def test_moved_out_of_sight_is_read_to_its_end(store, folder, tmp_path):
    log = folder / "a.jsonl"
    async with library(store, log) as shelf:
        append(log, lines(0, 2))
        await shelf.catch_up()
        append(log, lines(2, 4))
        log.rename(tmp_path / "elsewhere")
        append(log, lines(4, 5))
        await shelf.catch_up()
        assert sorted(await numbers(shelf)) == list(range(5))


async def test_copied_and_cut(store, folder, told):
    log = folder / "a.jsonl"
    async with library(store, folder, told=told) as shelf:
        append(log, lines(0, 5))
        await shelf.catch_up()
        append(log, lines(5, 8))
        copy_and_cut(log, folder / "a.jsonl.1")
        append(log, lines(8, 10))
        await shelf.catch_up()
        assert sorted(await numbers(shelf)) == list(range(10))
        rows = (await shelf.page()).rows
        assert all(row.missing is None for row in rows)
        assert await shelf.catch_up() == 0
    assert told.about("cut"), "a gap cannot be excluded, and is told"


async def test_copied_and_cut_while_stopped(store, folder, told):
    log = folder / "a.jsonl"
    append(log, lines(0, 5))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
    append(log, lines(5, 8))
    copy_and_cut(log, folder / "a.jsonl.1")
    append(log, lines(8, 20))
    async with library(store, folder, told=told) as shelf:
        assert await shelf.catch_up() == 15
        assert sorted(await numbers(shelf)) == list(range(20))
    assert told.about("cut")


async def test_a_copy_is_not_counted(store, folder, told):
    log = folder / "a.jsonl"
    append(log, lines(0, 5))
    async with library(store, folder, told=told) as shelf:
        await shelf.catch_up()
        shutil.copy(log, folder / "b.jsonl")
        assert await shelf.catch_up() == 0
        append(log, lines(5, 6))
        assert await shelf.catch_up() == 1
        assert await numbers(shelf) == list(range(6))
    async with library(store, folder, told=told) as shelf:
        assert await shelf.catch_up() == 0
    assert told == []


async def test_a_copy_that_was_made_earlier_is_not_counted(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    shutil.copy(log, folder / "early.jsonl")
    os.utime(folder / "early.jsonl", (1, 1))
    append(log, lines(3, 9))
    async with library(store, log) as shelf:
        await shelf.catch_up()
    async with library(store, folder) as shelf:
        assert await shelf.catch_up() == 0
        assert await numbers(shelf) == list(range(9))


async def test_a_log_that_is_known_goes_on_beside_an_older_copy(store, folder):
    log, copy = folder / "b.jsonl", folder / "a.jsonl"
    append(log, lines(0, 3))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
    shutil.copy(log, copy)
    os.utime(copy, (1, 1))
    async with library(store, folder) as shelf:
        assert await shelf.catch_up() == 0
        append(log, lines(3, 5))
        assert await shelf.catch_up() == 2
        assert await numbers(shelf) == list(range(5))


async def test_a_copy_that_is_written_on_in_place_of_its_original_is_followed(store, folder):
    log, copy = folder / "a.jsonl", folder / "b.jsonl"
    append(log, lines(0, 3))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        shutil.copy(log, copy)
        await shelf.catch_up()
        append(copy, lines(3, 5))
        assert await shelf.catch_up() == 2
        append(copy, lines(5, 6))
        assert await shelf.catch_up() == 1
        assert await numbers(shelf) == list(range(6))


async def test_a_copy_of_the_first_part_is_not_counted(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 9))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        (folder / "b.jsonl").write_bytes(lines(0, 4))
        (folder / "c.jsonl.gz").write_bytes(gzip.compress(lines(0, 5)))
        assert await shelf.catch_up() == 0
        log.unlink()
        assert await shelf.catch_up() == 0
        assert await numbers(shelf) == list(range(9))


def files_of_this_process() -> list[str]:
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


async def test_more_logs_than_are_kept_open(store, folder):
    paths = [folder / f"{number}.jsonl" for number in range(200)]
    for number, path in enumerate(paths):
        append(path, lines(number, number + 1))
    async with library(store, folder) as shelf:
        assert await shelf.catch_up() == 200
        open_files = files_of_this_process()
        assert sum(name.endswith(".jsonl") for name in open_files) <= 130
        append(paths[0], lines(300, 301))
        append(paths[150], lines(301, 302))
        assert await shelf.catch_up() == 2


async def test_a_copy_that_goes_its_own_way_is_another_log(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        copy = folder / "b.jsonl"
        shutil.copy(log, copy)
        await shelf.catch_up()
        append(log, lines(3, 6))
        await shelf.catch_up()
        append(copy, lines(100, 110))
        await shelf.catch_up()
        found = await numbers(shelf)
        assert set(range(100, 110)) <= set(found)
        assert set(range(6)) <= set(found)


@pytest.mark.parametrize("running", [True, False])
async def test_cut_and_grown_past_where_it_was(store, folder, told, running):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    async with library(store, log, told=told) as shelf:
        await shelf.catch_up()
        if running:
            log.write_bytes(lines(10, 30))
            assert await shelf.catch_up() == 20
    if not running:
        log.write_bytes(lines(10, 30))
    async with library(store, log, told=told) as shelf:
        await shelf.catch_up()
        assert await numbers(shelf) == [0, 1, 2, *range(10, 30)]
        rows = (await shelf.page()).rows
        assert [row.missing for row in rows[-3:]] == [Missing.CHANGED] * 3
        assert all(row.missing is None for row in rows[:-3])
    assert told.about("cut")


async def test_cut_to_the_same_size(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(10, 13))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        size = log.stat().st_size
        log.write_bytes(lines(20, 23))
        assert log.stat().st_size == size
        os.utime(log, ns=(1, log.stat().st_mtime_ns + 1_000_000))
        assert await shelf.catch_up() == 3


async def test_emptied_and_filled_with_less(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 9))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        os.truncate(log, 0)
        await shelf.catch_up()
        append(log, lines(20, 22))
        assert await shelf.catch_up() == 2


async def test_the_number_of_a_deleted_file_is_used_again(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    inode = log.stat().st_ino
    async with library(store, log) as shelf:
        await shelf.catch_up()
    log.unlink()
    for attempt in range(200):
        append(log, lines(50, 53))
        if log.stat().st_ino == inode:
            break
        log.rename(folder / f"other-{attempt}")
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 3
        assert await numbers(shelf) == [0, 1, 2, 50, 51, 52]


async def test_a_link_that_points_elsewhere(store, folder, tmp_path):
    first, second, link = tmp_path / "1.jsonl", tmp_path / "2.jsonl", folder / "now.jsonl"
    append(first, lines(0, 2))
    append(second, lines(10, 12))
    link.symlink_to(first)
    async with library(store, link) as shelf:
        await shelf.catch_up()
        append(first, lines(2, 3))
        link.unlink()
        link.symlink_to(second)
        await shelf.catch_up()
        append(second, lines(12, 13))
        await shelf.catch_up()
        assert sorted(await numbers(shelf)) == [0, 1, 2, 10, 11, 12]


async def test_two_names_of_one_file_count_once(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 2))
    (folder / "b.jsonl").hardlink_to(log)
    (folder / "c.jsonl").symlink_to(log)
    async with library(store, folder) as shelf:
        assert await shelf.catch_up() == 2


async def test_a_folder_that_is_deleted_and_made_again(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 2))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        shutil.rmtree(folder)
        assert await shelf.catch_up() == 0
        folder.mkdir()
        append(log, lines(10, 12))
        assert await shelf.catch_up() == 2
        rows = (await shelf.page()).rows
        assert [row.missing is None for row in rows] == [True, True, False, False]


async def test_a_log_that_was_deleted_keeps_its_rows(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 2))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        log.unlink()
        await shelf.catch_up()
        rows = (await shelf.page()).rows
        assert [row.status for row in rows] == [200, 200]
        assert [row.path for row in rows] == ["/orders/1", "/orders/0"]
        assert {row.missing for row in rows} == {Missing.GONE}
        found = await shelf.payload(rows[0].number)
        assert isinstance(found, Absent)
        assert found.state is Missing.GONE


async def test_globs_and_files_that_come_later(store, folder):
    async with library(store, folder / "*" / "x-?.jsonl") as shelf:
        assert await shelf.catch_up() == 0
        (folder / "one").mkdir()
        append(folder / "one" / "x-1.jsonl", lines(0, 1))
        append(folder / "one" / "y-1.jsonl", lines(1, 2))
        assert await shelf.catch_up() == 1
        (folder / "two").mkdir()
        append(folder / "two" / "x-2.jsonl", lines(2, 3))
        assert await shelf.catch_up() == 1
        assert await numbers(shelf) == [0, 2]


async def test_half_a_line_is_held(store, folder):
    log = folder / "a.jsonl"
    line = make_line(1, action="größer")
    place = line.index("ö".encode()) + 1
    async with library(store, log) as shelf:
        append(log, lines(0, 1) + line[:place])
        assert await shelf.catch_up() == 1
        assert await shelf.catch_up() == 0
        append(log, line[place:-1])
        assert await shelf.catch_up() == 0
        append(log, b"\n")
        assert await shelf.catch_up() == 1
        assert (await shelf.page()).rows[0].action == "größer"


async def test_half_a_line_is_held_over_a_rotation(store, folder):
    log, line = folder / "a.jsonl", make_line(1)
    async with library(store, folder) as shelf:
        append(log, lines(0, 1) + line[:50])
        await shelf.catch_up()
        log.rename(folder / "a.1.jsonl")
        append(log, lines(5, 6))
        await shelf.catch_up()
        append(folder / "a.1.jsonl", line[50:])
        await shelf.catch_up()
        assert sorted(await numbers(shelf)) == [0, 1, 5]


NESTED = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
BAD = {
    "no JSON": b"Traceback (most recent call last):",
    "half an object": b'{"id": "1", "at":',
    "an array": b"[1, 2]",
    "another object": b'{"event": "started"}',
    "NUL": make_line(1)[:-2] + b"\0}",
    "NaN": b'{"id":"1","at":"2026-03-01T12:00:00Z","request":{"value":NaN}}',
    "surrogate": b'{"id":"1","at":"2026-03-01T12:00:00Z","request":{"value":"\\ud800"}}',
    "nesting": b'{"id":"1","at":"2026-03-01T12:00:00Z","request":{"value":' + NESTED + b"}}",
    "UTF-8": b'{"id":"1","at":"2026-03-01T12:00:00Z","request":{"value":"\xff"}}',
    "UTF-16": "{}".encode("utf-16"),
    "time": b'{"id":"1","at":"yesterday"}',
    "zone": b'{"id":"1","at":"2026-03-01T12:00:00"}',
    "outcome": b'{"id":"1","at":"2026-03-01T12:00:00Z","outcome":"odd"}',
    "status": b'{"id":"1","at":"2026-03-01T12:00:00Z","status":-7}',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_what_is_no_exchange_is_set_aside(store, folder, bad):
    log = folder / "a.jsonl"
    before = lines(0, 2)
    append(log, before + bad + b"\n" + lines(2, 4))
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 4
        assert await numbers(shelf) == [0, 1, 2, 3]
        (aside,) = await shelf.quarantined()
        assert (aside.path, aside.offset) == (str(log), len(before))
        assert aside.length == len(bad) + 1
        assert aside.reason.endswith(".")
        assert shelf.progress.bad == 1


async def test_marks_line_ends_and_blanks_do_no_harm(store, folder):
    log = folder / "a.jsonl"
    windows = lines(1, 3).replace(b"\n", b"\r\n")
    append(log, b"\xef\xbb\xbf" + lines(0, 1) + b"\n \r\n" + windows)
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 3
        assert await shelf.quarantined() == []
        assert all(row.missing is None for row in (await shelf.page()).rows)


async def test_two_on_a_line_do_not_shift_those_that_follow(store, folder):
    log = folder / "a.jsonl"
    two = lines(1, 3).replace(b"\n", b"", 1)
    for blank in (b"\n", b" \n"):
        append(log, lines(0, 1) + two + blank + lines(3, 5))
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 6
        assert await numbers(shelf) == [0, 3, 4] * 2
        assert [aside.length for aside in await shelf.quarantined()] == [len(two)] * 2
        assert all(row.missing is None for row in (await shelf.page()).rows)


async def test_many_bad_lines_are_counted_and_not_all_kept(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 1) + b"bad\n" * 3000)
    async with library(store, log) as shelf:
        await shelf.catch_up()
        assert len(await shelf.quarantined(5000)) == 1000
        (found,) = await shelf.logs()
        assert (found.lines, found.bad) == (1, 3000)


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """How much memory this process ever had, in bytes, since the mark was reset."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


async def test_a_line_of_100_mb_is_skipped_in_bounded_memory(store, folder, told):
    log = folder / "a.jsonl"
    part = b"x" * (1024 * 1024)
    with log.open("wb") as file:
        file.write(lines(0, 1) + b'{"id":"')
        for _ in range(100):
            file.write(part)
    async with library(store, log, told=told) as shelf:
        reset_peak()
        before = peak()
        assert await shelf.catch_up() == 1
        assert await shelf.catch_up() == 0
        append(log, b'"}\n' + lines(1, 3))
        assert await shelf.catch_up() == 2
        assert peak() - before < 30 * 1024 * 1024
        (aside,) = await shelf.quarantined()
        assert aside.length > 100 * 1024 * 1024 > LONGEST_LINE
        assert await numbers(shelf) == [0, 1, 2]
    assert told.about("too long")


async def test_a_line_of_several_reads_is_read(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 1) + make_line(1, code="c" * 3_000_000) + lines(2, 3))
    async with library(store, log) as shelf:
        assert await shelf.catch_up() == 3
        assert len((await shelf.page()).rows[1].code) == 3_000_000


async def test_gzipped_after_rotation(store, folder, told):
    log = folder / "a.jsonl"
    append(log, lines(0, 50))
    async with library(store, folder, told=told) as shelf:
        await shelf.catch_up()
        append(log, lines(50, 60))
        packed = folder / "a.jsonl.1.gz"
        packed.write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
        append(log, lines(60, 65))
        assert await shelf.catch_up() == 15
        assert sorted(await numbers(shelf)) == list(range(65))
        assert all(row.missing is None for row in (await shelf.page()).rows)
    async with library(store, folder, told=told) as shelf:
        assert await shelf.catch_up() == 0
    assert told == []


async def test_gzipped_beside_its_original(store, folder):
    log = folder / "a.1.jsonl"
    append(log, lines(0, 50))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        packed = folder / "a.1.jsonl.gz"
        packed.write_bytes(gzip.compress(log.read_bytes()))
        assert await shelf.catch_up() == 0
        log.unlink()
        assert await shelf.catch_up() == 0
        assert (await shelf.page()).rows[0].missing is None


async def test_gzip_is_known_by_its_contents_and_may_be_unfinished(store, folder):
    log = folder / "named-like-a-plain-one.jsonl"
    data = gzip.compress(lines(0, 3000))
    log.write_bytes(data[: len(data) // 2])
    async with library(store, folder) as shelf:
        first = await shelf.catch_up()
        assert 0 < first < 3000
        append(log, data[len(data) // 2 :])
        assert await shelf.catch_up() == 3000 - first
        assert await numbers(shelf) == list(range(3000))


async def test_the_log_that_is_furthest_back_is_read_first(store, folder):
    late, early = folder / "a.jsonl", folder / "b.jsonl"
    append(late, lines(5000, 10_000))
    append(early, lines(0, 5000))
    async with library(store, late, early) as shelf:
        await shelf.catch_up()
        assert await numbers(shelf) == list(range(10_000))


async def test_a_log_that_may_not_be_read_is_told_once(store, folder, told):
    log = folder / "a.jsonl"
    log.symlink_to(log)
    async with library(store, folder / "a.jsonl", told=told) as shelf:
        await shelf.catch_up()
        await shelf.catch_up()
        assert len(told.about("cannot be read")) == 1
        log.unlink()
        append(log, lines(0, 1))
        assert await shelf.catch_up() == 1


def test_random_rotations_lose_nothing_and_repeat_nothing(folder):
    chance = random.Random(5)
    log = folder / "a.jsonl"
    read: list[bytes] = []
    told: list[str] = []
    tailer = Tailer(lambda: [str(path) for path in sorted(folder.iterdir())], tell=told.append)
    written, rotations = 0, 0
    try:
        for _ in range(400):
            step = chance.random()
            if step < 0.5:
                count = chance.randrange(1, 4)
                append(log, lines(written, written + count))
                written += count
            elif step < 0.7 and log.exists():
                rotations += 1
                rotated = folder / f"a.{rotations}.jsonl"
                log.rename(rotated)
                if chance.random() < 0.3:
                    packed = gzip.compress(rotated.read_bytes())
                    rotated.with_suffix(".gz").write_bytes(packed)
                    rotated.unlink()
            else:
                tailer.look()
                while (piece := tailer.read()) is not None:
                    read += piece.data.splitlines()
        tailer.look()
        while (piece := tailer.read()) is not None:
            read += piece.data.splitlines()
    finally:
        tailer.close()
    assert sorted(read) == sorted(lines(0, written).splitlines())
    assert rotations > 30
    # A new file may get the number of one that was gzipped, which looks like copying and cutting.
    assert all("was cut" in sentence for sentence in told)
