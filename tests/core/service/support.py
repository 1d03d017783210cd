"""The real service on a real port, with a real platform behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cxtop.core.capture import CaptureLog
from cxtop.core.capture.doors import Listen
from cxtop.core.config import Settings
from cxtop.core.live import Captures, open_captures
from cxtop.core.service import create_service, serve
from cxtop.core.service.guard import Limits

from ..live.support import settings_for

BOUND_S = 10.0


@dataclass
class Running:
    """The service while it runs."""

    url: str
    client: httpx.AsyncClient
    log: CaptureLog
    settings: Settings
    stop: asyncio.Event
    captures: Captures

    async def call(self, body: Any = None, **rest: Any) -> httpx.Response:
        return await self.client.post("/dataaction/webhook", json=body, **rest)


@asynccontextmanager
async def service(
    folder: Path, *, profile: Any = None, limits: Limits | None = None, **rest: Any
) -> AsyncIterator[Running]:
    settings = settings_for(profile, folder)
    log = CaptureLog(settings.paths.captures_dir, "cxtop-serve")
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    async with open_captures(settings) as captures:
        app = create_service(captures, log=log, limits=limits, **rest)
        serving = asyncio.create_task(
            serve(app, Listen("127.0.0.1", 0), limits=limits, ready=ready.set_result, stop=stop)
        )
        try:
            async with asyncio.timeout(BOUND_S):
                url = await ready
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=BOUND_S) as client:
                yield Running(url, client, log, settings, stop, captures)
        finally:
            stop.set()
            await serving


def inbound(**fields: Any) -> dict[str, Any]:
    return {"flowExecutionId": "exec-1", "conversationId": "conv-1", "variables": {}} | fields


async def raw(url: str, data: bytes, *, until_closed: bool = True) -> bytes:
    """What comes back for these bytes, until the other side closes."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        await writer.drain()
        async with asyncio.timeout(BOUND_S):
            return await reader.read(-1 if until_closed else 65536)
    finally:
        writer.close()
        await writer.wait_closed()
