"""Shares and series drawn with block characters."""

from __future__ import annotations

from collections.abc import Sequence

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


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as one row of blocks, from the least to the greatest."""
    shown = list(values[-width:]) if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return _LEVELS[0] * len(shown)
    last = len(_LEVELS) - 1
    return "".join(_LEVELS[round(max(0.0, value) / top * last)] for value in shown)
