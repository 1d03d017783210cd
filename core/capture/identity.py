"""Which request is being handled: its id, for the service's own logs (contract §6).

    logging.basicConfig(format="%(request_id)s %(message)s")
    logging.getLogger().handlers[0].addFilter(RequestIdFilter())

The id is that of the header `X-Request-ID`, else the body's `flowExecutionId`, else a new one.
Where it hangs on the body it is unknown, and so empty, until the handler has read the body; it is
never one thing first and another later. An answer that starts before that gets a new id.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import msgspec

from ..models.exchanges import RequestIdSource
from ..text import log_line
from .record import UNREADABLE, AttemptPart

LONGEST_ID = 256
MOST_ATTEMPTS = 500
"""So many attempts an exchange keeps at most."""


class Identity:
    """The id of one request, shared by everything that handles it, tasks and threads included.

    What a handler tells of its work is collected here too, for the exchange: `attempts` of its
    upstream calls, which `calls` counts, and the `failure` that it caught. `traceparent` is the
    header as it came.
    """

    __slots__ = ("attempts", "calls", "failure", "request_id", "source", "traceparent")

    def __init__(self) -> None:
        self.request_id = ""
        self.source = RequestIdSource.GENERATED
        self.traceparent = ""
        self.attempts: list[AttemptPart] = []
        self.calls = 0
        self.failure: BaseException | None = None

    def tried(self, attempt: AttemptPart) -> None:
        """Takes an attempt; beyond a bound they are left out."""
        if len(self.attempts) < MOST_ATTEMPTS:
            self.attempts.append(attempt)

    def from_header(self, value: bytes) -> None:
        """Takes the id from a header's value, if it can be one."""
        text = value.decode("latin-1").strip()
        if text and len(text) <= LONGEST_ID and text.isprintable():
            self.request_id = text
            self.source = RequestIdSource.HEADER

    def from_body(self, raw: bytes) -> None:
        """Takes the id from a whole body; makes one if it holds none. Once known, an id stays."""
        if self.request_id:
            return
        found = flow_execution_id(raw)
        if found and len(found) <= LONGEST_ID:
            self.request_id = found
            self.source = RequestIdSource.BODY
        else:
            self.settle()

    def settle(self) -> None:
        """Makes an id if there is none yet."""
        if not self.request_id:
            self.request_id = str(uuid4())

    def header_value(self) -> bytes:
        """The id as a header can carry it; what is not ASCII is percent-encoded."""
        text = self.request_id
        if text.isascii() and text.isprintable():
            return text.encode("ascii")
        return quote(text, safe="").encode("ascii")


CURRENT: ContextVar[Identity | None] = ContextVar("cxtop_request", default=None)


def current_request_id() -> str:
    """The id of the request that is being handled here; empty outside of one, and before it is
    known."""
    identity = CURRENT.get()
    return "" if identity is None else identity.request_id


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to every log record: the current one, or `-`. Lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = log_line(current_request_id()) or "-"
        return True


class _Envelope(msgspec.Struct):
    flowExecutionId: Any = None  # noqa: N815 - the wire's own name


_envelopes = msgspec.json.Decoder(_Envelope)


def flow_execution_id(raw: bytes) -> str:
    """The `flowExecutionId` at the top of a JSON body, or nothing."""
    try:
        found = _envelopes.decode(raw).flowExecutionId
    except UNREADABLE:
        return ""
    if isinstance(found, str):
        return found.strip()
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""
