"""One exchange through the proxy: from the caller to the service and back, copied on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from ..models.exchanges import Outcome, RequestIdSource
from .doors import bears
from .failure import failure_of
from .hops import end_to_end, upgrade_asked
from .identity import Identity
from .log import CaptureLog
from .refusal import RefusedError, said, too_long, unreachable
from .sighting import Sighting

_ID_HEADER = "X-Request-ID"
_ID_KEY = b"x-request-id"
_SMALL = 64 * 1024
_BREAKS = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


class Relay:
    """Passes exchanges on to `upstream` and hands them to `log`. The settings are the proxy's."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        upstream: str,
        log: CaptureLog,
        *,
        token: str | None,
        max_body: int,
        in_flight: int,
        request_bytes: int | None,
        read_s: float,
    ) -> None:
        self.session = session
        self.upstream = upstream
        self.log = log
        self.max_body = max_body
        self.request_bytes = request_bytes
        self.read_s = read_s
        self.in_flight = 0
        self._token = token
        self._most = in_flight

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call."""
        by_authorization = False
        if self._token:
            headers = request.headers
            by_authorization = bears(headers.getall(hdrs.AUTHORIZATION, []), self._token)
            if not bears(headers.getall(hdrs.PROXY_AUTHORIZATION, []), self._token) and (
                not by_authorization
            ):
                # Whoever may not come in may not fill the log either.
                return said(
                    RefusedError(
                        401,
                        "TOKEN_REQUIRED",
                        "This proxy needs its bearer token, in Proxy-Authorization.",
                        WWW_Authenticate="Bearer",
                    )
                )
        passage = _Passage(self, request, own=(b"authorization",) if by_authorization else ())
        if self.in_flight >= self._most:
            return passage.refuse(
                RefusedError(503, "BUSY", "Too many calls are under way.", Retry_After="1")
            )
        self.in_flight += 1
        try:
            return await passage.through()
        finally:
            self.in_flight -= 1

    async def prepared(self, _: web.BaseRequest, response: web.StreamResponse) -> None:
        """Takes out what aiohttp added to the service's headers."""
        if isinstance(response, _Answer):
            for name in response.added():
                response.headers.popall(name, None)


class _Answer(web.StreamResponse):
    """The service's answer on its way to the caller."""

    def added(self) -> list[str]:
        """Names that the service did not send."""
        return [name for name in ("Server", "Content-Type") if name.lower() not in self.own]

    own: frozenset[str] = frozenset()


