"""One exchange through a captured application: its messages, as they pass in both directions."""

from __future__ import annotations

import random
import time
from typing import Protocol
from urllib.parse import quote

from ..models.exchanges import Outcome
from ..text import log_line
from .asgi import Message, Receive, Scope, Send
from .failure import failure_of
from .identity import Identity
from .log import LOGGER, CaptureLog
from .record import FailurePart
from .sighting import Sighting

_APOLOGY = b'{"error":"internal_processing_error"}'


class Capturing(Protocol):
    """How exchanges are captured: into which log, how many bytes of a body, which share of them,
    and the lower-case name of the header with the request id."""

    log: CaptureLog
    max_body: int
    sample: float
    id_key: bytes


class Passage:
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

    def __init__(self, middleware: Capturing, scope: Scope, receive: Receive, send: Send) -> None:
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
        """What the server hands the application next."""
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
        """Passes on what the application answers. Raises OSError when the caller has left."""
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
