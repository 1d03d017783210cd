"""What a server's headers say of waits and limits (contract §0).

Times are seconds from now, or a moment by the server's own clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)

EPOCH_FROM = 1_000_000_000
"""A reset above this many seconds (30 years) is a moment since 1970, not a time span."""

_EPOCH_MS_FROM = 1_000_000_000_000
_MOST_KEPT = 16
_LONGEST_KEPT = 200


def seconds_in(text: str) -> float | None:
    """A number of seconds without a sign, also decimal, possibly infinite; `None` for else."""
    text = text.strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def moment_in(text: str) -> datetime | None:
    """The moment that an HTTP-date names, in any of its three forms; `None` for anything else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """What the server's clock showed when it answered, so that a skewed clock does no harm."""
    return moment_in(headers.get("date", "")) or now


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The wait that `Retry-After` asks for in seconds, in both its forms (contract §0, "Wait").

    A past date is 0. `None` without the header, or when it is garbage.
    """
    text = headers.get("retry-after", "")
    seconds = seconds_in(text)
    if seconds is not None:
        return seconds
    moment = moment_in(text)
    if moment is None:
        return None
    return max(0.0, (moment - server_now(headers, now)).total_seconds())


def reset_in(text: str, headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How far off a rate limit's reset is, said as seconds from now or as a moment."""
    number = seconds_in(text)
    if number is None:
        moment = moment_in(text)
        seconds = None if moment is None else (moment - server_now(headers, now)).total_seconds()
    elif number >= EPOCH_FROM:
        epoch = number / 1000 if number >= _EPOCH_MS_FROM else number
        seconds = epoch - server_now(headers, now).timestamp()
    else:
        seconds = number
    if seconds is None or seconds > EPOCH_FROM:
        return None
    return timedelta(seconds=max(0.0, seconds))


def rate_limit_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that speak of rate limits, `retry-after` among them, by lower-case name."""
    told = {
        name[:_LONGEST_KEPT]: value[:_LONGEST_KEPT]
        for name, value in headers.items()
        if name == "retry-after" or "ratelimit" in name.replace("-", "")
    }
    return dict(list(told.items())[:_MOST_KEPT])
