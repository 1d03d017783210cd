"""Other loggers' lines that tell of exchanges (contract §6).

Two forms are read: the seven keys `request_id, method, url, status_code, duration_ms,
request_payload, response_payload`, whichever logger wrote them and wherever it puts what it was
given, and the JSON log of the official Genesys SDKs. A line becomes a sighting, and so goes the
way that captured exchanges go: redacted before it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ..capture.identity import Identity
from ..capture.record import UNREADABLE
from ..capture.sighting import Sighting
from ..models.exchanges import Outcome

LIMIT = 16 * 1024 * 1024

_OURS = ("url", "status_code")
_SDK = ("url", "statusCode")
_TIMES = ("timestamp", "time", "ts", "asctime", "date", "@timestamp")
# Where loggers put what they were given beside the message.
_PLACES = ("extra", "record", "fields", "data", "context", "message", "msg", "event", "text")
_LEVELS = 3
_COMMA = re.compile(r",(\d{1,6})")

_decode = msgspec.json.Decoder().decode


class Foreign(NamedTuple):
    """An exchange in another logger's words: its fields, those of the line around it, its form."""

    fields: Mapping[str, Any]
    around: Mapping[str, Any]
    sdk: bool


def exchange_in(line: bytes) -> Foreign | None:
    """The exchange that a line tells of; `None` if it tells of none."""
    try:
        found = _decode(line)
    except UNREADABLE:
        return None
    if not isinstance(found, dict):
        return None
    for fields in _objects(found, _LEVELS):
        if all(name in fields for name in _OURS) and _known(fields):
            return Foreign(fields, found, sdk=False)
        if all(name in fields for name in _SDK):
            return Foreign(fields, found, sdk=True)
    return None


def _known(fields: Mapping[str, Any]) -> bool:
    """Whether it is an exchange rather than a line of an access log with the same words."""
    wanted = ("request_id", "request_payload", "response_payload", "request_content_type")
    return any(name in fields for name in wanted)


def _objects(found: Mapping[str, Any], levels: int) -> Iterator[Mapping[str, Any]]:
    """The object itself and those that loggers pack into it, as objects or as JSON in text."""
    yield found
    if not levels:
        return
    for name in _PLACES:
        inner = found.get(name)
        if isinstance(inner, str) and inner.startswith("{"):
            try:
                inner = _decode(inner)
            except UNREADABLE:
                continue
        if isinstance(inner, dict):
            yield from _objects(inner, levels - 1)


def sighting_of(foreign: Foreign, otherwise: float) -> Sighting:
    """The exchange as capturing would have seen it.

    `otherwise` is its time, in epoch seconds, where the line tells none.
    """
    fields = foreign.fields
    names = _SDK_NAMES if foreign.sdk else _OUR_NAMES
    sent = _headers(fields.get("requestHeaders" if foreign.sdk else "request_headers"))
    answered = _headers(fields.get("responseHeaders" if foreign.sdk else "response_headers"))
    request = _bytes(fields.get(names["request"]))
    response = _bytes(fields.get(names["response"]))
    _add_type(sent, fields.get("request_content_type"), request)
    _add_type(answered, fields.get("response_content_type"), response)
    at = _time(fields) or _time(foreign.around) or otherwise
    sighting = Sighting(at, _word(fields.get("method")), _word(fields.get("url")), sent, LIMIT)
    sighting.response_headers = answered
    sighting.request.add(request)
    sighting.response.add(response)
    sighting.status = _status(fields.get(names["status"]))
    sighting.duration_ms = _number(fields.get("duration_ms"))
    sighting.route = _word(fields.get("route"))
    if not response and sighting.status is not None and sighting.status < 400:
        # That no answer was logged does not mean that none was given.
        sighting.outcome = Outcome.OK
    identify(sighting, _word(fields.get("request_id")))
    return sighting


_OUR_NAMES = {"request": "request_payload", "response": "response_payload", "status": "status_code"}
_SDK_NAMES = {"request": "requestBody", "response": "responseBody", "status": "statusCode"}


def identify(sighting: Sighting, request_id: str = "") -> None:
    """Set the request id: the one that was logged, else that of the header, else of the body."""
    identity = Identity()
    if request_id:
        identity.from_header(request_id.encode("latin-1", "replace"))
    for name, value in sighting.request_headers:
        if name.lower() == b"x-request-id":
            identity.from_header(value)
    identity.from_body(sighting.request.raw())
    sighting.request_id, sighting.request_id_source = identity.request_id, identity.source


def moment(value: object) -> float | None:
    """A time as loggers write it, in epoch seconds: numbers are seconds, or milliseconds where
    they are large; text is ISO 8601, local where it has no zone. `None` if it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _sane(value / 1000 if abs(value) > 1e11 else float(value))
    if not isinstance(value, str):
        return None
    text = _COMMA.sub(r".\1", value.strip())
    try:
        return _sane(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        pass  # it may be a number in text
    try:
        return moment(float(text))
    except ValueError:
        return None


def _sane(seconds: float) -> float | None:
    """Only what is a date again in every zone."""
    return seconds if -6.2e10 < seconds < 2.5e11 else None


def _time(fields: Mapping[str, Any]) -> float | None:
    for name in _TIMES:
        found = moment(fields.get(name))
        if found is not None:
            return found
    return None


def _headers(value: object) -> list[tuple[bytes, bytes]]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        for name, some in value.items():
            pairs += [(name, one) for one in (some if isinstance(some, list) else [some])]
    elif isinstance(value, list):
        pairs = [
            (one.get("name"), one.get("value")) if isinstance(one, dict) else tuple(one)
            for one in value
            if isinstance(one, dict) or (isinstance(one, list) and len(one) == 2)
        ]
    return [
        (_word(name).encode("latin-1", "replace"), _word(one).encode("latin-1", "replace"))
        for name, one in pairs
    ]


def _add_type(headers: list[tuple[bytes, bytes]], kind: object, body: bytes) -> None:
    if kind and body and not any(name.lower() == b"content-type" for name, _ in headers):
        headers.append((b"content-type", _word(kind).encode("latin-1", "replace")))


def _bytes(value: object) -> bytes:
    if value is None or value == "":
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return msgspec.json.encode(value)


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def _number(value: object) -> float | None:
    try:
        found = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    return found if abs(found) < 1e15 else None


def _status(value: object) -> int | None:
    found = _number(value)
    return int(found) if found is not None and 100 <= found <= 999 else None
