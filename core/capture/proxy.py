"""A reverse proxy before one service, which captures what passes (contract §6).

    await run_proxy("http://127.0.0.1:9000", "127.0.0.1:8080", log="captures/")

Bodies stream in both directions; what is captured is copied on the way, up to `max_body`. Only a
small JSON body of a call without a request id is read before it is passed on, so that the service
gets its `flowExecutionId` as `X-Request-ID`; other calls without one get a new id.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from ..errors import CaptureError, ConfigError
from ..redact import REDACTOR
from . import doors
from .log import CaptureLog
from .relay import Relay
from .sighting import MAX_BODY


class _WithoutQuotes(logging.Filter):
    """aiohttp's errors quote what callers sent, secrets and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        said = REDACTOR.text(record.getMessage())
        record.msg, record.args = (f"{said} ({kind.__name__})" if kind else said), None
        record.exc_info = None
        return True


_HTTP_LOGGER = logging.getLogger("cxtop.capture.http")
_HTTP_LOGGER.addFilter(_WithoutQuotes())


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """What the proxy bears. Times are in seconds, sizes in bytes.

    `read_s` is how long either side may be silent in the middle of an exchange. `request_bytes`
    is the longest body a caller may send; `None` sets no limit, for bodies are never held.
    """

    in_flight: int = 256
    header_bytes: int = 16 * 1024
    headers: int = 128
    request_bytes: int | None = None
    connect_s: float = 5.0
    read_s: float = 60.0
    idle_s: float = 75.0
    shutdown_s: float = 10.0


class Proxy:
    """The proxy while it runs: `async with Proxy(...) as proxy`, then `proxy.url`.

    `upstream` is the service's address, `listen` where callers come in; port 0 takes a free one.
    Where other machines could come in, `token` is needed, and callers must send it as
    `Proxy-Authorization: Bearer TOKEN`, or as `Authorization` where the service needs none of its
    own; it is not passed on. `log` is a path or a `CaptureLog`; the proxy closes it in both cases.

    Raises `ConfigError` for wrong settings, and on entering `CaptureError` if the address cannot
    be listened on.
    """

    def __init__(
        self,
        upstream: str,
        listen: str = "127.0.0.1:8080",
        *,
        log: str | Path | CaptureLog,
        service: str | None = None,
        token: str | None = None,
        max_body: int = MAX_BODY,
        limits: ProxyLimits | None = None,
    ) -> None:
        self.upstream = doors.upstream(upstream)
        self.listen = doors.listen(listen)
        doors.guarded(self.listen, token)
        if isinstance(log, CaptureLog) and service is not None:
            raise ConfigError("The service's name belongs to the capture log.")
        self.log = log if isinstance(log, CaptureLog) else CaptureLog(log, service or "proxy")
        self.limits = limits or ProxyLimits()
        self._token = token
        self._max_body = max_body
        self._relay: Relay | None = None
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def __aenter__(self) -> Proxy:
        limits = self.limits
        self._session = _session(limits)
        self._relay = Relay(
            self._session,
            self.upstream,
            self.log,
            token=self._token,
            max_body=self._max_body,
            in_flight=limits.in_flight,
            request_bytes=limits.request_bytes,
            read_s=limits.read_s,
        )
        self._runner = _runner(self._relay, limits)
        try:
            await self._runner.setup()
            await self._open()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Takes no more calls, lets those under way finish, and closes the log."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self.log.close()

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return 0 if self._relay is None else self._relay.in_flight

    async def _open(self) -> None:
        assert self._runner is not None
        host, port = self.listen
        try:
            site = web.TCPSite(self._runner, host, port)
            await site.start()
        except (OSError, OverflowError) as error:
            raise CaptureError(
                f"The proxy cannot listen on {host}:{port}.",
                why=f"{getattr(error, 'strerror', None) or error}.",
                fix="Choose another address, or end what listens there.",
            ) from error
        bound = self._runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{bound}"


async def run_proxy(
    upstream: str,
    listen: str = "127.0.0.1:8080",
    *,
    log: str | Path | CaptureLog,
    service: str | None = None,
    token: str | None = None,
    max_body: int = MAX_BODY,
    limits: ProxyLimits | None = None,
    ready: Callable[[Proxy], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Runs a `Proxy` until SIGTERM or SIGINT comes, or `stop` is set where that is given.

    `ready` is called once it listens. Raises what `Proxy` raises.
    """
    proxy = Proxy(
        upstream, listen, log=log, service=service, token=token, max_body=max_body, limits=limits
    )
    ended = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    caught = () if stop is not None else (signal.SIGTERM, signal.SIGINT)
    for number in caught:
        loop.add_signal_handler(number, ended.set)
    try:
        async with proxy:
            if ready is not None:
                ready(proxy)
            await ended.wait()
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


async def _expected(request: web.Request) -> web.StreamResponse | None:
    """Leaves `Expect: 100-continue` to the relay, which asks for the body when it wants it."""
    return None


def _session(limits: ProxyLimits) -> aiohttp.ClientSession:
    """The connections to the service; what passes through them stays as it is."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        # A kept connection that the service closes just when a call takes it would fail that
        # call; servers close theirs after 2 seconds at the soonest.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.5),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=limits.connect_s, sock_read=limits.read_s
        ),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
    )


def _runner(relay: Relay, limits: ProxyLimits) -> web.AppRunner:
    """The side where callers come in."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", relay.handle, expect_handler=_expected)
    app.on_response_prepare.append(relay.prepared)
    return web.AppRunner(
        app,
        access_log=None,
        logger=_HTTP_LOGGER,
        handler_cancellation=True,
        auto_decompress=False,
        keepalive_timeout=limits.idle_s,
        lingering_time=2.0,
        max_line_size=limits.header_bytes,
        max_field_size=limits.header_bytes,
        max_headers=limits.headers,
        shutdown_timeout=limits.shutdown_s,
    )
