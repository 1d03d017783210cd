"""Builders and child processes for the store's tests."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.models import ActionRun, Attempt, Call, RecordError, RunStatus

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def make_run(run_id: str = "run-1", *, after_s: float = 0, **fields: Any) -> ActionRun:
    values: dict[str, Any] = {
        "platform": "genesys",
        "status": RunStatus.RUNNING,
        "raw_status": "in_progress",
        "polled_at": START + timedelta(seconds=after_s),
    }
    return ActionRun(run_id=run_id, **(values | fields))


def make_error(record_id: str, code: str = "TIMEOUT", **fields: Any) -> RecordError:
    return RecordError(run_id="run-1", record_id=record_id, code=code, **fields)


def make_call(call_id: str = "call-1", *, after_s: float = 0, **fields: Any) -> Call:
    values: dict[str, Any] = {
        "operation": "run status",
        "method": "GET",
        "url": "https://api.example/api/v2/data-actions/run-1/status",
        "run_id": "run-1",
        "started_at": START + timedelta(seconds=after_s),
    }
    return Call(call_id=call_id, **(values | fields))


def make_attempt(number: int = 1, **fields: Any) -> Attempt:
    values: dict[str, Any] = {"started_at": START, "duration_ms": 12.5, "outcome": "200"}
    return Attempt(number=number, **(values | fields))


_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
connection.close()
"""


class Holder:
    """Another process that holds the store until it is told to let go."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def let_go(self) -> None:
        await self._process.communicate(b"\n")


@asynccontextmanager
async def held_by_another_process(path: Path) -> AsyncIterator[Holder]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _HOLD,
        str(path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    holder = Holder(process)
    try:
        yield holder
    finally:
        if process.returncode is None:
            await holder.let_go()
