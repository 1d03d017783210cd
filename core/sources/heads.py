"""From lines of a capture log to entries of the index, quickly: only the head is decoded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ..capture.record import UNREADABLE
from ..models.exchanges import Outcome
from ..store.adding import Bad, Entry
from ..store.filter.tree import millis, took, trace_id
from ..store.identities import key_of, own_keys_of


class _Head(msgspec.Struct, gc=False):
    id: str
    at: datetime
    service: str = ""
    request_id: str = ""
    flow_execution_id: str = ""
    conversation_id: str = ""
    traceparent: str = ""
    method: str = ""
    url: str = ""
    route: str = ""
    action: str = ""
    status: int | None = None
    duration_ms: float | None = None
    # A plain string decodes quicker than an enumeration.
    outcome: str = "ok"
    code: str = ""


_decode = msgspec.json.Decoder(_Head).decode
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
# Up to the year 2200 a float tells microseconds.
_EXACT_S = 7_258_118_400


def index_lines(
    lines: Iterable[tuple[int, bytes | memoryview]], *, check_text: bool
) -> tuple[list[Entry], list[Bad]]:
    """The entries of lines that come with their offsets, and the lines that are no exchanges.

    `check_text`: whether the text might be wrong UTF-8, which the decoder does not see in what it
    skips.
    """
    entries: list[Entry] = []
    bad: list[Bad] = []
    for offset, line in lines:
        try:
            if check_text:
                str(line, "utf-8")
            entries.append(_entry(offset, len(line) + 1, _decode(line)))
        except UNREADABLE as error:
            if not bytes(line).isspace() and len(line):
                bad.append(Bad(offset, len(line) + 1, _reason(error)))
    return entries, bad


def _entry(offset: int, length: int, head: _Head) -> Entry:
    at = head.at
    if at.tzinfo is None:
        raise ValueError("its time bears no zone")
    seconds = at.timestamp()
    if -_EXACT_S < seconds < _EXACT_S:
        at_ms = round(seconds * 1_000_000) // 1000
    else:
        at_ms = millis(at)
    status = -1 if head.status is None else head.status
    if head.outcome not in _OUTCOMES or (status < 0 and head.status is not None):
        raise ValueError(f"its status {head.status} or outcome {head.outcome[:40]} is unknown")
    keys = own_keys_of(head.id)
    if head.request_id:
        keys += (key_of(head.request_id),)
    if head.flow_execution_id and head.flow_execution_id != head.request_id:
        keys += (key_of(head.flow_execution_id),)
    if head.conversation_id:
        keys += (key_of(head.conversation_id),)
    if head.traceparent and (trace := trace_id(head.traceparent)):
        keys += (key_of(trace),)
    shape = (
        head.service,
        head.method,
        head.route,
        head.action,
        head.outcome,
        head.code,
        status,
    )
    return (offset, length, at_ms, took(head.duration_ms), head.url, shape, keys)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8."
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    text = str(error)
    return f"{text[:1].upper()}{text[1:300]}."
