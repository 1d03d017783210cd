"""The models that stand in each part of a snapshot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import msgspec

from ..capture.record import BodyPart, Line, exchange_of
from ..models import (
    ActionHealth,
    ActionRun,
    AuditEntry,
    Call,
    DeadLetter,
    Exchange,
    FlowTrace,
    Model,
    Poll,
    RecordError,
    Recovery,
)
from ..store.codec import dump
from .scope import Part

M = TypeVar("M", bound=Model)


class KeptRun(ActionRun):
    """A run as it was last seen, and what cxtop knew of it beside.

    `errors_complete` says that all its failed records were fetched, `watched` that it was on
    screen.
    """

    errors_complete: bool = False
    watched: bool = False


class RunPoll(Poll):
    """One point in the history of the run `run_id`."""

    run_id: str


MODELS: Mapping[Part, type[Model]] = {
    Part.RUNS: KeptRun,
    Part.POLLS: RunPoll,
    Part.ERRORS: RecordError,
    Part.EXCHANGES: Exchange,
    Part.CALLS: Call,
    Part.TRACES: FlowTrace,
    Part.RECOVERIES: Recovery,
    Part.DEAD_LETTERS: DeadLetter,
    Part.AUDIT: AuditEntry,
    Part.HEALTH: ActionHealth,
}
"""What each part holds."""


def as_json(model: Model) -> bytes:
    """A model as one line of JSON, without a newline; `from_json` gives back its equal.

    Infinity and NaN, which JSON does not know, become null. Lone surrogates stay, escaped.
    """
    try:
        return _encoder.encode(model)
    except (ValueError, OverflowError, RecursionError):
        # Half a character, or an integer beyond 64 bits: Python writes what can be read again.
        return dump(_finite(model.model_dump())).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, Model):
        return vars(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_encoder = msgspec.json.Encoder(enc_hook=_fields)


def from_json(kind: type[M], line: bytes) -> M:
    """The model in a line. Raises ValueError (pydantic's own is one) or RecursionError."""
    if kind is Exchange and (quickly := _exchange(line)) is not None:
        return cast(M, quickly)
    try:
        model = kind.model_validate_json(line)
    except ValueError:
        # Python reads more than pydantic: lone surrogates and the longest numbers.
        model = kind.model_validate(json.loads(line))
    check_values(model)
    return model


class _Body(BodyPart, forbid_unknown_fields=True):
    pass


class _Line(Line, forbid_unknown_fields=True):
    request: _Body | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    response: _Body | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


_lines = msgspec.json.Decoder(_Line)


def _exchange(line: bytes) -> Exchange | None:
    """The exchange in a line of the usual kind, of which there may be a million; `None` for
    those that pydantic has to look at, or to refuse."""
    try:
        found = _lines.decode(line)
    except (ValueError, RecursionError):
        return None
    odd = found.request is None or found.response is None or found.failure or found.attempts
    if odd or found.at.tzinfo is None or not math.isfinite(found.duration_ms or 0):
        return None
    try:
        return exchange_of(found)
    except OverflowError:
        return None


def check_values(model: Model) -> None:
    """Refuse, by ValueError, what no part of cxtop ever writes and others stumble over: times
    without a zone or beyond the calendar, and numbers that are none."""
    for name, value in model:
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Model):
                check_values(each)
            elif isinstance(each, datetime):
                _check_time(name, each)
            elif isinstance(each, float) and not math.isfinite(each):
                raise ValueError(f"{name} is no number")


def _check_time(name: str, value: datetime) -> None:
    if value.tzinfo is None:
        raise ValueError(f"{name} is a time without a zone")
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} is beyond the calendar") from None
