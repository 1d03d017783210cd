"""One thin line that may carry words."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from ..ink import Line, Span, content, width_of


class Rule(Widget):
    """A rule across its width with a title at its left and a note at its right."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title: Line = ()
        self._note: Line = ()

    def tell(self, title: Line = (), note: Line = ()) -> None:
        """Write these words on the rule."""
        if (title, note) != (self._title, self._note):
            self._title, self._note = title, note
            self.refresh()

    def render(self) -> Content:
        """The rule in the width there is."""
        width = self.size.width
        spans: list[Span] = [("─", "track")]
        if self._title:
            spans += [(" ", ""), *self._title, (" ", "")]
        tail: list[Span] = []
        if self._note:
            tail = [(" ", ""), *self._note, (" ", ""), ("─", "track")]
        rest = max(0, width - width_of(spans) - width_of(tail))
        return content(*spans, ("─" * rest, "track"), *tail)
