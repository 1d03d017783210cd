from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.capture import CaptureLog
from cxtop.core.capture.record import FailurePart
from cxtop.core.capture.sighting import Sighting
from cxtop.core.errors import ConfigError

from .serving import captured, python, until

Logging = Callable[..., CaptureLog]


@pytest.fixture
def logging_to() -> Iterator[Logging]:
    """Makes capture logs, and closes them."""
    made: list[CaptureLog] = []

    def make(path: Path, **settings: Any) -> CaptureLog:
        made.append(CaptureLog(path, "svc", **settings))
        return made[-1]

    yield make
    for log in made:
        log.close()


def sighting(n: int = 0, *, body: bytes = b'{"n": 1}') -> Sighting:
    seen = Sighting(
        1_700_000_000 + n,
        "POST",
        f"http://h/orders/{n}",
        [(b"content-type", b"application/json")],
        1_000_000,
    )
    seen.request.add(body)
    seen.status = 204
    seen.request_id = f"id-{n}"
    return seen


@pytest.mark.parametrize(
    "settings",
    [
        {"max_bytes": 0},
        {"keep": -1},
        {"flush_interval_s": 0},
        {"flush_interval_s": float("nan")},
        {"max_waiting": -1},
        {"fsync": "sometimes"},
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, settings: Any) -> None:
    with pytest.raises(ConfigError):
        CaptureLog(tmp_path / "c.jsonl", **settings)


async def test_what_is_submitted_is_written_after_the_interval(
    tmp_path: Path, logging_to: Logging
) -> None:
    path = tmp_path / "c.jsonl"
    log = logging_to(path, flush_interval_s=0.05)
    for n in range(100):
        log.submit(sighting(n))
    assert not path.exists()
    assert log.stats.waiting == 100
    await until(lambda: log.stats.written == 100)
    assert [exchange.request_id for exchange in captured(path)] == [f"id-{n}" for n in range(100)]
    assert log.path == path
    stats = log.stats
    assert (stats.seen, stats.waiting, stats.dropped, stats.failed) == (100, 0, 0, 0)


async def test_the_event_loop_gets_its_turn_between_slices(
    tmp_path: Path, logging_to: Logging
) -> None:
    log = logging_to(tmp_path / "c.jsonl", flush_interval_s=60)
    for n in range(500):
        log.submit(sighting(n))
    turns = 0
    while len(log._queue) >= 32:  # pyright: ignore[reportPrivateUsage]
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 14


async def test_big_bodies_make_small_slices(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl", flush_interval_s=0.01)
    for n in range(8):
        log.submit(sighting(n, body=b"x" * 300_000))
    await until(lambda: log.stats.written == 8)
    assert [e.request.size for e in captured(tmp_path / "c.jsonl")] == [300_000] * 8


async def test_many_lines_are_written_before_the_interval_is_over(
    tmp_path: Path, logging_to: Logging
) -> None:
    log = logging_to(tmp_path / "c.jsonl", flush_interval_s=60)
    for n in range(64):
        log.submit(sighting(n, body=b"x" * 10_000))
    await until(lambda: log.stats.written > 0)


def test_without_an_event_loop_it_is_written_at_once(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl")
    log.submit(sighting())
    assert len(captured(tmp_path / "c.jsonl")) == 1


def test_a_log_outlives_the_event_loop(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl", flush_interval_s=60)

    async def use(n: int) -> None:
        for _ in range(40):
            log.submit(sighting(n))

    asyncio.run(use(1))
    asyncio.run(use(2))
    log.close()
    assert len(captured(tmp_path / "c.jsonl")) == 80


def test_a_closed_log_opens_again(tmp_path: Path) -> None:
    with CaptureLog(tmp_path / "c.jsonl", "svc") as log:
        log.submit(sighting(1))
    log.submit(sighting(2))
    log.close()
    assert [e.request_id for e in captured(tmp_path / "c.jsonl")] == ["id-1", "id-2"]


async def test_rotation_loses_and_doubles_nothing(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path, max_bytes=3000, keep=100, flush_interval_s=0.01)
    for n in range(300):
        log.submit(sighting(n))
        if n % 40 == 0:
            await asyncio.sleep(0.01)
    log.close()
    sizes = [entry.stat().st_size for entry in os.scandir(tmp_path)]
    assert len(sizes) > 10
    assert max(sizes) <= 3000
    assert [e.request_id for e in captured(tmp_path)] == [f"id-{n}" for n in range(300)]


@pytest.mark.parametrize("fsync", ["interval", "always"])
async def test_synced_logs_are_written_too(tmp_path: Path, logging_to: Logging, fsync: str) -> None:
    log = logging_to(tmp_path / "c.jsonl", fsync=fsync, flush_interval_s=0.02)
    for n in range(50):
        log.submit(sighting(n))
        await asyncio.sleep(0)
    await until(lambda: log.stats.written == 50)
    await until(lambda: not log._syncing.running)  # pyright: ignore[reportPrivateUsage]
    log.close()
    assert len(captured(tmp_path / "c.jsonl")) == 50
    assert log.stats.problem == ""


async def test_with_fsync_always_the_interval_is_not_waited_for(
    tmp_path: Path, logging_to: Logging
) -> None:
    log = logging_to(tmp_path / "c.jsonl", fsync="always", flush_interval_s=60)
    log.submit(sighting())
    await until(lambda: log.stats.written == 1)


def test_syncing_without_an_event_loop(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl", fsync="always")
    log.submit(sighting())
    assert log.stats.written == 1


async def test_a_log_that_cannot_be_written_keeps_lines_and_says_so_once(
    tmp_path: Path, logging_to: Logging, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    home.write_bytes(b"a file where a folder should be")
    log = logging_to(home / "c.jsonl", flush_interval_s=0.01)
    for n in range(3):
        log.submit(sighting(n))
        await until(lambda: log.stats.problem != "")
    log.flush()
    log.flush()
    assert log.stats.waiting == 3
    assert log.stats.written == 0
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "cannot be written" in caplog.text

    home.unlink()
    await until(lambda: log.stats.written == 3)
    assert log.stats.problem == ""
    assert "can be written again" in caplog.text
    assert len(captured(home / "c.jsonl")) == 3


async def test_what_finds_no_room_is_dropped_and_counted(
    tmp_path: Path, logging_to: Logging, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    home.write_bytes(b"")
    log = logging_to(home / "c.jsonl", max_waiting=2000)
    for n in range(40):
        log.submit(sighting(n))
    log.flush()
    assert log.stats.dropped > 20
    assert log.stats.dropped + log.stats.waiting == 40
    assert caplog.text.count("drops exchanges") == 1
    log.close()
    assert log.stats.dropped == 40


async def test_the_queue_is_bounded_too(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl")
    big = b'{"n": "' + b"x" * 999_990 + b'"}'
    for n in range(80):
        log.submit(sighting(n, body=big))
    assert log.stats.dropped == 80 - log.stats.waiting
    assert 10 < log.stats.dropped < 30


async def test_an_exchange_that_cannot_become_a_line_is_counted(
    tmp_path: Path, logging_to: Logging, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging_to(tmp_path / "c.jsonl")
    for _ in range(2):
        broken = sighting()
        broken.at = float("inf")
        log.submit(broken)
    odd = sighting()
    odd.failure = FailurePart("T", {1: object()})  # pyright: ignore[reportArgumentType]
    log.submit(odd)
    log.submit(sighting())
    log.flush()
    assert (log.stats.failed, log.stats.written) == (3, 1)
    assert len(caplog.records) == 1


FULL = """
import resource, signal, sys
from cxtop.core.capture import CaptureLog
from cxtop.core.capture.sighting import Sighting

path, limit = sys.argv[1], int(sys.argv[2])
log = CaptureLog(path, max_waiting=1_000_000)

def see(n):
    s = Sighting(1_700_000_000 + n, "GET", f"http://h/{n}", [], 100)
    s.status = 204
    s.request_id = f"id-{n}"
    log.submit(s)

resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for n in range(20):
    see(n)
full = log.stats
assert full.problem and 0 < full.written < 20, full
assert full.written + full.waiting == 20 and full.dropped == 0, full
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.flush()
assert log.stats.written == 20 and not log.stats.problem, log.stats
"""


@pytest.mark.parametrize("limit", [1000, 1001, 1234])
def test_a_disk_that_fills_in_the_middle_of_a_line_costs_nothing_once_there_is_room(
    tmp_path: Path, limit: int
) -> None:
    done = python(FULL, str(tmp_path / "c.jsonl"), str(limit))
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stderr
    assert [e.request_id for e in captured(tmp_path / "c.jsonl")] == [f"id-{n}" for n in range(20)]


FORK = """
import asyncio, os, sys
from cxtop.core.capture import CaptureLog
from cxtop.core.capture.sighting import Sighting

log = CaptureLog(sys.argv[1], flush_interval_s=0.01)

def see(name):
    s = Sighting(1_700_000_000, "GET", "http://h/", [], 100)
    s.status = 204
    s.request_id = name
    log.submit(s)

async def before():
    see("written")
    log.flush()
    see("waits")
    return os.fork()

child = asyncio.run(before())
if child == 0:
    see("child")
    log.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
see("parent")
"""


@pytest.mark.parametrize("name", ["c.jsonl", "folder/"])
def test_a_forked_worker_writes_its_own_file_and_nothing_twice(tmp_path: Path, name: str) -> None:
    done = python(FORK, f"{tmp_path}/{name}")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "folder" if name.endswith("/") else tmp_path
    found = sorted(
        [json.loads(line)["request_id"] for line in path.read_bytes().splitlines()]
        for path in folder.iterdir()
    )
    assert found == [["child"], ["written", "waits", "parent"]]


async def test_after_a_fork_what_waits_is_left_to_the_parent(
    tmp_path: Path, logging_to: Logging
) -> None:
    log = logging_to(tmp_path / "c.jsonl")
    log.submit(sighting(1))
    log.flush()
    log.submit(sighting(2))
    log.forget()
    assert log.stats.waiting == 0
    log.submit(sighting(3))
    log.close()
    assert [e.request_id for e in captured(tmp_path / "c.jsonl")] == ["id-1", "id-3"]


async def test_what_cannot_be_synced_is_written_all_the_same(logging_to: Logging) -> None:
    log = logging_to(Path("/dev/null"), fsync="always", flush_interval_s=0.01)
    log.submit(sighting())
    await until(lambda: log.stats.written == 1)
    assert log.stats.problem == ""


def test_a_process_that_ends_flushes(tmp_path: Path) -> None:
    code = FULL.partition("resource.setrlimit")[0].replace("log.submit(s)", "s")
    code += (
        "import asyncio\n"
        "async def main():\n"
        "    s = Sighting(1, 'GET', '/', [], 1)\n"
        "    log.submit(s)\n"
        "    assert log.stats.written == 0\n"
        "asyncio.run(main())\n"
    )
    done = python(code, str(tmp_path / "c.jsonl"), "0")
    assert done.returncode == 0, done.stderr
    assert len(captured(tmp_path / "c.jsonl")) == 1


async def test_flushing_keeps_up_with_a_slow_trickle(tmp_path: Path, logging_to: Logging) -> None:
    log = logging_to(tmp_path / "c.jsonl", flush_interval_s=0.05)
    began = time.monotonic()
    log.submit(sighting())
    await until(lambda: log.stats.written == 1)
    assert time.monotonic() - began < 2
