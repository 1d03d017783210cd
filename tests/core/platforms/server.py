"""A small real HTTP server for dialects and watching: each answer comes from a function."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from cxtop.core.config import Credentials, Profile
from cxtop.core.http import Caller
from cxtop.core.models import Call

ACCESS_TOKEN = "token-of-the-tests"
QUICK = {"base_s": 0.001, "cap_s": 0.002, "attempts": 2}


@dataclass(frozen=True)
class Asked:
    """One request as it came; `path` is still percent-encoded."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """One answer; `body` is JSON unless it is bytes already."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in (headers | self.headers).items()]
        head = "\r\n".join([f"HTTP/1.1 {self.status} Whatever", *lines])
        return head.encode("latin-1") + b"\r\n\r\n" + body


Handler = Callable[[Asked], Awaitable[Reply] | Reply]


class Server:
    """Listens on loopback, remembers what it was asked, answers by `handler`."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.asked: list[Asked] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._one(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        parts = urlsplit(target)
        asked = Asked(method, parts.path, dict(parse_qsl(parts.query)), headers, body)
        self.asked.append(asked)
        reply = self.handler(asked)
        if not isinstance(reply, Reply):
            reply = await reply
        writer.write(reply.wire())
        await writer.drain()


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    """A server as long as the block lasts."""
    server = Server(handler)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def profile_for(url: str, **changes: Any) -> Profile:
    """A profile of a platform at `url` that needs no token call and gives up quickly."""
    settings: dict[str, Any] = {
        "name": "tests",
        "platform": "genesys",
        "base_url": url,
        "access_token": SecretStr(ACCESS_TOKEN),
        "retry": QUICK,
    }
    return Profile(**settings | changes)


@asynccontextmanager
async def calling(
    profile: Profile, record: Callable[[Call], None] = lambda call: None
) -> AsyncIterator[Caller]:
    """A real caller with the token of the tests."""
    credentials = Credentials(access_token=SecretStr(ACCESS_TOKEN))
    async with Caller(profile, credentials, record=record) as caller:
        yield caller
