"""Durations as ISO 8601 writes them: `PT24H`, `P7D`, `PT15M`."""

from __future__ import annotations

import re
from datetime import timedelta

from .errors import InputError

LONGEST = timedelta(days=366)
"""Longer durations are refused: nothing is kept for so long."""

_PARTS = ("weeks", "days", "hours", "minutes", "seconds")
_NUMBER = r"(\d{1,9}(?:[.,]\d{1,9})?)"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.ASCII
)
_CALENDAR = re.compile(r"P[\d.,]*Y|P(?:[\d.,]+Y)?[\d.,]+M")
_EXAMPLES = "Write it as ISO 8601 has it: PT15M, PT24H or P7D."


def duration(text: str) -> timedelta:
    """What a duration such as `PT24H` means; case does not count.

    Raises InputError, with a sentence that names what is wrong, for what is none, for months and
    years, whose lengths differ, for zero, and for more than a year.
    """
    written = text.strip().upper()
    if _CALENDAR.match(written):
        raise _refused(text, "Months and years are not all of the same length.", "Write it in days")
    match = _DURATION.fullmatch(written)
    if match is None or written.endswith(("P", "T")):
        raise _refused(text, _fault(written))
    given = [(name, part) for name, part in zip(_PARTS, match.groups(), strict=True) if part]
    if any(set(part) & {".", ","} for _, part in given[:-1]):
        raise _refused(text, "Only its smallest unit may have a fraction.")
    try:
        length = timedelta(**{name: float(part.replace(",", ".")) for name, part in given})
    except OverflowError:
        length = timedelta.max
    if length < timedelta(seconds=1):
        raise _refused(text, "It is shorter than a second.")
    if length > LONGEST:
        raise _refused(text, "It is longer than a year.")
    return length


def iso(length: timedelta) -> str:
    """`length`, to the second, as ISO 8601 writes it in hours, minutes and seconds."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    units = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return "PT" + ("".join(f"{number}{unit}" for number, unit in units if number) or "0S")


def spoken(text: str) -> str:
    """A duration as people say it: `24 h` for `PT24H`; itself where it is none."""
    seconds = re.fullmatch(r"PT(\d{1,9})S", text, re.ASCII)
    found = _DURATION.fullmatch(iso(timedelta(seconds=int(seconds[1]))) if seconds else text)
    parts = found.groups() if found else ()
    said = " ".join(f"{part} {unit}" for part, unit in zip(parts, "wdhms", strict=False) if part)
    return said or text


def _fault(written: str) -> str:
    if not written:
        return "It is empty."
    if written.startswith(("-", "+")):
        return "It has no sign: it always reaches back from now."
    if "/" in written:
        return "It is a length of time that reaches back from now, without a beginning or an end."
    if not written.startswith("P"):
        return "It does not begin with P."
    if re.fullmatch(r"P[\d.,]+[HS]", written):
        return "Hours, minutes and seconds stand after a T."
    return "Its parts are numbers with W, D, and after a T with H, M, S, in this order."


def _refused(text: str, why: str, fix: str = "") -> InputError:
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    hint = f"{fix}, such as P30D." if fix else _EXAMPLES
    return InputError(f"{shown!r} is no duration.", why=why, fix=hint)
