"""What was acknowledged outlives kill -9."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from cxtop.core.store import Store

KILLS = 40


async def life_of_a_writer(crasher: asyncio.subprocess.Process, life: str, chance: random.Random):
    """Start a writer, kill it at some moment; the last number that it was told is kept."""
    assert crasher.stdin is not None
    assert crasher.stdout is not None
    crasher.stdin.write(f"{life}\n".encode())
    word, pid = (await crasher.stdout.readline()).split()
    while word != b"pid":
        word, pid = (await crasher.stdout.readline()).split()
    acknowledged = -1
    for _ in range(chance.randrange(4)):
        acknowledged = int(await crasher.stdout.readline())
    await asyncio.sleep(chance.uniform(0, 0.03))
    os.kill(int(pid), signal.SIGKILL)
    while (line := await crasher.stdout.readline()) != b"dead\n":
        acknowledged = int(line)
    return acknowledged


async def check_life(store: Store, life: str, acknowledged: int) -> None:
    run = await store.run(life)
    assert acknowledged < 0 or run is not None
    assert run is None or (run.processed or 0) >= acknowledged
    assert len(await store.polls(life)) >= acknowledged + 1
    kept = {error.record_id async for error in store.errors(life)}
    assert {f"{n}-{part}" for n in range(acknowledged + 1) for part in range(5)} <= kept
    assert len(kept) % 5 == 0, "one call of add_errors is kept whole or not at all"


async def test_everything_acknowledged_is_there_after_every_kill(path):
    chance = random.Random(20260301)
    crasher = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("crasher.py")),
        str(path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told: list[str] = []
    lives: dict[str, int] = {}
    try:
        async with asyncio.timeout(90):
            for number in range(KILLS):
                life = f"life-{number}"
                lives[life] = await life_of_a_writer(crasher, life, chance)
                async with await Store.open(path, notice=told.append) as store:
                    await check_life(store, life, lives[life])
    finally:
        assert crasher.stdin is not None
        crasher.stdin.close()
        await crasher.wait()
    async with await Store.open(path, notice=told.append) as store:
        for life, acknowledged in lives.items():
            await check_life(store, life, acknowledged)
        assert await store.check() is None
    assert told == []
    assert sum(acknowledged >= 0 for acknowledged in lives.values()) > KILLS // 2
