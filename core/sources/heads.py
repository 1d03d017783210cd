"""From lines of a capture log to entries of the index, quickly: only the head is decoded."""

from __future__ import annotations

from datetime import datetime
from math import floor
from operator import attrgetter
from zlib import crc32

import msgspec

from ..capture.record import UNREADABLE
from ..models.exchanges import Outcome
from ..store.adding import LONGEST_PATH, Bad, Entry
from ..store.filter.tree import millis, path_of, took, trace_id
from ..store.identities import own_keys_of


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


_decoder = msgspec.json.Decoder(_Head)
_decode = _decoder.decode
_BOM = b"\xef\xbb\xbf"
# Up to the year 2200 a float tells microseconds.
_EXACT_S = 7_258_118_400
_PATHS_KEPT = 4096
_TRACEPARENT = 55
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_shape_of = attrgetter("service", "method", "route", "action", "outcome", "code", "status")


def index_lines(data: bytes, offset: int) -> tuple[list[Entry], list[Bad]]:
    """The entries of the lines in `data`, which begins at `offset`, and the lines that are none.

    Every line ends with a newline.
    """
    # The decoder does not see wrong UTF-8 in what it skips.
    if data.isascii() or _is_text(data):
        try:
            return _all_at_once(data, offset), []
        except (*UNREADABLE, _OddError):
            pass  # some line is none: then each is looked at by itself
    return _one_by_one(data, offset)


class _OddError(Exception):
    """Some line needs to be looked at by itself."""


def _all_at_once(data: bytes, offset: int) -> list[Entry]:
    heads = _decoder.decode_lines(data)
    if data.count(b"\n") != len(heads):
        # There are empty lines.
        raise _OddError
    entries: list[Entry] = []
    add, find = entries.append, data.find
    place = 0
    for head in heads:
        end = find(b"\n", place) + 1
        add(_entry(offset + place, end - place, head))
        place = end
    return entries


def _one_by_one(data: bytes, offset: int) -> tuple[list[Entry], list[Bad]]:
    entries: list[Entry] = []
    bad: list[Bad] = []
    place = 0
    if not offset and data.startswith(_BOM):
        place = len(_BOM)
    while place < len(data):
        end = data.index(b"\n", place) + 1
        line = data[place : end - 1]
        try:
            line.decode()
            entries.append(_entry(offset + place, end - place, _decode(line)))
        except UNREADABLE as error:
            if line and not line.isspace():
                bad.append(Bad(offset + place, end - place, _reason(error)))
        place = end
    return entries, bad


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_paths: dict[str, str] = {}


def _entry(offset: int, length: int, head: _Head) -> Entry:
    # Written out in one piece: this runs for every line of logs that may have millions.
    at = head.at
    if at.tzinfo is None:
        raise ValueError("its time bears no zone")
    seconds = at.timestamp()
    shape = _shape_of(head)
    status = shape[6]
    if (status is not None and status < 0) or shape[4] not in _OUTCOMES:
        raise ValueError(f"its status {status} or outcome {head.outcome[:40]} is unknown")
    duration = head.duration_ms
    place = head.url.partition("?")[0]
    path = _paths.get(place)
    if path is None:
        path = _keep_path(place)
    request, flow, conversation = head.request_id, head.flow_execution_id, head.conversation_id
    trace = head.traceparent
    keys = own_keys_of(head.id)
    if request and flow and conversation and len(trace) == _TRACEPARENT and flow != request:
        keys += (
            crc32(request.encode()),
            crc32(flow.encode()),
            crc32(conversation.encode()),
            crc32(trace_id(trace).encode()),
        )
    else:
        others = (request, flow if flow != request else "", conversation, trace_id(trace))
        keys += tuple(crc32(text.encode()) for text in others if text)
    return (
        offset,
        length,
        # Half a microsecond makes up for what a float cannot tell.
        floor(seconds * 1000 + 0.0005) if -_EXACT_S < seconds < _EXACT_S else millis(at),
        None if duration is None else took(duration),
        path,
        shape,
        keys,
    )


def _keep_path(place: str) -> str:
    """The path in a URL without its query, remembered for the next one."""
    path = path_of(place)
    if len(_paths) >= _PATHS_KEPT:
        _paths.clear()
    if len(place) <= LONGEST_PATH:
        _paths[place] = path
    return path


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
