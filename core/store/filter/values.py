"""How numbers and times are typed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ...errors import FilterError
from .tree import LARGEST, Node, NoStatus, Span, millis

_LENGTH = re.compile(r"(?:\d{1,9}(?:\.\d{1,6})?(?:ms|[smhdw]))+", re.IGNORECASE)
_PART = re.compile(r"([\d.]+)(ms|[smhdw])", re.IGNORECASE)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_STATUS_CLASS = re.compile(r"[1-9]xx", re.IGNORECASE)
_STATUS = re.compile(r"\d{1,3}")
_NUMBER = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(us|µs|ms|s|m)?", re.IGNORECASE)
_MICROSECONDS = {"us": 1, "µs": 1, "": 1000, "ms": 1000, "s": 1_000_000, "m": 60_000_000}
_COMPARISON = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)


def status(value: str, position: int) -> Node:
    """`500`, `5xx`, `>=400`, `400..499` or `none`."""
    if value.lower() == "none":
        return NoStatus()
    if _STATUS_CLASS.fullmatch(value):
        return Span("status", int(value[0]) * 100, int(value[0]) * 100 + 99)

    def read(text: str, at: int) -> int:
        if not _STATUS.fullmatch(text):
            raise FilterError(
                f"{text or 'Nothing'} is no status.",
                position=at,
                fix="Write 500, 5xx, >=400, 400..499 or none.",
            )
        return int(text)

    return _span("status", value, position, read)


def duration(value: str, position: int) -> Node:
    """`>500`, `<=2s`, `100..200`; without a unit milliseconds are meant."""

    def read(text: str, at: int) -> int:
        found = _NUMBER.fullmatch(text)
        if found is None:
            raise FilterError(
                f"{text or 'Nothing'} is no duration.",
                position=at,
                fix="Write milliseconds, or a unit with them: >500, <=2s, 100..200.",
            )
        return min(LARGEST, round(float(found[1]) * _MICROSECONDS[(found[2] or "").lower()]))

    return _span("took", value, position, read)


def since(value: str, position: int, now: datetime) -> Node:
    """From that time on."""
    return Span("at", low=millis(moment(value, position, now)))


def until(value: str, position: int, now: datetime) -> Node:
    """Up to that time."""
    return Span("at", high=millis(moment(value, position, now)))


def moment(value: str, position: int, now: datetime) -> datetime:
    """`10m` and `1h30m` ago, the last `14:30` (local time), or a date or time of RFC 3339.

    A time without a zone is local. Raises `FilterError`.
    """
    try:
        if _LENGTH.fullmatch(value):
            return now - sum(
                (float(count) * _UNITS[unit.lower()] for count, unit in _PART.findall(value)),
                timedelta(),
            )
        if clock := _CLOCK.fullmatch(value):
            hour, minute, second = (int(part or 0) for part in clock.groups())
            return _last(hour, minute, second, now)
        return datetime.fromisoformat(value).astimezone()
    except (ValueError, OverflowError) as error:
        raise FilterError(
            f"{value or 'Nothing'} is no time.",
            position=position,
            fix="Write 10m or 2h ago, 14:30, 2026-03-01 or 2026-03-01T14:30:00Z.",
        ) from error


def _last(hour: int, minute: int, second: int, now: datetime) -> datetime:
    """The last time, seen from `now`, that local clocks showed this."""
    here = now.astimezone()
    found = here.replace(tzinfo=None).replace(
        hour=hour, minute=minute, second=second, microsecond=0
    )
    if found > here.replace(tzinfo=None):
        found -= timedelta(days=1)
    return found.astimezone()


def _span(field: str, value: str, position: int, read) -> Span:
    low, dots, high = value.partition("..")
    if dots:
        return Span(
            field,
            read(low, position) if low else None,
            read(high, position + len(low) + 2) if high or not low else None,
        )
    found = _COMPARISON.fullmatch(value)
    assert found is not None, "the pattern takes any text"
    sign, rest = found[1] or "=", found[2]
    number = read(rest, position + found.start(2))
    if sign == "=":
        return Span(field, number, number)
    if sign[0] == ">":
        return Span(field, low=number if sign == ">=" else number + 1)
    return Span(field, high=number if sign == "<=" else number - 1)
