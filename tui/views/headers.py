"""The headers of a side, below the line that began it."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from .. import words
from ..ink import Line, Tone
from .fields import rows
from .lazylines import FixedLines, Lines
from .side import Side


class Headers:
    """The request line or the status, and every header as it came."""

    name: ClassVar[str] = "headers"
    title: ClassVar[str] = "Headers"

    def suits(self, side: Side) -> int:
        return 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        headers = rows(side.headers) or [(("No headers were kept.", "dim"),)]
        return FixedLines([start_line(side), (), *headers])


def start_line(side: Side) -> Line:
    """Method and address of a request; status and time taken of a response."""
    exchange = side.exchange
    if side.which == "request":
        return ((exchange.method or "?", "strong"), (f"  {exchange.url}", ""))
    took = (f"  {words.span(exchange.duration_ms / 1000)}", "dim") if exchange.duration_ms else None
    if exchange.status is None:
        first: Line = (("✖ no answer", "bad"),)
    else:
        tone: Tone = "good" if exchange.status < 400 else "bad"
        first = ((f"{exchange.status} {reason(exchange.status)}".rstrip(), tone),)
    return (*first, took) if took else first


def reason(status: int) -> str:
    """What a status is called; empty for one that has no name."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
