"""A service that is killed while it is busy leaves whole lines only."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxtop.core.capture.record import decode_line

from .serving import captured, until_now

SERVICE = """
import asyncio, json, os, sys
from cxtop.core.capture import CaptureLog, CaptureMiddleware

ANSWER = json.dumps({"success": True, "data": "v" * 700}).encode()

async def app(scope, receive, send):
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})

async def main(path):
    body = json.dumps({"flowExecutionId": "f", "text": "w" * 700}).encode()
    messages = {"type": "http.request", "body": body}
    scope = {
        "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"1")],
    }
    async def receive():
        return messages
    async def send(message):
        pass
    log = CaptureLog(path, flush_interval_s=0.02, max_bytes=200_000, keep=1000)
    middleware = CaptureMiddleware(app, log=log)
    print("ready", flush=True)
    n = 0
    while True:
        n += 1
        scope["headers"][1:] = [(b"content-length", b"1"), (b"x-request-id", str(n).encode())]
        await middleware(dict(scope, headers=list(scope["headers"])), receive, send)
        if n % 10 == 0:
            await asyncio.sleep(0)

"""
ONE = f"{SERVICE}\nasyncio.run(main(sys.argv[1]))\n"
# Forks a service for each path that it reads. Forking saves the imports.
MANY = f"""{SERVICE}
for path in sys.stdin:
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        asyncio.run(main(path.strip()))
    os.waitpid(child, 0)
    print("dead", flush=True)
"""
KILLS = 50


def test_kills_at_random_moments_leave_whole_lines_without_gaps(tmp_path: Path) -> None:
    chance = random.Random(7)
    with subprocess.Popen(
        [sys.executable, "-c", MANY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        try:
            for number in range(KILLS):
                print(tmp_path / str(number), end="/\n", file=parent.stdin, flush=True)
                child = int(parent.stdout.readline())
                assert parent.stdout.readline() == "ready\n"
                time.sleep(chance.uniform(0.01, 0.15))
                os.kill(child, signal.SIGKILL)
                assert parent.stdout.readline() == "dead\n"
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    lines = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        ids: list[int] = []
        for path in folder.glob("*.jsonl") if folder.exists() else ():
            whole = path.read_bytes().rpartition(b"\n")[0]
            ids += [int(decode_line(line).request_id) for line in whole.splitlines()]
        assert sorted(ids) == list(range(1, len(ids) + 1))
        lines += len(ids)
    assert lines > 1000


UVICORN = """
import sys
import uvicorn
from fastapi import FastAPI
from cxtop.core.capture import CaptureMiddleware

app = FastAPI()
app.add_middleware(CaptureMiddleware, log=sys.argv[1])

@app.post("/n/{n}")
async def n(n: int):
    return {"n": n}

uvicorn.run(app, port=int(sys.argv[2]), log_level="critical")
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
async def test_a_uvicorn_service_that_is_ended_under_load(
    tmp_path: Path, ending: signal.Signals
) -> None:
    """Killed, it loses what the last interval held; ended by SIGTERM, nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "c.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UVICORN, str(path), str(port)
    )
    answered: list[tuple[int, float]] = []
    try:
        reader, writer = await _connected(port)
        end = time.monotonic() + 0.6
        number = 0
        while time.monotonic() < end:
            number += 1
            writer.write(b"POST /n/%d HTTP/1.1\r\nhost: h\r\n\r\n" % number)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert json.loads(await reader.readexactly(length)) == {"n": number}
            answered.append((number, time.monotonic()))
        process.send_signal(ending)
        killed = time.monotonic()
        writer.close()
    finally:
        if process.returncode is None and not answered:
            process.kill()
        await process.wait()
    seen = {int(exchange.url.rpartition("/")[2]) for exchange in captured(path)}
    missing = [at for number, at in answered if number not in seen]
    if ending is signal.SIGTERM:
        assert missing == []
    # Twice the interval, for the machine may be busy.
    assert all(at > killed - 0.4 for at in missing)
    assert len(seen) > 50


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(20):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)


def test_a_killed_writer_gives_up_its_file(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    for _ in range(2):
        before = len(list(tmp_path.iterdir()))
        with subprocess.Popen(
            [sys.executable, "-c", ONE, str(path)], stdout=subprocess.DEVNULL
        ) as process:
            until_now(lambda: len(list(tmp_path.iterdir())) > before)  # noqa: B023
            process.kill()
    assert not list(tmp_path.glob("c-*.jsonl"))
