"""From lines of a capture log: the calls of handlers that needed more than one attempt."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from urllib.parse import urlsplit

import msgspec

from ..capture.record import ATTEMPTS, UNREADABLE, AttemptPart, upstream_attempt
from ..errors import LineError
from ..models import Attempt, Call, CallState, UpstreamAttempt
from ..text import clip

MOST_CALLS = 50
"""So many retried calls of one exchange are listed at most."""

MOST_ATTEMPTS = 100
_LONGEST = 2000
_LONGEST_NAME = 200
_LONGEST_OPERATION = 120

_by_call = attrgetter("call")


class _Tried(msgspec.Struct):
    id: str
    service: str = ""
    attempts: tuple[AttemptPart, ...] = ()


_decode = msgspec.json.Decoder(_Tried).decode


def retried_in(data: bytes) -> list[Call]:
    """The retried calls in the lines of `data`, each of which ends with a newline.

    Lines without attempts are not looked at; what cannot be read has none.
    """
    calls: list[Call] = []
    place = data.find(ATTEMPTS)
    while place >= 0:
        start, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
        try:
            tried = _decode(data[start:end])
            calls += _retried(tried, map(upstream_attempt, tried.attempts))
        except (*UNREADABLE, LineError):
            pass  # the index sets such a line aside, and says so
        place = data.find(ATTEMPTS, end)
    return calls


def _retried(tried: _Tried, attempts: Iterator[UpstreamAttempt]) -> Iterator[Call]:
    # Calls that a handler made side by side lie there mixed.
    grouped = groupby(sorted(attempts, key=_by_call), _by_call)
    for count, (number, found) in enumerate(grouped):
        course = list(found)[:MOST_ATTEMPTS]
        if count >= MOST_CALLS:
            return
        if len(course) > 1 or course[0].wait_s is not None:
            yield _call(tried, number, course)


def _call(tried: _Tried, number: int, course: list[UpstreamAttempt]) -> Call:
    first, last = course[0], course[-1]
    url = clip(first.url, _LONGEST)
    return Call(
        # The same line makes the same call, however often it is read.
        call_id=f"{clip(tried.id, _LONGEST_NAME)}/{number}",
        operation=clip(f"{first.method} {_path(url)}", _LONGEST_OPERATION),
        method=clip(first.method, _LONGEST_NAME),
        url=url,
        started_at=first.started_at,
        state=_state(last),
        attempts=tuple(map(_attempt, course)),
        gave_up=clip(last.gave_up, _LONGEST),
        service=clip(tried.service, _LONGEST_NAME),
        exchange_id=clip(tried.id, _LONGEST_NAME),
    )


def _state(last: UpstreamAttempt) -> CallState:
    if last.wait_s is not None or last.outcome == "CancelledError":
        return CallState.CANCELLED
    failed = bool(last.gave_up) or last.status is None
    return CallState.FAILED if failed else CallState.DONE


def _path(url: str) -> str:
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return url


def _attempt(found: UpstreamAttempt) -> Attempt:
    fields = {name: getattr(found, name) for name in Attempt.model_fields}
    limits = list(found.rate_limit.items())[:_LONGEST_NAME]
    return Attempt(
        **fields
        | {
            "outcome": clip(found.outcome, _LONGEST_NAME),
            "detail": clip(found.detail, _LONGEST),
            "request_id": clip(found.request_id, _LONGEST_NAME),
            "correlation_id": found.correlation_id and clip(found.correlation_id, _LONGEST_NAME),
            "rate_limit": {clip(k, _LONGEST_NAME): clip(v, _LONGEST_NAME) for k, v in limits},
        }
    )
