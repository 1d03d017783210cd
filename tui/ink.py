"""Text with a meaning, on its way to the screen.

A `Line` is a row of `(text, tone)`. A tone names what is meant (`bad`, `dim`), never a colour, so
that every theme and `NO_COLOR` work. Every line is made safe here, whatever it holds, and none of
it is ever read as markup: this is the one gate between what came from outside and the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style as RichStyle
from rich.text import Text
from textual.content import Content
from textual.style import Style

from ..core.text import safe

Tone = Literal["", "dim", "strong", "good", "bad", "warn", "busy", "accent", "track", "head"]
Span = tuple[str, Tone]
Line = Sequence[Span]

TONES: dict[Tone, str] = {
    "": "",
    "dim": "$foreground 55%",
    "strong": "bold",
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
    "busy": "$text-primary",
    "accent": "bold $text-accent",
    "track": "$foreground 18%",
    "head": "$foreground 45%",
}


def content(*spans: Span) -> Content:
    """The spans as Textual content, safe and free of markup."""
    return Content.assemble(
        *((safe(text, keep_newlines=True), TONES[tone]) for text, tone in spans)
    )


def lines(rows: Iterable[Line]) -> Content:
    """Several lines as Textual content."""
    return Content("\n").join(content(*row) for row in rows)


def text(line: Line, base: RichStyle) -> Text:
    """The line as a rich text on `base`, for the widgets of Textual that still speak rich."""
    made = Text(no_wrap=True, end="")
    for piece, tone in line:
        made.append(safe(piece), base + _style(tone).rich_style if tone else base)
    return made


def width_of(line: Line) -> int:
    """How many terminal cells the line takes."""
    return sum(cell_len(safe(text)) for text, _ in line)


def fitted(text: str, width: int) -> str:
    """The text, safe and on one line, in at most `width` cells; cut with an ellipsis."""
    text = safe(text)
    return text if cell_len(text) <= width else _cut(text, width)


def segments(line: Line, base: Style, width: int, *, right: bool = False) -> list[Segment]:
    """The line on `base` in exactly `width` cells, cut with an ellipsis where it is longer."""
    made: list[Segment] = []
    left = width
    pieces: list[Span] = [(safe(text), tone) for text, tone in line if text]
    total = sum(cell_len(text) for text, _ in pieces)
    if right and total < width:
        made.append(Segment(" " * (width - total), base.rich_style))
        left = total
    for text, tone in pieces:
        size = cell_len(text)
        style = (base + _style(tone)).rich_style if tone else base.rich_style
        if size > left or (size == left and total > width):
            made.append(Segment(_cut(text, left), style))
            left = 0
            break
        made.append(Segment(text, style))
        left -= size
    if left:
        made.append(Segment(" " * left, base.rich_style))
    return made


def colour(tone: Tone, base: Style) -> Color | None:
    """The colour of a tone on `base`, for the widgets of Textual that still speak rich."""
    return (base + _style(tone)).rich_style.color


def in_words(tone: Tone, base: Style) -> str:
    """The tone on `base` as rich says a style, for widgets that take nothing else."""
    return str((base + _style(tone)).rich_style)


def _cut(text: str, width: int) -> str:
    if width <= 1:
        return "…"[:width]
    return set_cell_size(text, width - 1) + "…"


def _style(tone: Tone) -> Style:
    return Style.parse(TONES[tone])
