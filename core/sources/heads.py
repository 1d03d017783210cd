"""From lines of a capture log to entries of the index, quickly: only the head is decoded."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from math import floor
from operator import attrgetter, sub

import msgspec

from ..capture.record import UNREADABLE
from ..models.exchanges import Outcome
from ..store.adding import Bad
from ..store.entries import Entries, Numbering, ShapeKey
from ..store.filter.tree import millis, path_of, took, trace_id
from ..store.identities import marks, own_marks


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
_PLAIN_MS = 1e12
_OPENS, _ENDS = b"{}"
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_shape_of = attrgetter("service", "method", "route", "action", "outcome", "code", "status")
_zone_of = attrgetter("tzinfo")


def index_lines(data: bytes, offset: int, entries: Entries) -> list[Bad]:
    """Put the lines in `data`, which begins at `offset`, into `entries`; those that are none.

    Every line ends with a newline.
    """
    # The decoder does not see wrong UTF-8 in what it skips.
    if data and (data.isascii() or _is_text(data)):
        try:
            _all_at_once(data, offset, entries)
        except (*UNREADABLE, _OddError):
            pass  # some line is none: then each is looked at by itself
        else:
            return []
    return _one_by_one(data, offset, entries)


class _OddError(Exception):
    """Some line needs to be looked at by itself."""


def _all_at_once(data: bytes, offset: int, entries: Entries) -> None:
    """Column by column: what is done for each of millions of lines is done in C where it can."""
    heads = _decoder.decode_lines(data)
    end, index = 0, data.index
    ends = [end := index(b"\n", end) + 1 for _ in heads]
    starts = [0, *ends[:-1]]
    # The decoder takes no notice of where lines end. Nothing in JSON reads "}\n{", so with these
    # signs each line is one exchange.
    if end != len(data) or _signs(data, starts, 0) != {_OPENS} or _signs(data, ends, -2) != {_ENDS}:
        raise _OddError
    times = _times([head.at for head in heads])
    shapes = _shapes(heads, entries.shape_keys)
    first = len(entries)
    entries.offsets += [offset + start for start in starts]
    entries.lengths += map(sub, ends, starts)
    entries.times += times
    entries.tooks += [
        round(ms * 1000) if ms is not None and -_PLAIN_MS < ms < _PLAIN_MS else took(ms)
        for ms in [head.duration_ms for head in heads]
    ]
    places = [head.url.partition("?")[0] for head in heads]
    known = {place: entries.path_texts[path_of(place)] for place in set(places)}
    entries.paths += [known[place] for place in places]
    entries.shapes += shapes
    entries.marks += own_marks([head.id for head in heads], first)
    requests = [head.request_id for head in heads]
    flows = [head.flow_execution_id for head in heads]
    entries.marks += marks(requests, first)
    entries.marks += marks(
        ["" if a == b else a for a, b in zip(flows, requests, strict=True)], first
    )
    entries.marks += marks([head.conversation_id for head in heads], first)
    entries.marks += marks([trace_id(head.traceparent) for head in heads], first)


def _signs(data: bytes, places: list[int], shift: int) -> set[int]:
    """The bytes at these places."""
    return {data[place + shift] for place in places}


def _times(moments: list[datetime]) -> list[int]:
    """Moments in ms since 1970."""
    if not all(map(_zone_of, moments)):
        raise _OddError
    seconds = list(map(datetime.timestamp, moments))
    if seconds and min(seconds) > -_EXACT_S and max(seconds) < _EXACT_S:
        # Half a microsecond makes up for what a float cannot tell.
        return [floor(one * 1000 + 0.0005) for one in seconds]
    return [millis(moment) for moment in moments]


def _shapes(heads: list[_Head], known: Numbering[ShapeKey]) -> list[int]:
    """The numbers of their shapes. Raises `_OddError` if one cannot be."""
    before = len(known)
    shapes = list(map(known.__getitem__, map(_shape_of, heads)))
    if not all(map(_can_be, islice(reversed(known), len(known) - before))):
        while len(known) > before:
            known.popitem()
        raise _OddError
    return shapes


def _can_be(shape: ShapeKey) -> bool:
    return shape[4] in _OUTCOMES and (shape[6] is None or shape[6] >= 0)


def _one_by_one(data: bytes, offset: int, entries: Entries) -> list[Bad]:
    bad: list[Bad] = []
    place = 0
    if not offset and data.startswith(_BOM):
        place = len(_BOM)
    while place < len(data):
        end = data.index(b"\n", place) + 1
        line = data[place : end - 1]
        try:
            line.decode()
            _add(entries, offset + place, end - place, _decode(line))
        except UNREADABLE as error:
            if line and not line.isspace():
                bad.append(Bad(offset + place, end - place, _reason(error)))
        place = end
    return bad


def _add(entries: Entries, offset: int, length: int, head: _Head) -> None:
    if head.at.tzinfo is None:
        raise ValueError("its time bears no zone")
    shape = _shape_of(head)
    if not _can_be(shape):
        raise ValueError(f"its status {head.status} or outcome {head.outcome[:40]} is unknown")
    entries.add(
        offset,
        length,
        millis(head.at),
        took(head.duration_ms),
        path_of(head.url),
        shape,
        head.id,
        head.request_id,
        head.flow_execution_id,
        head.conversation_id,
        trace_id(head.traceparent),
    )


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


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