class _Passage:
    """One exchange on its way through."""

    def __init__(self, relay: Relay, request: web.Request, *, own: tuple[bytes, ...]) -> None:
        self._relay = relay
        self._request = request
        self._own = own
        self._started = time.perf_counter()
        self._target = _target(request)
        self._sighting = Sighting(
            time.time(),
            request.method,
            relay.upstream + self._target,
            request.raw_headers,
            relay.max_body,
        )
        self._identity = Identity()
        for name, value in request.raw_headers:
            if name.lower() == _ID_KEY:
                self._identity.from_header(value)
        self._refusal: RefusedError | None = None
        self._caller_left = False
        self._answer: _Answer | None = None

    def refuse(self, refusal: RefusedError, outcome: Outcome | None = None) -> web.StreamResponse:
        """Answers for the service, and records that."""
        self._identity.settle()
        response = said(refusal)
        response.headers[_ID_HEADER] = self._identity.header_value().decode()
        if self._request.can_read_body:
            response.force_close()
        sighting = self._sighting
        sighting.status = refusal.status
        sighting.response_headers = [
            (name.encode(), value.encode()) for name, value in response.headers.items()
        ]
        body = response.body
        if self._request.method != hdrs.METH_HEAD and isinstance(body, bytes):
            sighting.response.add(body)
        self._finish(outcome)
        return response

    async def through(self) -> web.StreamResponse:
        """Passes the call on and the answer back."""
        try:
            self._check()
            return await self._forward(await self._body())
        except RefusedError as refusal:
            return self.refuse(refusal)
        except _BREAKS as error:
            return self._broken(error)
        except Exception as error:
            self._sighting.failure = failure_of(error, self._relay.log.redactor)
            self._finish(Outcome.EXCEPTION)
            raise
        except BaseException:
            self._finish(Outcome.DISCONNECTED)
            raise

    def _check(self) -> None:
        if upgrade_asked(self._request.raw_headers):
            raise RefusedError(
                501, "UPGRADE_REFUSED", "This proxy speaks HTTP only; it cannot change protocols."
            )
        if not self._target.startswith("/"):
            raise RefusedError(400, "BAD_TARGET", "The call's target is not a path of the service.")
        limit, length = self._relay.request_bytes, self._request.content_length
        if limit is not None and length is not None and length > limit:
            raise too_long(limit)

    async def _body(self) -> bytes | AsyncIterator[bytes] | None:
        """The request's body: whole if it is small and the id hangs on it, else as it comes."""
        request = self._request
        if not request.can_read_body:
            self._identity.settle()
            return None
        length = request.content_length
        if (
            self._identity.request_id
            or length is None
            or length > _SMALL
            or ("json" not in request.content_type)
        ):
            self._identity.settle()
            return self._chunks()
        whole = b"".join([chunk async for chunk in self._chunks()])
        self._identity.from_body(whole)
        return whole

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The request's body as it comes. What ends it early is noted, for whoever reads it wraps
        exceptions in its own."""
        request, relay = self._request, self._relay
        if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        part = self._sighting.request
        while True:
            try:
                async with asyncio.timeout(relay.read_s):
                    chunk = await request.content.readany()
            except TimeoutError:
                self._refusal = RefusedError(
                    408, "BODY_TIMEOUT", f"The body stopped for {relay.read_s:g} seconds."
                )
                raise self._refusal from None
            except OSError:
                self._caller_left = True
                raise
            if not chunk:
                return
            part.add(chunk)
            if relay.request_bytes is not None and part.size > relay.request_bytes:
                self._refusal = too_long(relay.request_bytes)
                raise self._refusal
            yield chunk

    async def _forward(self, body: bytes | AsyncIterator[bytes] | None) -> web.StreamResponse:
        relay, request = self._relay, self._request
        headers = CIMultiDict(
            end_to_end(request.raw_headers, b"host", b"expect", _ID_KEY, *self._own)
        )
        headers[_ID_HEADER] = self._identity.header_value().decode()
        # aiohttp makes this header itself for a whole body.
        if isinstance(body, bytes):
            headers.popall(hdrs.CONTENT_LENGTH, None)
        async with relay.session.request(
            request.method,
            URL(relay.upstream + self._target, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
        ) as answer:
            return await self._back(answer)

    async def _back(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        request, sighting = self._request, self._sighting
        passed = CIMultiDict(end_to_end(answer.raw_headers))
        response = _Answer(status=answer.status, reason=answer.reason, headers=passed)
        response.own = frozenset(map(str.lower, passed))
        response.headers.setdefault(_ID_HEADER, self._identity.header_value().decode())
        sighting.status = answer.status
        sighting.response_headers = answer.raw_headers
        await self._to_caller(response.prepare(request))
        self._answer = response
        async for chunk in answer.content.iter_any():
            sighting.response.add(chunk)
            await self._to_caller(response.write(chunk))
        await self._to_caller(response.write_eof())
        self._finish(None)
        return response

    async def _to_caller(self, writing: object) -> None:
        try:
            await writing  # pyright: ignore[reportGeneralTypeIssues]
        except OSError:
            self._caller_left = True
            raise

    def _broken(self, error: Exception) -> web.StreamResponse:
        """An exchange that did not come to its end."""
        answered = self._answer
        if self._caller_left:
            self._finish(Outcome.DISCONNECTED)
            return answered or web.Response(status=499)
        if self._refusal is not None and answered is None:
            return self.refuse(self._refusal)
        self._sighting.failure = failure_of(error, self._relay.log.redactor)
        if answered is None:
            self._sighting.response_headers = ()
            return self.refuse(unreachable(error, self._relay.upstream), Outcome.UNREACHABLE)
        # Only a broken connection tells the caller that the answer is not whole.
        if self._request.transport is not None:
            self._request.transport.abort()
        self._finish(Outcome.UNREACHABLE)
        return answered

    def _finish(self, outcome: Outcome | None) -> None:
        sighting = self._sighting
        sighting.duration_ms = (time.perf_counter() - self._started) * 1000
        sighting.outcome = outcome
        self._identity.settle()
        sighting.request_id = self._identity.request_id
        sighting.request_id_source = self._identity.source
        length = self._request.content_length
        if length is not None and not self._request.content.at_eof():
            sighting.request.size = max(sighting.request.size, length)
        if sighting.request_id_source is not RequestIdSource.HEADER:
            added = (_ID_KEY, self._identity.header_value())
            sighting.request_headers = [*sighting.request_headers, added]
        self._relay.log.submit(sighting)


def _target(request: web.Request) -> str:
    """The path and query as they came, also of `GET http://host/path`, which proxies are sent."""
    target = request.raw_path
    if target.startswith(("http://", "https://")):
        path = target.partition("://")[2].partition("/")
        target = f"/{path[2]}"
    return target.replace("#", "%23")
