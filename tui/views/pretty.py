"""JSON, XML and HTML with an indent."""

from __future__ import annotations

from typing import ClassVar

from ...core.errors import ViewError
from ...core.models import BodyKind
from . import jsontext, tags
from .lazylines import HEAD, Lines, TextLines
from .payload import foot, looks_like_json, looks_like_markup, require_body, text_of
from .side import Side


class Pretty:
    """The payload as somebody would have written it for the eye."""

    name: ClassVar[str] = "pretty"
    title: ClassVar[str] = "Pretty"

    def suits(self, side: Side) -> int:
        if looks_like_json(side):
            return 90
        return 70 if looks_like_markup(side) else 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        body = side.body
        require_body(body)
        if body.kind is BodyKind.JSON:
            text, cut = jsontext.pretty(body.value, None if whole else HEAD)
            return TextLines(text, jsontext.paint, cut=cut, foot=foot(body, cut=cut))
        text, cut = text_of(body, whole=whole)
        if looks_like_json(side):
            return TextLines(
                jsontext.indented(text), jsontext.paint, cut=cut, foot=foot(body, cut=cut)
            )
        if looks_like_markup(side):
            return TextLines(tags.indented(text), tags.paint, cut=cut, foot=foot(body, cut=cut))
        raise ViewError(
            "The body is neither JSON nor XML nor HTML.", fix="Look at it as raw text or as hex."
        )
