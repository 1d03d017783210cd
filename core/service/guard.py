"""Who may come in, and how much they may bring: before anything is read or done."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response

from ..capture.asgi import App, Message, Receive, Scope, Send
from ..capture.doors import bears
from .answers import refusal

OPEN_PATHS = "/dataaction/"
"""Below this the platform calls, which has no token; all else is for those who debug."""


_LINGER_S = 1.0
_LINGER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service bears. Times are in seconds, sizes in bytes.

    `head_s` is how long the head of a request may take, `read_s` how long its body may pause,
    `handler_s` how long the handler may work.
    """

    in_flight: int = 64
    body_bytes: int = 10 * 1024 * 1024
    header_bytes: int = 16 * 1024
    head_s: float = 10.0
    read_s: float = 15.0
    handler_s: float = 30.0
    idle_s: float = 75.0
    shutdown_s: float = 10.0


class _RefusedError(Exception):
    def __init__(self, answer: Response) -> None:
        super().__init__("refused")
        self.answer = answer


class Guard:
    """Refuses what must not reach `app`, with a sentence in JSON.

    With a `token`, everything but the platform's calls needs it. Without one only those come in
    who call this machine by a name of its own, so that neither a web page in somebody's browser
    nor a tunnel to the webhook opens what is for debugging.
    """

    def __init__(self, app: App, *, limits: Limits, token: str | None) -> None:
        self.app = app
        self._limits = limits
        self._token = token
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await _say(refused, receive, send)
            return
        passage = _Passage(self._limits, receive, send)
        self._in_flight += 1
        try:
            await self.app(scope, passage.receive, passage.send)
        except _RefusedError as error:
            if passage.begun:
                raise
            await _say(error.answer, receive, send)
        finally:
            self._in_flight -= 1

    def _refused(self, scope: Scope) -> Response | None:
        headers = [(name, value.decode("latin-1")) for name, value in scope["headers"]]
        for_all = scope["path"].startswith(OPEN_PATHS)
        if not for_all and (refused := self._stranger(headers)) is not None:
            return refused
        if self._in_flight >= self._limits.in_flight:
            return refusal(
                503,
                "BUSY",
                "Too many calls are under way.",
                headers={"Retry-After": "1", "Connection": "close"},
            )
        for name, value in headers:
            if name == b"content-length" and _number(value) > self._limits.body_bytes:
                return _too_long(self._limits.body_bytes)
        return None

    def _stranger(self, headers: list[tuple[bytes, str]]) -> Response | None:
        if self._token is None:
            hosts = [value for name, value in headers if name == b"host"]
            if all(map(is_own_name, hosts)):
                return None
            return refusal(
                403,
                "FOREIGN_HOST",
                "Without a token only this machine may ask, by the name localhost or 127.0.0.1.",
            )
        if bears([value for name, value in headers if name == b"authorization"], self._token):
            return None
        return refusal(
            401,
            "TOKEN_REQUIRED",
            "This needs the service's bearer token.",
            headers={"WWW-Authenticate": "Bearer"},
        )


class _Passage:
    """One request's body, within its limits."""

    def __init__(self, limits: Limits, receive: Receive, send: Send) -> None:
        self._limits = limits
        self._receive = receive
        self._send = send
        self._size = 0
        self._whole = False
        self.begun = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        limit = asyncio.timeout(self._limits.read_s)
        try:
            async with limit:
                message = await self._receive()
        except TimeoutError:
            said = f"The body stopped for {self._limits.read_s:g} seconds."
            close = {"Connection": "close"}
            raise _RefusedError(refusal(408, "BODY_TIMEOUT", said, headers=close)) from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._size > self._limits.body_bytes:
                raise _RefusedError(_too_long(self._limits.body_bytes))
        return message

    async def send(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


async def _say(answer: Response, receive: Receive, send: Send) -> None:
    """Sends `answer`. Behind a 413 what the caller still sends is let pass for a while: closing at
    once would reset the connection, and the answer would be lost with it."""
    headers = answer.raw_headers
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(answer.body), "more_body": True})
    if answer.status_code == 413:
        await _linger(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _linger(receive: Receive) -> None:
    left = _LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _too_long(most: int) -> Response:
    said = f"The body is longer than {most} bytes."
    return refusal(413, "BODY_TOO_LONG", said, headers={"Connection": "close"})


def _number(text: str) -> int:
    # What is no number is for the server to refuse.
    return int(text[:18]) if text.isdigit() else 0


def is_own_name(host: str) -> bool:
    """Whether a `Host` header names this machine by a name that nobody else can claim."""
    name = host.strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
