"""From lines of a capture log to entries of the index, quickly: only the head is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ..capture.record import UNREADABLE
from ..models.exchanges import Outcome
from ..store.adding import Bad, Entry
from ..store.filter.tree import millis, path_of, took, trace_id
from ..store.identities import PRIME, own_keys_of


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
_integer = int.from_bytes
_BOM = b"\xef\xbb\xbf"
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
# Up to the year 2200 a float tells microseconds.
_EXACT_S = 7_258_118_400


def index_lines(
    lines: Sequence[bytes], offset: int, *, check_text: bool
) -> tuple[list[Entry], list[Bad]]:
    """The entries of lines, the first of which begins at `offset`, and those that are none.

    Lines come without their newlines. `check_text`: whether the text might be wrong UTF-8, which
    the decoder does not see in what it skips.
    """
    entries: list[Entry] = []
    bad: list[Bad] = []
    add = entries.append
    for line in lines:
        length = len(line) + 1
        try:
            if check_text:
                line.decode()
            add(_entry(offset, length, _decode(line)))
        except UNREADABLE as error:
            if not offset and line.startswith(_BOM):
                return _after_mark(lines, check_text=check_text)
            if line and not line.isspace():
                bad.append(Bad(offset, length, _reason(error)))
        offset += length
    return entries, bad


def _after_mark(lines: Sequence[bytes], *, check_text: bool) -> tuple[list[Entry], list[Bad]]:
    """As `index_lines`, of a file that begins with a byte order mark."""
    return index_lines([lines[0][len(_BOM) :], *lines[1:]], len(_BOM), check_text=check_text)


def _entry(offset: int, length: int, head: _Head) -> Entry:
    # Written out in one piece: this runs for every line of logs that may have millions.
    at = head.at
    if at.tzinfo is None:
        raise ValueError("its time bears no zone")
    seconds = at.timestamp()
    status = head.status
    if status is None:
        status = -1
    elif status < 0:
        raise ValueError(f"its status {status} is unknown")
    if head.outcome not in _OUTCOMES:
        raise ValueError(f"its outcome {head.outcome[:40]} is unknown")
    keys = own_keys_of(head.id)
    request, flow, conversation = head.request_id, head.flow_execution_id, head.conversation_id
    if request:
        keys += (_integer(request.encode(), "big") % PRIME,)
    if flow and flow != request:
        keys += (_integer(flow.encode(), "big") % PRIME,)
    if conversation:
        keys += (_integer(conversation.encode(), "big") % PRIME,)
    if head.traceparent and (trace := trace_id(head.traceparent)):
        keys += (_integer(trace.encode(), "big") % PRIME,)
    return (
        offset,
        length,
        round(seconds * 1_000_000) // 1000 if -_EXACT_S < seconds < _EXACT_S else millis(at),
        took(head.duration_ms),
        path_of(head.url),
        (
            head.service,
            head.method,
            head.route,
            head.action,
            head.outcome,
            head.code,
            status,
        ),
        keys,
    )


def time_of(line: bytes) -> int | None:
    """When the exchange in a line was, in ms since 1970; `None` if it is none."""
    try:
        return millis(_decode(line.removeprefix(_BOM)).at)
    except (*UNREADABLE, TypeError):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8."
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    text = str(error)
    return f"{text[:1].upper()}{text[1:300]}."
