"""A server on a raw socket that answers each request with scripted bytes, drops and resets."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_module
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from cxtop.core.config import Credentials, Profile
from cxtop.core.http import Caller, Request
from cxtop.core.models import Call, RateBudget

Writer = asyncio.StreamWriter
Act = Callable[[Writer], Awaitable[None]]
Step = bytes | Act
TOKEN_PATH = "/oauth/token"
SECRET = "s3cr3t-canary-of-the-client"


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def reply(
    status: int = 200,
    body: bytes = b"{}",
    *,
    json: object = ...,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A whole HTTP/1.1 answer."""
    if json is not ...:
        body = json_module.dumps(json).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body))}
    fields |= dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode("latin-1") + body


def grant(token: str = "token-1", expires_in: object = 3600) -> bytes:
    """The token endpoint's answer."""
    return reply(json={"access_token": token, "token_type": "bearer", "expires_in": expires_in})


async def reset(writer: Writer) -> None:
    """Break the connection with a RST."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


async def hang_up(writer: Writer) -> None:
    """Close the connection in order."""
    writer.close()


async def hang(writer: Writer) -> None:
    """Say nothing until the client goes."""
    await asyncio.Event().wait()


def wait_for(event: asyncio.Event) -> Act:
    """Go on when `event` is set."""

    async def act(_: Writer) -> None:
        await event.wait()

    return act


def drip(piece: bytes, every_s: float = 0.0) -> Act:
    """Write `piece` again and again, until the client goes."""

    async def act(writer: Writer) -> None:
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return act


class Bell:
    """Wakes whoever waits for something to become true."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for `condition`, asked anew at each ring; fails after 5 s."""
        async with asyncio.timeout(5):
            while not condition():
                self._rung.clear()
                await self._rung.wait()


@dataclass
class Server:
    """Answers with `script[path]`, else `script[""]`: a list of answers, of which the last stays.

    An answer is bytes, or a list of bytes and acts.
    """

    script: dict[str, list[Step | list[Step]]]
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0
    connections: int = 0
    bell: Bell = field(default_factory=Bell)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def targets(self) -> list[str]:
        """What was asked for, token requests left out."""
        return [seen.target for seen in self.api()]

    def api(self) -> list[Seen]:
        return [seen for seen in self.seen if not seen.target.startswith(TOKEN_PATH)]

    def token_requests(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.target.startswith(TOKEN_PATH)]

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while not writer.is_closing():
                    await self._answer_one(reader, writer)
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _answer_one(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(Seen(method, target, headers, body))
        path = target.split("?")[0]
        steps = self.script[path if path in self.script else ""]
        answer = steps.pop(0) if len(steps) > 1 else steps[0]
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.bell.ring()
        try:
            for step in answer if isinstance(answer, list) else [answer]:
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await step(writer)
        finally:
            self.inside -= 1

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@contextlib.asynccontextmanager
async def serving(
    *answers: Step | list[Step], tls: ssl.SSLContext | None = None, **more: list[Step | list[Step]]
) -> AsyncIterator[Server]:
    """A server that answers API requests with `answers`, and token requests with a token.

    `token=[...]` scripts the token endpoint.
    """
    script = {"": list(answers) or [reply()], TOKEN_PATH: more.pop("token", [grant()])}
    server = Server(script | more)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    host, port = listening.sockets[0].getsockname()
    server.url = f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        await server.end()
        await listening.wait_closed()


def a_profile(url: str, **more: object) -> Profile:
    """A profile whose waits are short."""
    fields: dict[str, object] = {
        "platform": "genesys",
        "base_url": url,
        "client_id": "client",
        "client_secret": SecretStr(SECRET),
        "timeouts": {"connect_s": 2.0, "read_s": 0.5},
        "retry": {"base_s": 0.01, "cap_s": 0.02, "attempts": 5, "max_retry_after_s": 180},
    }
    return Profile.model_validate(fields | more)


def a_client() -> Credentials:
    return Credentials("client", SecretStr(SECRET))


def a_token(token: str = "given-token") -> Credentials:
    return Credentials(access_token=SecretStr(token))


@dataclass
class Records:
    """Every change of every call, in order."""

    changes: list[Call] = field(default_factory=list)
    budgets: list[RateBudget] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell)

    def __call__(self, call: Call) -> None:
        self.changes.append(call)
        self.bell.ring()

    def waiting(self) -> int:
        """How many waits began."""
        return sum(call.state == "waiting" for call in self.changes)

    def last(self, operation: str = "run status") -> Call:
        """The newest state of the newest call with this operation."""
        return next(call for call in reversed(self.changes) if call.operation == operation)

    def outcomes(self, operation: str = "run status") -> list[str]:
        return [attempt.outcome for attempt in self.last(operation).attempts]


def calling(
    server: Server | str, records: Records, credentials: Credentials | None = None, **more: object
) -> Caller:
    """A caller on the server, not yet open."""
    url = server if isinstance(server, str) else server.url
    return Caller(
        a_profile(url, **more),
        credentials or a_client(),
        record=records,
        on_budget=records.budgets.append,
    )


GET = Request(
    "run status",
    "GET",
    "/api/v2/data-actions/7/status",
    permission="data:actions:read",
    subject="7",
    run_id="7",
)
POST = Request("submit", "POST", "/api/v2/data/actions", json={"a": 1})
