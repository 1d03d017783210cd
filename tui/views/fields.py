"""Names in a column, values beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...core.text import clip, safe
from ..ink import Line, Tone
from .lazylines import LONGEST

_WIDEST = 28


def rows(
    pairs: Iterable[tuple[str, str]], *, name_tone: Tone = "dim", value_tone: Tone = ""
) -> list[Line]:
    """A line a pair, more where the value has more lines or is very long."""
    shown = [(clip(safe(name), LONGEST), value) for name, value in pairs]
    column = min(max((len(name) for name, _ in shown), default=0), _WIDEST)
    return [line for pair in shown for line in _pair(*pair, column, name_tone, value_tone)]


def _pair(name: str, value: str, column: int, name_tone: Tone, value_tone: Tone) -> Iterator[Line]:
    label = f"{name:>{column}}  "
    for piece in _pieces(value):
        yield ((label, name_tone), (piece, value_tone))
        label = " " * (column + 2)


def _pieces(value: str) -> Iterator[str]:
    for line in value.split("\n"):
        kept = line.removesuffix("\r")
        for start in range(0, len(kept) or 1, LONGEST):
            yield kept[start : start + LONGEST]
