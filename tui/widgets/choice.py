"""One of several on a single line: the arrows turn it, space shows all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from ..ink import Span, content, fitted
from .dialogs import Choose

if TYPE_CHECKING:
    from ..app import CxtopApp

LABEL = 9
"""The cells before what is chosen, so that lines of choices stand below each other."""


class Choice(Widget, can_focus=True):
    """A label and the option in force; `options` are `(key, words)`."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(1)", "next", show=False, id="choice.next"),
        Binding("left,h", "turn(-1)", "previous", show=False, id="choice.previous"),
        Binding("space", "list", "all of them", show=False, id="choice.list"),
    ]

    class Changed(Message):
        """Another option is in force."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(
        self, label: str, options: Sequence[tuple[str, str]], *, now: str, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._label = label
        self._options = options
        self._at = [key for key, _ in options].index(now)

    @property
    def chosen(self) -> str:
        """The key of the option in force."""
        return self._options[self._at][0]

    def render(self) -> Content:
        """The line in the width there is."""
        width = self.size.width
        words = self._options[self._at][1]
        many = len(self._options) > 1
        before: Span = ("‹ " if many else "  ", "accent" if self.has_focus else "track")
        after: Span = (" ›" if many else "", before[1])
        words = fitted(words, width - LABEL - 4)
        return content(
            (f"{self._label:<{LABEL}}", "dim"),
            before,
            (words, "strong" if self.has_focus else ""),
            after,
        )

    def action_turn(self, by: int) -> None:
        self._take((self._at + by) % len(self._options))

    def action_list(self) -> None:
        if len(self._options) < 2:
            return

        def take(key: str | None) -> None:
            if key is not None:
                self._take([known for known, _ in self._options].index(key))

        self.app.push_screen(Choose(self._label.capitalize(), self._options, now=self.chosen), take)

    def on_click(self, event: events.Click) -> None:
        self.focus()
        before = event.x < LABEL + 2
        if event.x >= LABEL:
            self.action_turn(-1 if before else 1)

    def _take(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.refresh()
            self.post_message(self.Changed(self))
