"""What every request passes before its route: noted, let in by token, weathered, counted."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import error_body
from .chance import chance
from .limits import Tally
from .simulation import Seen, Simulation
from .tokens import TOKEN_PATHS
from .weather import Fault, Refusal, refusal

OWN_PATHS = "/simulator/"
_CXONE_PATHS = ("/api/v2/data/actions", "/api/v2/analytics/actions")

Headers = list[tuple[bytes, bytes]]


class Doorway:
    """ASGI middleware around the routers of a simulated platform.

    Broken connections need the transport in `scope["state"]`, which `serve` puts there.
    """

    def __init__(self, app: ASGIApp, simulation: Simulation) -> None:
        self._app = app
        self._here = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        raw_path = scope["raw_path"].decode("latin-1")
        # Routes see the path as it was sent: an id with an encoded slash is one segment.
        scope = dict(scope, path=raw_path)
        if raw_path.startswith(OWN_PATHS):
            await self._app(scope, receive, send)
            return
        seen = self._here.note(dict(scope), raw_path)
        scope["context_id"] = f"{chance(self._here.seed, seen.number).getrandbits(128):032x}"
        headers = [(b"inin-correlation-id", scope["context_id"].encode())]
        if seen.request_id:
            headers.append((b"x-request-id", seen.request_id.encode("latin-1")))
        await self._pass(scope, receive, _marked(send, seen, headers), seen, headers)

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, seen: Seen, headers: Headers
    ) -> None:
        token = None if seen.raw_path in TOKEN_PATHS else _bearer(scope)
        # Before the weather: a token that ended must not use up the request that weather spares.
        if token is not None and not self._here.tokens.holds(token):
            said = "The access token is missing, wrong or has expired."
            await self._refuse(scope, send, 401, "bad.credentials", said)
            return
        if await self._weathered(scope, receive, send, seen):
            return
        if token is not None:
            tally = self._here.limits.count(token)
            headers += _budget(seen.raw_path, tally)
            if tally.refused:
                headers.append((b"retry-after", str(tally.reset_s).encode()))
                said = f"Rate limit of {tally.allowed} requests a minute exceeded."
                await self._refuse(scope, send, 429, "too.many.requests", said)
                return
        await self._app(scope, receive, send)

    async def _weathered(self, scope: Scope, receive: Receive, send: Send, seen: Seen) -> bool:
        """Lets a fault happen, if one is due; whether the request ends with it."""
        weather = self._here.weather
        is_token = seen.raw_path in TOKEN_PATHS
        fault = (weather.next_token if is_token else weather.next)(seen.raw_path)
        if fault is None:
            return False
        seen.fault = fault
        if fault is Fault.SLOW:
            await self._linger(weather.slow_s(seen.number))
            return False
        rng = chance(self._here.seed, "refusal", seen.number)
        if given := refusal(fault, rng, datetime.now(UTC)):
            await _answer(send, given)
        else:
            await _break_off(scope, receive, send, halfway=fault is Fault.CUT)
        return True

    async def _linger(self, seconds: float) -> None:
        """Waits, but not beyond the end of the simulation."""
        try:
            await asyncio.wait_for(self._here.closing.wait(), seconds)
        except TimeoutError:
            return

    async def _refuse(self, scope: Scope, send: Send, status: int, code: str, said: str) -> None:
        body = error_body(scope["context_id"], status, code, said)
        await _answer(send, Refusal(status, json.dumps(body).encode()))


def _marked(send: Send, seen: Seen, headers: Headers) -> Send:
    """`send`, with `headers` added as they are when the answer begins, and its status noted."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return marked


async def _answer(send: Send, given: Refusal) -> None:
    headers = [
        (b"content-type", given.content_type.encode()),
        (b"content-length", str(len(given.body)).encode()),
    ]
    if given.retry_after is not None:
        headers.append((b"retry-after", given.retry_after.encode()))
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": given.body})


async def _break_off(scope: Scope, receive: Receive, send: Send, *, halfway: bool) -> None:
    """Closes the connection, before the answer or in the midst of its body."""
    transport: asyncio.Transport = scope["state"]["transport"]
    if halfway:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"status": "runn', "more_body": True})
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue


def _bearer(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _budget(raw_path: str, tally: Tally) -> Headers:
    """The rate-limit headers as the dialect of the path writes them (contract §0)."""
    if raw_path.startswith(_CXONE_PATHS):
        names: tuple[bytes, ...] = (b"x-ratelimit-limit", b"x-ratelimit-remaining")
        values: tuple[Any, ...] = (tally.allowed, tally.remaining)
        reset = b"x-ratelimit-reset"
    else:
        names = (b"inin-ratelimit-allowed", b"inin-ratelimit-count")
        values = (tally.allowed, tally.count)
        reset = b"inin-ratelimit-reset"
    pairs = zip((*names, reset), (*values, tally.reset_s), strict=True)
    return [(name, str(value).encode()) for name, value in pairs]
