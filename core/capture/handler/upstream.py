"""A handler's calls to other services: retried, bounded, and seen."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from ..identity import Identity
from .answer import UpstreamAnswer
from .connections import Client
from .errors import (
    UnreadableAnswerError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from .retrying import Course, Try

T = TypeVar("T")

NOTHING: Any = object()
"""No body at all, where `None` is the body `null`."""

_REPEATABLE = ("GET", "HEAD")
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LASTING = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)


class Upstream:
    """Calls to other services for one request: with retries, bounded, each attempt reported.

    Every method gives the answer when its status is 2xx or among `also`, and raises an
    `UpstreamError` otherwise. URLs are whole, or hang under the handler's `base_url`. A GET is
    tried again whatever kept it from succeeding; anything else only where the upstream cannot
    have done it yet, unless `idempotent` says that twice does no more than once, or an
    `Idempotency-Key` header does.
    """

    def __init__(self, client: Client, identity: Identity, trace: str) -> None:
        self._client = client
        self._identity = identity
        self._trace = trace

    async def get(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `request`."""
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `request`."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `request`."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `request`."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `request`."""
        return await self.request("DELETE", url, **options)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = NOTHING,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = False,
        also: tuple[int, ...] = (),
    ) -> UpstreamAnswer:
        """The upstream's answer. Raises UpstreamError after the last attempt, ConfigError for
        what is no URL."""
        target, own = self._client.target(url)
        if params:
            target = target.copy_merge_params(params)
        sent = httpx.Headers({**own, **(headers or {})})
        if json is not NOTHING:
            content = _dumped(json)
            sent.setdefault("content-type", "application/json")
        method = method.upper()
        course = Course(
            self._client.rules,
            self._identity,
            method=method,
            url=str(target),
            repeatable=method in _REPEATABLE or idempotent or "idempotency-key" in sent,
            welcome=also,
        )
        client = await self._client.opened()

        async def attempt(left_s: float) -> Try:
            return await self._attempt(client, method, target, sent, content, left_s)

        found = await course.run(attempt)
        assert found.status is not None
        return UpstreamAnswer(found.status, found.headers, found.body, course.attempts)

    async def _attempt(
        self,
        client: httpx.AsyncClient,
        method: str,
        target: httpx.URL,
        headers: httpx.Headers,
        content: bytes | None,
        left_s: float,
    ) -> Try:
        rules = self._client.rules
        request_id = str(uuid.uuid4())
        sent = headers.copy()
        sent["x-request-id"] = request_id
        sent["traceparent"] = f"00-{self._trace}-{secrets.token_hex(8)}-01"
        timeout = httpx.Timeout(rules.read_s, connect=rules.connect_s)
        request = client.build_request(
            method, target, headers=sent, content=content, timeout=timeout
        )
        begun = False
        try:
            async with asyncio.timeout(left_s):
                response = await client.send(request, stream=True)
                begun = True
                try:
                    body = await _bounded(response, rules.max_body)
                finally:
                    await response.aclose()
        except TimeoutError:
            return Try("Timeout", request_id, fault=_too_slow(), lasting=True)
        except httpx.TransportError as error:
            return _failed(error, request_id, begun=begun)
        except httpx.DecodingError as error:
            fault = UnreadableAnswerError("The upstream's answer cannot be unpacked.")
            return Try(type(error).__name__, request_id, fault=fault)
        if body is None:
            fault = UnreadableAnswerError(
                "The upstream's answer is too long.", why=f"It has over {rules.max_body:,} bytes."
            )
            return Try("AnswerTooLong", request_id, fault=fault, lasting=True)
        told = {name.lower(): value for name, value in response.headers.items()}
        return Try(str(response.status_code), request_id, response.status_code, told, body)


class BlockingUpstream:
    """`Upstream` for functions that are not async: the same methods, which wait for the answer."""

    def __init__(self, upstream: Upstream, loop: asyncio.AbstractEventLoop) -> None:
        self._upstream = upstream
        self._loop = loop

    def get(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `Upstream.request`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `Upstream.request`."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `Upstream.request`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `Upstream.request`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> UpstreamAnswer:
        """See `Upstream.request`."""
        return self.request("DELETE", url, **options)

    def request(self, method: str, url: str, **options: Any) -> UpstreamAnswer:
        """As `Upstream.request`, and to be called in the handler's own thread only."""
        return self._wait(self._upstream.request(method, url, **options))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _failed(error: httpx.TransportError, request_id: str, *, begun: bool) -> Try:
    """Why no whole answer came. What httpx says may name the URL, so only its class is told."""
    name = type(error).__name__
    fault: UpstreamError
    if isinstance(error, httpx.TimeoutException):
        fault = _too_slow()
    elif begun:
        fault = UnreadableAnswerError("The upstream's answer broke off.")
    else:
        fault = UpstreamUnreachableError("The upstream cannot be reached.", why=f"{name}.")
    return Try(
        name,
        request_id,
        fault=fault,
        unsent=isinstance(error, _UNSENT),
        lasting=isinstance(error, _LASTING),
    )


def _too_slow() -> UpstreamTimeoutError:
    return UpstreamTimeoutError("The upstream did not answer in time.")


async def _bounded(response: httpx.Response, most: int) -> bytes | None:
    """The whole body, or `None` if it is longer than `most` bytes."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
