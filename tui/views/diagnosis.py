"""What the answer really is, in words."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import ClassVar

from ...core.diagnosis import diagnose_exchange
from ...core.errors import CxtopError
from ...core.models import Diagnosis as Found
from ..ink import Line, Tone
from .lazylines import FixedLines, Lines
from .side import Side

_MARGIN = "  "


class Diagnosis:
    """What it is, where, and what to do about it."""

    name: ClassVar[str] = "diagnosis"
    title: ClassVar[str] = "Diagnosis"

    def suits(self, side: Side) -> int:
        return 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        return FixedLines(told(diagnose_exchange(side.exchange), width))


def told(found: Found, width: int = 80) -> list[Line]:
    """A diagnosis in sentences of at most `width` cells."""
    sign, tone = ("✔", "good") if found.outcome.good else ("✖", "bad")
    rows = list(_sentence(found.message, width, sign, tone))
    if found.code:
        rows.append(((f"{_MARGIN}code ", "dim"), (found.code, "strong")))
    if found.findings:
        rows += [(), ((f"{_MARGIN}where", "dim"),)]
        for place, what in found.findings:
            rows += _finding(place, what, width)
    if found.hint:
        rows += [(), ((f"{_MARGIN}what to do", "dim"),)]
        rows += _sentence(found.hint, width)
    return rows


def error_lines(error: CxtopError, width: int = 80) -> list[Line]:
    """An error in place: what, why, and what to do."""
    rows = list(_sentence(error.what, width, "▲", "warn"))
    for more in (error.why, error.fix):
        if more:
            rows += _sentence(more, width, tone="dim")
    return rows


def _sentence(text: str, width: int, sign: str = " ", tone: Tone = "") -> Iterator[Line]:
    for row in wrap(text, max(20, width - 4)):
        yield ((f"{sign} ", tone), (row, "dim" if tone == "dim" else ""))
        sign = " "


def _finding(place: str, what: str, width: int) -> Iterator[Line]:
    yield ((_MARGIN, ""), (place, "busy"))
    for row in wrap(what, max(20, width - 6)):
        yield ((_MARGIN * 2, ""), (row, ""))
