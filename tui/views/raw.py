"""The payload as text."""

from __future__ import annotations

from typing import ClassVar

from ...core.models import BodyKind
from .lazylines import FixedLines, Lines, TextLines, plain
from .payload import foot, nothing, text_of
from .side import Side


class Raw:
    """The payload as text, nothing added; binary data decoded as UTF-8 as far as they are."""

    name: ClassVar[str] = "raw"
    title: ClassVar[str] = "Raw"

    def suits(self, side: Side) -> int:
        return 10

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        body = side.body
        if body.kind is BodyKind.NONE:
            return FixedLines([((nothing(body), "dim"),)])
        text, cut = text_of(body, whole=whole)
        return TextLines(text, plain, cut=cut, foot=foot(body, cut=cut))
