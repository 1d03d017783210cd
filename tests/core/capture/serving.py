"""Real services for the tests of this room, and reading back what was captured."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from cxtop.core.capture.record import decode_line
from cxtop.core.models import Exchange


@asynccontextmanager
async def serving(app: Any, *, lifespan: Any = "auto") -> AsyncIterator[str]:
    """`app` on uvicorn, on a free port of 127.0.0.1; yields its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan=lifespan)
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.serve())
        try:
            await until(lambda: server.started or running.done())
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True


async def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Waits for `condition`, at most `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.005)


def until_now(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """`until`, where no event loop runs."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def captured(path: Path) -> list[Exchange]:
    """What is in the log at `path`, a file or a folder, in the order of its time."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    return sorted(map(decode_line, lines), key=lambda exchange: exchange.at)


def python(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a process of its own and waits for it."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        **options,
    )


def written(path: Path) -> bytes:
    """Every byte of the log at `path`, a file or a folder; nothing if there is none."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files if file.exists())
