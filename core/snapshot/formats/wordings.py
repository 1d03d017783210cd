"""Times, counts and names, as people read them in a ticket or on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

NOTHING = "–"

SIGNS: Mapping[str, str] = {"good": "✔", "warn": "▲", "bad": "✖", "busy": "▶", "dim": "○"}
"""What a tone looks like beside its word, for who sees no colours."""


def moment(at: datetime | None) -> str:
    """A time in UTC to the second."""
    return NOTHING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def amount(number: int | None) -> str:
    """A count with thousands separators."""
    return NOTHING if number is None else f"{number:,}"


def millis(number: float | None) -> str:
    """A duration in milliseconds."""
    return NOTHING if number is None else f"{number:,.0f} ms"


def percent(number: float | None) -> str:
    """A share that is in percent already."""
    return NOTHING if number is None else f"{number:,.2f} %"


def plural(number: int, noun: str) -> str:
    """`1 error`, `1,489 errors`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def word(value: Enum) -> str:
    """The word of a state or an outcome."""
    return str(value.value).replace("_", " ").lower()
