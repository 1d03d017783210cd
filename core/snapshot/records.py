"""The models that stand in each part of a snapshot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

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
        return model.model_dump_json().encode()
    except ValueError:
        return dump(model.model_dump()).encode()


def from_json(kind: type[M], line: bytes) -> M:
    """The model in a line. Raises ValueError (pydantic's own is one) or RecursionError."""
    try:
        model = kind.model_validate_json(line)
    except ValueError:
        # Python reads more than pydantic: lone surrogates and the longest numbers.
        model = kind.model_validate(json.loads(line))
    check_values(model)
    return model


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
