"""What time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)


def time_of_day(moment: datetime) -> str:
    """The time of day in the user's zone, with milliseconds."""
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3]
