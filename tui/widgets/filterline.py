"""The line that narrows a list while one types."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input


class FilterLine(Input):
    """Hidden until asked for. Enter keeps the filter, Esc takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_and_leave", "no filter", id="filter.clear"),
        Binding("up", "recall(1)", "earlier filter", show=False, id="filter.up"),
        Binding("down", "recall(-1)", "later filter", show=False, id="filter.down"),
        Binding("tab", "complete", "complete", show=False, id="filter.complete"),
    ]

    class Left(Message):
        """The user is done here; the list should take the focus."""

    def __init__(
        self,
        placeholder: str,
        *,
        suggester: Suggester | None = None,
        history: list[str] | None = None,
    ) -> None:
        super().__init__(
            placeholder=placeholder, compact=True, select_on_focus=False, suggester=suggester
        )
        self.display = False
        self._history = [] if history is None else history
        self._back = 0

    def allow_focus(self) -> bool:
        """A line that is hidden takes no keys."""
        return bool(self.display)

    def ask(self) -> None:
        """Show the line and take the focus, at once: the next key is for it already."""
        self.display = True
        self.screen.set_focus(self)

    def close(self) -> None:
        """Take the filter away and hide."""
        self.value = ""
        self.display = False

    def action_clear_and_leave(self) -> None:
        self.close()
        self.post_message(self.Left())

    async def action_submit(self) -> None:
        self.display = bool(self.value)
        if self.value and self.value not in self._history[-1:]:
            self._history.append(self.value)
        self._back = 0
        self.post_message(self.Left())

    def action_recall(self, by: int) -> None:
        """An earlier filter, or a later one; past the latest, on to the list."""
        back = self._back + by
        if back < 0:
            self.post_message(self.Left())
        elif back <= len(self._history):
            self._back = back
            self.value = self._history[-back] if back else ""
            self.cursor_position = len(self.value)

    def action_complete(self) -> None:
        """Take what is suggested; with nothing to take, go on to the list."""
        if self._suggestion:
            self.value = self._suggestion
            self.cursor_position = len(self.value)
        else:
            self.post_message(self.Left())
