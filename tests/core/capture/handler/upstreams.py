"""A real upstream that misbehaves as it is told, and a data action that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

from cxtop.core.capture import CaptureLog, CaptureMiddleware
from cxtop.core.capture.handler import (
    ActionSchema,
    DataAction,
    Retrying,
    Upstream,
    data_action,
)
from cxtop.core.models import Exchange

from ...platforms.server import Asked, Reply, Server, serving
from ..serving import captured

QUICK = Retrying(base_s=0.001, cap_s=0.002, read_s=0.15, total_s=5, attempts=3)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
CALL = {"flowExecutionId": "exec-1", "variables": {"sku": "A-1"}}
GOOD = Reply({"sku": "A-1", "quantity": 7})


class Wanted(BaseModel):
    sku: str


class Stock(BaseModel):
    sku: str
    quantity: int


SCHEMA = ActionSchema.of(
    "inventory.sync",
    "How many of an article there are.",
    input=Wanted,
    output=Stock,
    errors={"UNKNOWN_SKU": "There is no such article."},
)


def action_at(url: str, *, retrying: Retrying = QUICK, **options: Any) -> DataAction:
    """A data action whose upstream is at `url`."""

    @data_action(SCHEMA, base_url=url, retrying=retrying, **options)
    async def sync(wanted: Wanted, upstream: Upstream) -> Any:
        answer = await upstream.get("/stock", params={"sku": wanted.sku, "token": "t-s3cret"})
        return answer.parsed(Stock)

    return sync


def in_turn(*replies: Any) -> Callable[[Asked], Any]:
    """Each reply once, the last one for ever."""
    waiting = list(replies)
    return lambda asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]


async def never(asked: Asked) -> Reply:
    """No answer, until the server ends."""
    await asyncio.Event().wait()
    raise AssertionError(asked)


@asynccontextmanager
async def breaking_off(answer: bytes) -> AsyncIterator[str]:
    """The URL of an upstream that sends `answer` and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"


@dataclass
class Stage:
    """A service with one data action, captured, and its upstream."""

    client: httpx.AsyncClient
    upstream: Server
    folder: Path
    log: CaptureLog
    closing: list[Any] = field(default_factory=list)

    async def call(self, body: Any = CALL, **headers: str) -> dict[str, Any]:
        """The answer to a call."""
        answer = await self.client.post("/sync", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def exchange(self) -> Exchange:
        """The last exchange that was captured."""
        self.log.flush()
        return captured(self.folder)[-1]


@asynccontextmanager
async def staged(
    folder: Path,
    handler: Callable[[Asked], Any],
    make: Callable[..., DataAction] = action_at,
    **options: Any,
) -> AsyncIterator[Stage]:
    """A service with a real upstream behind it."""
    async with serving(handler) as upstream:
        action = make(upstream.url, **options)
        app = FastAPI()
        app.post("/sync")(action)
        log = CaptureLog(folder, "inventory")
        app.add_middleware(CaptureMiddleware, log=log)  # pyright: ignore[reportArgumentType]
        # The service's own socket is nothing new here; its upstream's is real.
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Stage(client, upstream, folder, log)
        await action.aclose()
        log.close()
