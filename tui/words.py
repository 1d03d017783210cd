"""Numbers, durations and moments, as people read them."""

from __future__ import annotations

from datetime import datetime

NOTHING = "–"


def amount(number: int | None) -> str:
    """A count with thousands separators, a dash where it is not known."""
    return NOTHING if number is None else f"{number:,}"


def share(fraction: float | None) -> str:
    """A share from 0 to 1 in whole per cent; never 100 before it is all, nor 0 once begun."""
    if fraction is None:
        return NOTHING
    percent = round(fraction * 100)
    if fraction < 1:
        percent = min(percent, 99)
    if fraction > 0:
        percent = max(percent, 1)
    return f"{percent} %"


def percent(number: float | None) -> str:
    """A percentage with two decimals, as reports give it."""
    return NOTHING if number is None else f"{number:,.2f} %"


def limit(number: float) -> str:
    """A percentage that somebody set, without decimals that say nothing: `5 %`, `2.5 %`."""
    return f"{number:g} %"


def rate(per_second: float | None) -> str:
    """A speed in records; a minute's worth where a second's would read as nothing."""
    if per_second is None:
        return NOTHING
    if per_second >= 1:
        return f"{per_second:,.0f}/s"
    return f"{per_second * 60:,.0f}/min" if per_second > 0 else "0/s"


def span(seconds: float | None) -> str:
    """A duration in its two largest units: `212 ms`, `1.4 s`, `32 s`, `4 m 10 s`, `1 h 12 m`."""
    if seconds is None:
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return whole_span(seconds)


def whole_span(seconds: float | None) -> str:
    """A duration without fractions of a second, for what changes while one looks."""
    if seconds is None:
        return NOTHING
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    minutes, rest = divmod(total, 60)
    if minutes < 60:
        return f"{minutes} m {rest} s" if rest and minutes < 10 else f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, in one unit."""
    if moment is None:
        return NOTHING
    seconds = max(0.0, (now - moment).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def clock(moment: datetime | None) -> str:
    """The time of day in the user's zone."""
    return NOTHING if moment is None else moment.astimezone().strftime("%H:%M:%S")


def day_and_time(moment: datetime | None) -> str:
    """Date, time and zone, for where a detail is read closely."""
    return NOTHING if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def plural(number: int, noun: str) -> str:
    """`1 error`, `1,489 errors`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int | None) -> str:
    """A size in bytes, in the largest unit that leaves a number above one."""
    if number is None:
        return NOTHING
    value = float(number)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def short_id(text: str, width: int) -> str:
    """An id in `width` characters: its two ends where it is longer, as they tell it apart."""
    if len(text) <= width or width < 5:
        return text
    tail = min(4, (width - 1) // 2)
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def path_end(operation: str, width: int) -> str:
    """A method and a path in `width` characters: the path's end where it is longer."""
    if len(operation) <= width or width < 5:
        return operation
    method, _, path = operation.partition(" ")
    room = width - len(method) - 2
    if path and room >= 5:
        return f"{method} …{path[-room:]}"
    return f"…{operation[1 - width :]}"
