"""The server: its address, its limits, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cxtop.core.capture.doors import Listen
from cxtop.core.errors import CaptureError
from cxtop.core.service import Limits, serve

from .support import BOUND_S, inbound, raw, service


@pytest.mark.parametrize("head", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"])
async def test_a_head_that_does_not_come_closes_the_connection(tmp_path: Path, head: bytes) -> None:
    async with service(tmp_path, limits=Limits(head_s=0.1)) as running:
        assert await raw(running.url, head) == b""


async def test_the_second_head_on_a_connection_has_its_time_too(tmp_path: Path) -> None:
    async with service(tmp_path, limits=Limits(head_s=0.1)) as running:
        host, _, port = running.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        async with asyncio.timeout(BOUND_S):
            writer.write(whole)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
            await reader.readuntil(b"}}")
            writer.write(whole[:20])
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_headers_have_their_limit(tmp_path: Path) -> None:
    async with service(tmp_path, limits=Limits(header_bytes=1000)) as running:
        head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000
        answer = await raw(running.url, head)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


async def test_an_address_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CaptureError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            await serve(FastAPI(), Listen("127.0.0.1", port))
    assert "in use" in caught.value.why
    assert caught.value.fix


async def test_ipv6_and_names() -> None:
    for host, shown in (("::1", "http://[::1]:"), ("localhost", "http://localhost:")):
        stop = asyncio.Event()
        urls: list[str] = []

        def ready(url: str, urls: list[str] = urls, stop: asyncio.Event = stop) -> None:
            urls.append(url)
            stop.set()

        await serve(FastAPI(), Listen(host, 0), ready=ready, stop=stop)
        assert urls[0].startswith(shown)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_what_is_under_way_finish(number: signal.Signals) -> None:
    begun = asyncio.Event()

    async def slow() -> dict[str, bool]:
        begun.set()
        await asyncio.sleep(0.2)
        return {"done": True}

    app = FastAPI()
    app.add_api_route("/slow", slow)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, Listen("127.0.0.1", 0), ready=ready.set_result))
    async with (
        asyncio.timeout(BOUND_S),
        httpx.AsyncClient(base_url=await ready, trust_env=False) as client,
    ):
        asking = asyncio.create_task(client.get("/slow"))
        await begun.wait()
        os.kill(os.getpid(), number)
        assert (await asking).json() == {"done": True}
        await serving


async def test_what_was_captured_is_in_the_file_at_the_end(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.call(inbound())
        folder = running.settings.paths.captures_dir
    (log,) = folder.glob("*.jsonl")
    assert len(log.read_bytes().splitlines()) == 1
    assert log.stat().st_mode & 0o777 == 0o600
