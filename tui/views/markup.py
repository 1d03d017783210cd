"""XML and HTML as an outline: the title first, then the elements with their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ...core.diagnosis.content import title_of
from ...core.errors import ViewError
from ...core.text import clip
from ..ink import Line, Span
from .lazylines import FixedLines, Lines
from .payload import foot, looks_like_markup, require_body, text_of
from .side import Side
from .tags import Nesting, Token, attributes, squeezed, tokens

_MOST = 20_000
_DEEPEST = 40
_TEXT = 500
_TOLD = ("id", "class", "name", "type", "href", "src", "key", "value", "code", "content")
_UNTOLD = ("script", "style", "svg")


class Markup:
    """What a page or an XML document says and how it is built, without its punctuation."""

    name: ClassVar[str] = "markup"
    title: ClassVar[str] = "XML/HTML"

    def suits(self, side: Side) -> int:
        return 80 if looks_like_markup(side) else 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        body = side.body
        require_body(body)
        if not looks_like_markup(side):
            raise ViewError("The body is neither XML nor HTML.", fix="Look at it as raw text.")
        text, cut = text_of(body, whole=whole)
        rows: list[Line] = []
        if title := title_of(text):
            rows = [((title, "strong"),), ()]
        for row in outline(text):
            rows.append(row)
            if len(rows) >= _MOST and not whole:
                cut = True
                break
        return FixedLines(rows, cut=cut, foot=foot(body, cut=cut))


def outline(markup: str) -> Iterator[Line]:
    """A line for each element, with its text behind it where that is all it holds."""
    nesting = Nesting()
    held: list[Span] = []
    for token in tokens(markup):
        if token.kind in ("comment", "declaration"):
            continue
        if token.kind in ("text", "cdata"):
            if text := _text(token, nesting.inside):
                lead: list[Span] = [*held, ("  ", "")] if held else [(_indent(nesting.depth), "")]
                yield (*lead, (text, "dim" if nesting.inside in _UNTOLD else ""))
                held = []
            continue
        if held:
            yield tuple(held)
            held = []
        if token.kind == "close":
            nesting.close(token.name)
            continue
        nesting.begin(token.name)
        held = _element(token, nesting.depth)
        if token.kind == "open":
            nesting.open(token.name)
        else:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def _element(token: Token, depth: int) -> list[Span]:
    spans: list[Span] = [(_indent(depth), ""), (token.name, "busy")]
    for name, value in attributes(token.rest):
        if name.lower() in _TOLD or len(spans) < 8:
            spans.append((f"  {clip(name, 60)}" + f"={clip(value, 80)}" * bool(value), "dim"))
        if len(spans) > 20:
            break
    return spans


def _text(token: Token, inside: str) -> str:
    if inside in _UNTOLD:
        size = len(token.name.strip())
        return f"{size:,} characters" if size else ""
    return clip(squeezed(token.name), _TEXT)


def _indent(depth: int) -> str:
    return "  " * min(depth, _DEEPEST)
