"""Shares and series drawn with block characters."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from .ink import Line, Tone

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(fraction: float | None, width: int, tone: Tone = "busy", *, track: bool = True) -> Line:
    """A share from 0 to 1 as a bar of `width` cells, exact to an eighth of a cell."""
    if width <= 0:
        return ()
    eighths = round(min(1.0, max(0.0, fraction or 0.0)) * width * 8)
    if fraction and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    empty = ("░" if track else " ") * (width - len(filled))
    return ((filled, tone), (empty, "track"))


def gauge(fraction: float | None, width: int, tone: Tone = "busy", *, mark: float) -> Line:
    """A bar as `bar` draws it, with a mark at the share `mark`; what is at its right is beyond."""
    drawn = bar(fraction, width, tone)
    if not drawn:
        return ()
    at = min(width - 1, max(0, int(mark * width)))
    (filled, _), (empty, _) = drawn
    if at < len(filled):
        return ((filled[:at], tone), ("│", "strong"), (filled[at + 1 :], tone), (empty, "track"))
    at -= len(filled)
    return ((filled, tone), (empty[:at], "track"), ("│", "strong"), (empty[at + 1 :], "track"))


def level(fraction: float) -> str:
    """A share from 0 to 1 as one block."""
    return _LEVELS[round(min(1.0, max(0.0, fraction)) * (len(_LEVELS) - 1))]


def thinned(values: Sequence[float], most: int) -> Sequence[float]:
    """At most `most` values over the same course; of those that share a place, the greatest."""
    if most <= 0 or len(values) <= most:
        return values
    size = ceil(len(values) / most)
    return [max(values[start : start + size]) for start in range(0, len(values), size)]


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as one row of blocks, from the least to the greatest."""
    shown = list(values[-width:]) if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return _LEVELS[0] * len(shown)
    last = len(_LEVELS) - 1
    return "".join(_LEVELS[round(max(0.0, value) / top * last)] for value in shown)
