"""An exchange as it was seen on the wire: raw, secrets and all. It is never written like this."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from ..models.exchanges import Outcome, RequestIdSource
from .bodies import Seen, see
from .cleaner import Cleaner
from .outcome import outcome_of
from .record import AttemptPart, FailurePart, Line

Headers = Sequence[tuple[bytes, bytes]]

MAX_BODY = 1024 * 1024
"""How much of a body is kept, in bytes, unless told otherwise."""

_ACTION = re.compile(r"/(?:data-?actions|(?:data|integrations)/actions)/([^/?#]+)", re.IGNORECASE)
_NOT_AN_ID = ("webhook", "query", "details")
_OVERHEAD = 2048
_ATTEMPT = 1024


class Part:
    """One side's body while it passes by: its size, and its first bytes up to `limit`."""

    __slots__ = ("chunks", "kept", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.chunks: list[bytes] = []
        self.kept = 0
        self.size = 0
        self.limit = limit

    def add(self, chunk: bytes) -> None:
        """Counts `chunk`, and keeps what there is room for."""
        self.size += len(chunk)
        room = self.limit - self.kept
        if room > 0 and chunk:
            if len(chunk) > room:
                chunk = chunk[:room]
            # A server may reuse its buffers.
            self.chunks.append(bytes(chunk))
            self.kept += len(chunk)

    def raw(self) -> bytes:
        """What was kept."""
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)


class Sighting:
    """What a capturing place fills in while an exchange passes.

    `at` is epoch seconds. `outcome` is set where it does not follow from the answer: an
    exception, a caller who left, a service that was not reached. `failure` is redacted already.
    `attempts` are those that the handler reported.
    """

    __slots__ = (
        "at",
        "attempts",
        "duration_ms",
        "failure",
        "method",
        "outcome",
        "request",
        "request_headers",
        "request_id",
        "request_id_source",
        "response",
        "response_headers",
        "route",
        "status",
        "url",
    )

    def __init__(self, at: float, method: str, url: str, headers: Headers, limit: int) -> None:
        self.at = at
        self.method = method
        self.url = url
        self.request_headers: Headers = headers
        self.request = Part(limit)
        self.response_headers: Headers = ()
        self.response = Part(limit)
        self.request_id = ""
        self.request_id_source = RequestIdSource.GENERATED
        self.route = ""
        self.status: int | None = None
        self.duration_ms: float | None = None
        self.outcome: Outcome | None = None
        self.failure: FailurePart | None = None
        self.attempts: Sequence[AttemptPart] = ()

    @property
    def weight(self) -> int:
        """About how many bytes it holds in memory."""
        attempts = len(self.attempts) * _ATTEMPT
        return self.request.kept + self.response.kept + attempts + _OVERHEAD

    def line(self, service: str, cleaner: Cleaner) -> Line:
        """Its line, without secrets."""
        word = cleaner.word
        sent = tuple(map(cleaner.header, self.request_headers))
        answered = tuple(map(cleaner.header, self.response_headers))
        request = _seen(self.request, sent, cleaner)
        response = _seen(self.response, answered, cleaner)
        envelope = request.parsed if isinstance(request.parsed, dict) else {}
        outcome, code = outcome_of(
            self.status,
            _first(answered, "content-type"),
            response.parsed,
            self.response.size > 0,
            is_null=response.is_json,
            head=self.method == "HEAD",
        )
        if outcome is Outcome.NOT_JSON and response.part is not None and response.part.truncated:
            outcome = Outcome.OK  # too long to be read here is no fault
        return Line(
            id=os.urandom(16).hex(),
            at=datetime.fromtimestamp(self.at, UTC),
            service=service,
            request_id=word(self.request_id),
            request_id_source=self.request_id_source,
            flow_execution_id=word(_text(envelope, "flowExecutionId")),
            conversation_id=word(_text(envelope, "conversationId")),
            traceparent=_first(sent, "traceparent"),
            method=word(self.method),
            url=cleaner.url(self.url),
            route=self.route,
            action=word(_action(self.url, envelope)),
            status=self.status,
            duration_ms=None if self.duration_ms is None else round(self.duration_ms, 3),
            outcome=self.outcome or outcome,
            code=word(code),
            request_headers=sent,
            request=request.part,
            response_headers=answered,
            response=response.part,
            failure=self.failure,
            attempts=tuple(_clean(attempt, cleaner) for attempt in self.attempts),
        )


def _clean(attempt: AttemptPart, cleaner: Cleaner) -> AttemptPart:
    """A copy without secrets."""
    text = cleaner.redactor.text
    return msgspec.structs.replace(
        attempt,
        url=cleaner.url(attempt.url),
        detail=text(attempt.detail),
        outcome=cleaner.word(attempt.outcome),
        gave_up=text(attempt.gave_up),
        rate_limit=dict(cleaner.redactor.headers(attempt.rate_limit)),
        correlation_id=attempt.correlation_id and cleaner.word(attempt.correlation_id),
    )


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str:
    for key, value in headers:
        if key == name:
            return value
    return ""


def _seen(part: Part, headers: tuple[tuple[str, str], ...], cleaner: Cleaner) -> Seen:
    if not part.size:
        return Seen(None)
    return see(
        part.raw(),
        part.size,
        _first(headers, "content-type"),
        _first(headers, "content-encoding"),
        cleaner.redactor,
        limit=part.limit,
    )


def _text(envelope: dict[str, Any], name: str) -> str:
    value = envelope.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _action(url: str, envelope: dict[str, Any]) -> str:
    """The data action that was called: from the inbound call's metadata, else from the path."""
    metadata = envelope.get("metadata")
    for place in (envelope, metadata):
        if isinstance(place, dict):
            value = place.get("actionId")
            if isinstance(value, str) and value:
                return value
    found = _ACTION.search(url)
    return found[1] if found and found[1].lower() not in _NOT_AN_ID else ""
