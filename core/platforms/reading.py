"""Reading wire JSON without trusting it (contract §0, bodies and times)."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

MAX_DEPTH = 64
"""Levels of nesting that are kept as structure; serialisers give up at a few hundred."""

MAX_COUNT = 2**63 - 1
"""The largest count that SQLite can hold."""

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tame(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The same JSON value, such that every later step can hold and write it.

    A lone surrogate becomes its escape as text, an integer beyond 64 bits its digits, `NaN` and
    the infinities their names, and what is nested deeper than `depth` levels its JSON text.
    """
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, dict):
        if depth <= 0:
            return json_text(value)
        return {_encodable(str(key)): tame(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [tame(item, depth - 1) for item in value] if depth > 0 else json_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and not -(2**63) <= value <= MAX_COUNT:
        return _digits(value)
    return value


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes at most 4,300 digits
        return hex(value)


def json_text(value: Any) -> str:
    """`value` as compact JSON with sorted keys: the same text for the same content."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    except (RecursionError, ValueError):
        return f"[a {type(value).__name__} that cannot be written]"


def as_text(value: Any) -> str:
    """Any JSON value as text: a string as it is, nothing for null, else its JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json_text(value)


def as_count(value: Any) -> int | None:
    """A number of things: a whole number from 0 on, also written as text or as a float."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,19}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None


def as_number(value: Any) -> float | None:
    """A finite number, also written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_moment(value: Any) -> datetime | None:
    """A time in UTC, from RFC 3339 text or from an epoch in s, ms, µs or ns; else `None`.

    Text without an offset is taken as UTC. Which unit an epoch is in follows from its size.
    """
    if isinstance(value, str) and (match := _RFC3339.fullmatch(value.strip())):
        return _from_parts(match)
    seconds = as_number(value)
    if seconds is None or seconds <= 0:
        return None
    while seconds >= 1e11:
        seconds /= 1000
    return _EPOCH + timedelta(seconds=seconds)


def _from_parts(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    leap = second == "60"  # datetime has no leap second: the next one stands for it
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            59 if leap else int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(offset),
        )
        return (moment + timedelta(seconds=leap)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


class UnreadableError(ValueError):
    """Raised by a dialect's reader: the body is an object of some other kind."""


class Fields:
    """An answer's object, read field by field.

    What was read is taken out; what is unknown, or not of the type that was asked for, stays in
    `rest`, so that nothing the platform said is lost. A null is as good as absent.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        self.rest = {name: value for name, value in body.items() if value is not None}

    def take(self, name: str) -> Any:
        """The field as it is, `None` when absent."""
        return self.rest.pop(name, None)

    def word(self, name: str) -> str:
        """The field as text whatever its type, empty when absent."""
        return as_text(self.take(name))

    def text(self, name: str) -> str | None:
        """The field if it is a string."""
        return self.take(name) if isinstance(self.rest.get(name), str) else None

    def count(self, name: str) -> int | None:
        """The field if it is a number of things."""
        return self._read(name, as_count(self.rest.get(name)))

    def moment(self, name: str) -> datetime | None:
        """The field if it is a time."""
        return self._read(name, as_moment(self.rest.get(name)))

    def _read(self, name: str, value: Any) -> Any:
        if value is not None:
            del self.rest[name]
        return value


def content_ids(entries: Iterable[Any]) -> list[str]:
    """An id for each entry, from its content: stable over polls, and different for equal entries.

    The id is a digest of the content and counts the k-th entry with it, from 1.
    """
    seen: Counter[str] = Counter()
    ids = []
    for entry in entries:
        digest = hashlib.sha256(json_text(entry).encode()).hexdigest()[:20]
        seen[digest] += 1
        ids.append(f"{digest}-{seen[digest]}")
    return ids
