"""The line format of a capture log: one JSON object a line, one exchange an object.

The keys are the fields of `Exchange`, in this order: first the head (who, when, how it went),
last headers, bodies, the failure and a handler's attempts. Whoever indexes a log decodes only the
head and skips the rest, which is most of a line. What is empty may be left out. A line never holds
a raw newline.

`at` is RFC 3339 in UTC with microseconds. Numbers in bodies are written as Python reads them:
`1.10` becomes `1.1`, and of keys that come twice the last one stays.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from ..errors import LineError
from ..models.calls import UpstreamAttempt, WaitReason
from ..models.exchanges import (
    Body,
    BodyKind,
    Exchange,
    Failure,
    Frame,
    Outcome,
    RequestIdSource,
)

T = TypeVar("T")


class Head(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """What an exchange is found by; the fields are those of `Exchange`."""

    id: str
    at: datetime
    service: str = ""
    request_id: str = ""
    request_id_source: RequestIdSource = RequestIdSource.GENERATED
    flow_execution_id: str = ""
    conversation_id: str = ""
    traceparent: str = ""
    method: str = ""
    url: str = ""
    route: str = ""
    action: str = ""
    status: int | None = None
    duration_ms: float | None = None
    outcome: Outcome = Outcome.OK
    code: str = ""


class BodyPart(msgspec.Struct, omit_defaults=True, gc=False):
    """`Body` as it stands in a line."""

    kind: BodyKind = BodyKind.NONE
    content_type: str = ""
    size: int = 0
    value: Any = None
    truncated: bool = False


class FramePart(msgspec.Struct, omit_defaults=True, gc=False):
    """`Frame` as it stands in a line."""

    function: str
    file: str = ""
    line: int | None = None


class FailurePart(msgspec.Struct, omit_defaults=True, gc=False):
    """`Failure` as it stands in a line."""

    type: str
    message: str = ""
    frames: tuple[FramePart, ...] = ()


class AttemptPart(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """`UpstreamAttempt` as it stands in a line; `number` always comes first (see `ATTEMPTS`)."""

    number: int
    call: int = 1
    method: str = ""
    url: str = ""
    started_at: datetime
    duration_ms: float = 0.0
    outcome: str = ""
    status: int | None = None
    detail: str = ""
    wait_s: float | None = None
    wait_reason: WaitReason | None = None
    rate_limit: dict[str, str] = {}
    request_id: str = ""
    correlation_id: str | None = None
    gave_up: str = ""


ATTEMPTS = b'"attempts":[{"number":'
"""What stands in every line that has attempts; a body may hold it too."""


class Line(Head, omit_defaults=True, kw_only=True, gc=False):
    """A whole line."""

    request_headers: tuple[tuple[str, str], ...] = ()
    request: BodyPart | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    response: BodyPart | None = None
    failure: FailurePart | None = None
    attempts: tuple[AttemptPart, ...] = ()


# What msgspec raises for bytes that are not the line asked for: its own errors and wrong UTF-8 are
# ValueErrors, as is an integer of too many digits; deep nesting is a RecursionError.
UNREADABLE = (ValueError, RecursionError)

# A line's fields are a model's, in the same order.
_NO_BODY = Body()
_FIELDS = Line.__struct_fields__
_BODY_FIELDS = BodyPart.__struct_fields__

_encoder = msgspec.json.Encoder()
_heads = msgspec.json.Decoder(Head)
_lines = msgspec.json.Decoder(Line)


def encode(exchange: Line | Exchange) -> bytes:
    """One line with its newline. Text that is no Unicode stands as U+FFFD.

    Raises `LineError` for an exchange whose body is nested too deeply to be written.
    """
    line = exchange if isinstance(exchange, Line) else _line(exchange)
    try:
        try:
            return _encoder.encode(line) + b"\n"
        except UnicodeEncodeError:
            return _encoder.encode(_writable(msgspec.to_builtins(line))) + b"\n"
    except RecursionError as error:
        raise LineError(
            "This exchange cannot be written.", why="Its body is nested too deeply."
        ) from error


def decode_head(line: bytes) -> Head:
    """The head of a line, with or without its newline; the rest is hardly looked at.

    So a head can be had from a line whose body is damaged. Raises `LineError`.
    """
    return _decoded(_heads, line)


def decode_line(line: bytes) -> Exchange:
    """The exchange in a line, with or without its newline. Raises `LineError`."""
    return exchange_of(_decoded(_lines, line))


def exchange_of(line: Line) -> Exchange:
    """The exchange of a line that was decoded. Raises `LineError` for a time without a zone."""
    _need_zone(line.at)
    values: dict[str, Any] = {name: getattr(line, name) for name in _FIELDS}
    values["at"] = line.at.astimezone(UTC)
    values["request"] = _body(line.request)
    values["response"] = _body(line.response)
    values["failure"] = _failure(line.failure)
    if line.attempts:
        values["attempts"] = tuple(map(upstream_attempt, line.attempts))
    return Exchange.of_known(values)


def upstream_attempt(part: AttemptPart) -> UpstreamAttempt:
    """The attempt that a part of a line tells of. Raises `LineError` for a time without a zone."""
    _need_zone(part.started_at)
    fields: dict[str, Any] = {name: getattr(part, name) for name in AttemptPart.__struct_fields__}
    fields["started_at"] = part.started_at.astimezone(UTC)
    return UpstreamAttempt(**fields)


def _decoded(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    try:
        found = decoder.decode(line)
    except UNREADABLE as error:
        raise LineError(
            "This line is not an exchange.",
            why=f"{str(error)[:300]}.",
            fix="It was cut off, damaged, or written by something else.",
        ) from error
    at = found.at  # pyright: ignore[reportAttributeAccessIssue]
    _need_zone(at)
    found.at = at.astimezone(UTC)  # pyright: ignore[reportAttributeAccessIssue]
    return found


def _need_zone(at: datetime) -> None:
    if at.tzinfo is None:
        raise LineError("This line is not an exchange.", why="Its time bears no zone.")


def _body(part: BodyPart | None) -> Body:
    if part is None:
        return _NO_BODY
    return Body.of_known({name: getattr(part, name) for name in _BODY_FIELDS})


def _failure(part: FailurePart | None) -> Failure | None:
    if part is None:
        return None
    frames = tuple(Frame(function=f.function, file=f.file, line=f.line) for f in part.frames)
    return Failure(type=part.type, message=part.message, frames=frames)


def _line(exchange: Exchange) -> Line:
    fields = {name: getattr(exchange, name) for name in Line.__struct_fields__}
    fields["at"] = exchange.at.astimezone(UTC)
    fields["request"] = _body_part(exchange.request)
    fields["response"] = _body_part(exchange.response)
    failure = exchange.failure
    if failure is not None:
        frames = tuple(FramePart(f.function, f.file, f.line) for f in failure.frames)
        fields["failure"] = FailurePart(failure.type, failure.message, frames)
    fields["attempts"] = tuple(map(_attempt_part, exchange.attempts))
    return Line(**fields)


def _attempt_part(attempt: UpstreamAttempt) -> AttemptPart:
    names = AttemptPart.__struct_fields__
    fields: dict[str, Any] = {name: getattr(attempt, name) for name in names}
    fields["started_at"] = attempt.started_at.astimezone(UTC)
    return AttemptPart(**fields)


def _body_part(body: Body) -> BodyPart | None:
    if body.kind is BodyKind.NONE and body == _NO_BODY:
        return None
    return BodyPart(body.kind, body.content_type, body.size, body.value, body.truncated)


def _writable(value: Any) -> Any:
    """`value` with U+FFFD in place of lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(item) for item in value]
    return value
