"""An ASGI middleware that captures the exchanges of the service it is put into (contract §6).

    app.add_middleware(CaptureMiddleware, log="captures.jsonl")      # FastAPI, Starlette
    app = CaptureMiddleware(app, log="captures/")                    # any ASGI application

It watches messages as they pass and holds none of them back, in neither direction.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import ConfigError
from ..models.exchanges import Outcome
from ..redact import REDACTOR, Redactor
from ..text import log_line
from .failure import failure_of
from .identity import CURRENT, Identity
from .log import LOGGER, CaptureLog
from .record import FailurePart
from .sighting import MAX_BODY, Sighting

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Routes = Callable[[str], bool] | Iterable[str]

_APOLOGY = b'{"error":"internal_processing_error"}'


class CaptureMiddleware:
    """Captures HTTP exchanges into `log`, a path or a `CaptureLog`.

    `service` names the service in the log. `routes` chooses what is captured: path prefixes
    (whole segments), or a function of the path; the rest is passed on untouched. `max_body` is
    how many bytes of a body are kept. `redact_names` and `redact_patterns` are further names and
    regular expressions of secrets. `sample` is the share of exchanges that are kept, 0 to 1.
    `request_id_header` bears the request id, in both directions; an id that the application sets
    itself is left alone.

    An exception that the application does not handle is answered with 500 and logged, and so is
    done with. Where the answer had begun, it is passed on, for the server must break off.

    `service`, `redact_names` and `redact_patterns` belong to the log, so they only go with a path.
    Raises `ConfigError` for settings that make no sense.
    """

    def __init__(
        self,
        app: App,
        *,
        log: str | Path | CaptureLog,
        service: str | None = None,
        routes: Routes | None = None,
        max_body: int = MAX_BODY,
        redact_names: Iterable[str] = (),
        redact_patterns: Iterable[str] = (),
        sample: float = 1.0,
        request_id_header: str = "X-Request-ID",
    ) -> None:
        if not 0 <= sample <= 1 or max_body < 0:
            raise ConfigError(
                "The capture middleware's settings make no sense.",
                why="sample goes from 0 to 1, and max_body is not below 0.",
            )
        self.app = app
        self.log = _log(log, service, tuple(redact_names), tuple(redact_patterns))
        self._chosen = None if routes is None else _chooser(routes)
        self.max_body = max_body
        self.sample = sample
        self.id_header = request_id_header.encode("ascii")
        self.id_key = self.id_header.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                send = self._flushing(send)
            await self.app(scope, receive, send)
            return
        if self._chosen is not None and not self._chosen(scope["path"]):
            await self.app(scope, receive, send)
            return
        passage = _Passage(self, scope, receive, send)
        token = CURRENT.set(passage.identity)
        try:
            await self.app(scope, passage.receive, passage.send)
        except Exception as error:
            if not await passage.failed(error):
                raise
        except BaseException:
            passage.broke_off()
            raise
        else:
            passage.returned()
        finally:
            CURRENT.reset(token)

    def _flushing(self, send: Send) -> Send:
        """Closes the log when the application has shut down: many servers end by a signal, and
        nothing else gets a turn then."""

        async def passed(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                self.log.close()
            await send(message)

        return passed


class _Passage:
    """One exchange on its way through."""

    __slots__ = (
        "_answer_begun",
        "_caller_left",
        "_done",
        "_middleware",
        "_receive",
        "_request_done",
        "_root",
        "_scope",
        "_send",
        "_sighting",
        "_started",
        "identity",
    )

    def __init__(
        self, middleware: CaptureMiddleware, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._started = time.perf_counter()
        self._middleware = middleware
        self._scope = scope
        self._receive = receive
        self._send = send
        self._root = scope.get("root_path", "")
        self._answer_begun = self._caller_left = self._done = False
        headers = scope["headers"]
        self._sighting = Sighting(
            time.time(), scope["method"], _url(scope), headers, middleware.max_body
        )
        self.identity = Identity()
        self._request_done = True
        for name, value in headers:
            if name == middleware.id_key:
                self.identity.from_header(value)
            elif name == b"traceparent":
                self.identity.traceparent = value.decode("latin-1")
            elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                self._request_done = False
        if self._request_done:
            self.identity.settle()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            part = self._sighting.request
            part.add(message.get("body", b""))
            if not message.get("more_body", False):
                self._request_done = True
                if not self.identity.request_id:
                    self.identity.from_body(part.raw() if part.kept == part.size else b"")
        elif message["type"] == "http.disconnect" and not self._done:
            self._caller_left = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        last = False
        if kind == "http.response.start":
            message = self._begun(message)
        elif kind == "http.response.body":
            if self._sighting.method != "HEAD":
                self._sighting.response.add(message.get("body", b""))
            last = not message.get("more_body", False)
        elif kind in ("http.response.pathsend", "http.response.zerocopysend"):
            self._unseen()
            last = not message.get("more_body", False)
        try:
            await self._send(message)
        except OSError:
            self._caller_left = True
            raise
        if last:
            self._finish(Outcome.DISCONNECTED if self._caller_left else None)

    async def failed(self, error: Exception) -> bool:
        """Deals with what the application raised; whether it is done with."""
        if self._done:
            return False
        log = self._middleware.log
        self._sighting.failure = failure_of(error, log.redactor, skip=1)
        if self._answer_begun or self._caller_left:
            self._finish(Outcome.DISCONNECTED if self._caller_left else Outcome.EXCEPTION)
            return False
        self._sighting.outcome = Outcome.EXCEPTION
        self.identity.settle()
        LOGGER.exception(
            "%s %s raised an exception that nobody handled; the caller gets 500.",
            self._scope["method"],
            self._route() or log_line(log.redactor.url(self._scope["path"])),
        )
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(_APOLOGY)).encode()),
        ]
        try:
            await self.send({"type": "http.response.start", "status": 500, "headers": headers})
            await self.send({"type": "http.response.body", "body": _APOLOGY, "more_body": False})
        except OSError:
            self._finish(Outcome.DISCONNECTED)
        return True

    def returned(self) -> None:
        """The application is through. If its answer is not, the caller left, or it is at fault."""
        if self._done:
            return
        if self._caller_left:
            self._finish(Outcome.DISCONNECTED)
            return
        self._sighting.failure = FailurePart(
            "IncompleteAnswer", "The application returned before its answer was complete."
        )
        self._finish(Outcome.EXCEPTION)

    def broke_off(self) -> None:
        """The handling was cancelled from outside."""
        if not self._done:
            self._finish(Outcome.DISCONNECTED)

    def _begun(self, message: Message) -> Message:
        self._answer_begun = True
        self.identity.settle()
        headers = list(message.get("headers", ()))
        key = self._middleware.id_key
        for name, _ in headers:
            if name == key or name.lower() == key:
                break
        else:
            headers.append((key, self.identity.header_value()))
        self._sighting.status = message["status"]
        self._sighting.response_headers = headers
        return {**message, "headers": headers}

    def _unseen(self) -> None:
        """The server sends a file by itself: its size is known, its bytes are not."""
        part = self._sighting.response
        for name, value in self._sighting.response_headers:
            if name.lower() == b"content-length" and value.isdigit():
                part.size = int(value)

    def _finish(self, outcome: Outcome | None) -> None:
        self._done = True
        sighting = self._sighting
        sighting.duration_ms = (time.perf_counter() - self._started) * 1000
        sample = self._middleware.sample
        if sample < 1 and random.random() >= sample:  # noqa: S311 - a share, no secret
            return
        if outcome is not None:
            sighting.outcome = outcome
        self.identity.settle()
        sighting.request_id = self.identity.request_id
        sighting.request_id_source = self.identity.source
        sighting.route = self._route()
        sighting.attempts = self.identity.attempts
        if sighting.failure is None and self.identity.failure is not None:
            redactor = self._middleware.log.redactor
            sighting.failure = failure_of(self.identity.failure, redactor)
        if not self._request_done:
            self._count_unread()
        self._middleware.log.submit(sighting)

    def _route(self) -> str:
        """The route's pattern, as frameworks leave it in the scope, with its mounts before it."""
        route = self._scope.get("route")
        pattern = getattr(route, "path", "")
        # A mount is left there too when nothing within it matched.
        if not isinstance(pattern, str) or not hasattr(route, "endpoint"):
            return ""
        mounted = self._scope.get("root_path", "")
        if mounted.startswith(self._root):
            mounted = mounted[len(self._root) :]
        return mounted + pattern

    def _count_unread(self) -> None:
        """The application did not read all of the request: what is missing shows as cut off."""
        part = self._sighting.request
        for name, value in self._sighting.request_headers:
            if name == b"content-length" and value.isdigit():
                part.size = max(part.size, int(value[:18]))


def _log(
    log: str | Path | CaptureLog,
    service: str | None,
    names: tuple[str, ...],
    patterns: tuple[str, ...],
) -> CaptureLog:
    if isinstance(log, CaptureLog):
        if service is not None or names or patterns:
            raise ConfigError(
                "service, redact_names and redact_patterns belong to the capture log.",
                fix="Give them to the CaptureLog, or give the middleware a path.",
            )
        return log
    redactor = Redactor(names, patterns) if names or patterns else REDACTOR
    return CaptureLog(log, service or "service", redactor=redactor)


def _chooser(routes: Routes) -> Callable[[str], bool]:
    if callable(routes):
        return routes
    whole = tuple(prefix.rstrip("/") for prefix in routes)
    beginnings = tuple(f"{prefix}/" for prefix in whole)
    exact = frozenset(whole)
    return lambda path: path in exact or path.startswith(beginnings)


def _url(scope: Scope) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"])
    host = ""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1")
            break
    else:
        server = scope.get("server")
        if server:
            host = f"{server[0]}:{server[1]}" if server[1] else str(server[0])
    query = scope.get("query_string", b"")
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    return f"{url}?{query.decode('latin-1')}" if query else url
