"""Each line is in the index exactly once, whenever the process that follows is killed."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from .support import append, library, lines, numbers

KILLS = 60


async def test_each_line_once_after_every_kill(store, folder):
    chance = random.Random(20260301)
    log = folder / "a.jsonl"
    written = 0
    rotations = 0
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("killed.py")),
        str(store),
        str(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen = 0
    try:
        async with asyncio.timeout(90):
            for _ in range(KILLS):
                append(log, lines(written, written + 200))
                written += 200
                process.stdin.write(b"go\n")
                child = int(await process.stdout.readline())
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(chance.uniform(0, 0.03))
                    half = lines(written, written + 30)
                    cut = chance.randrange(len(half))
                    append(log, half[:cut])
                    await asyncio.sleep(chance.uniform(0, 0.01))
                    append(log, half[cut:])
                    written += 30
                    if chance.random() < 0.2:
                        rotations += 1
                        log.rename(folder / f"a.{rotations}.jsonl")
                await asyncio.sleep(chance.uniform(0, 0.06))
                os.kill(child, signal.SIGKILL)
                assert await process.stdout.readline() == b"dead\n"
    finally:
        process.stdin.close()
        await process.wait()
    async with library(store, folder) as shelf:
        seen = (await shelf.count()).number
        await shelf.catch_up()
        found = await numbers(shelf)
        assert sorted(found) == list(range(written))
        for number in (0, written // 2, written - 1):
            assert len(await shelf.by_id(f"request-{number}")) == 1
    assert seen > written // 2, "the followers came to something before they died"
