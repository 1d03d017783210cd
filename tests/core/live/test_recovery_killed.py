"""kill -9 at random moments of recoveries: nothing is submitted twice, no dead letter is lost."""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cxtop.core.models import LetterState, RecoveryState, Submission
from cxtop.core.store import Store, audit, deadletters, recoveries

from ..platforms.server import Asked, Reply, serving
from .recovering import BODY, COMPLETED, ROOMY, LetterBox, failed
from .support import after

KILLS = 50
BOUND_S = 40
ROOT = Path(__file__).parents[3]


@dataclass
class Platform:
    """`t…` failed and can be tried again, `d…` failed for good; what is submitted succeeds."""

    started: dict[str, str] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    posted: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            key = asked.headers["idempotency-key"]
            self.posts.append(key)
            self.posted.set()
            run_id = self.started.setdefault(key, f"again-{key}")
            # The answer is on its way for a while, so that kills meet it there.
            await asyncio.sleep(0.02)
            return Reply({"id": run_id}, 202, ROOMY)
        run_id = asked.path.rpartition("/")[2]
        fate = COMPLETED if run_id.startswith("again-") else failed("TIMEOUT")
        if run_id.startswith("d"):
            fate = failed("BAD_ROW")
        return Reply({"id": run_id, **fate}, headers=ROOMY)


class Hook(LetterBox):
    """A webhook that refuses at first, and tells when a letter comes."""

    def __init__(self) -> None:
        super().__init__([500] * 20)
        self.came = asyncio.Event()

    async def __call__(self, asked: Asked) -> Reply:
        self.came.set()
        reply = await super().__call__(asked)
        await asyncio.sleep(0.01)
        return reply


async def some_moment(chance: random.Random, *events: asyncio.Event) -> None:
    """Any moment, or one around which something is on the wire."""
    event = chance.choice([None, *events])
    if event is None:
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        return
    event.clear()
    try:
        async with asyncio.timeout(0.6):
            await event.wait()
    except TimeoutError:
        return
    await asyncio.sleep(chance.uniform(0.0, 0.03))


class Lives:
    """Monitors, one after the other, and their deaths."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def begin(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return int(await self._process.stdout.readline())

    async def end(self, pid: int) -> None:
        assert self._process.stdout is not None
        os.kill(pid, signal.SIGKILL)
        assert await self._process.stdout.readline() == b"dead\n"


async def fail_two(store: Store, number: int) -> None:
    for run_id in (f"t{number}", f"d{number}"):
        submission = Submission(
            run_id=run_id, idempotency_key=run_id, body=BODY, submitted_at=after(0)
        )
        await store.save_submission(submission)
        await store.watch(run_id)


async def all_over(store: Store) -> bool:
    def query(connection):
        open_ones = recoveries.stretch(connection, text="", only_open=True, before=None, limit=1)
        known = recoveries.stretch(connection, text="", only_open=False, before=None, limit=1)
        return open_ones.total, known.total, deadletters.counts(connection)

    open_ones, known, letters = await store.readers.read(query)
    return not open_ones and known == 2 * KILLS and letters[LetterState.WAITING] == 0


async def test_fifty_kills(tmp_path):
    chance = random.Random(20260302)
    path = tmp_path / "store.sqlite3"
    platform, box = Platform(), Hook()
    async with serving(platform) as server, serving(box) as hook:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.core.live.recoverer",
            str(path),
            server.url,
            hook.url,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        lives = Lives(process)
        try:
            async with asyncio.timeout(BOUND_S), await Store.open(path) as store:
                for number in range(KILLS):
                    await fail_two(store, number)
                    pid = await lives.begin()
                    await some_moment(chance, platform.posted, box.came)
                    await lives.end(pid)
                pid = await lives.begin()
                while not await all_over(store):  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)
                await lives.end(pid)
                await check(store, platform, box)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


async def check(store: Store, platform: Platform, box: LetterBox) -> None:
    assert sorted(platform.started) == sorted(f"t{n}.retry-1" for n in range(KILLS))
    assert len(platform.posts) > KILLS, "some kill came between the POST and its answer"

    def query(connection):
        told = recoveries.stretch(
            connection, text="", only_open=False, before=None, limit=3 * KILLS
        )
        entries = audit.audit_stretch(connection, text="", before=None, limit=9 * KILLS)
        return told.items, entries.items

    told, entries = await store.readers.read(query)
    by_run = {recovery.action_id: recovery for recovery in told}
    assert len(by_run) == len(told) == 2 * KILLS
    taken = {letter["error_id"]: json.dumps(letter) for letter in box.taken}
    for number in range(KILLS):
        assert by_run[f"t{number}"].state is RecoveryState.RECOVERED
        assert by_run[f"t{number}"].retry_count == 1
        assert by_run[f"d{number}"].state is RecoveryState.DEAD_LETTER
        assert by_run[f"d{number}"].error_id in taken
    # The same letter may come twice, when a kill fell between its answer and the note of it.
    assert {json.dumps(letter) for letter in box.taken} == set(taken.values())
    handled = Counter(e.error_id for e in entries if e.event_type == "ASYNC_ERROR_HANDLED")
    delivered = Counter(e.error_id for e in entries if e.event_type == "DEAD_LETTER_DELIVERED")
    assert set(handled.values()) == {1}
    assert len(handled) == 2 * KILLS
    assert delivered.keys() == taken.keys()
    assert set(delivered.values()) == {1}
