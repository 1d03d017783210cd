"""The line that narrows a list while one types."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """Hidden until asked for. Enter keeps the filter, Esc takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_and_leave", "no filter", id="filter.clear"),
        Binding("down", "submit", "to the list", show=False, id="filter.down"),
    ]

    class Left(Message):
        """The user is done here; the list should take the focus."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False)
        self.display = False

    def ask(self) -> None:
        """Show the line and take the focus."""
        self.display = True
        self.focus()

    def close(self) -> None:
        """Take the filter away and hide."""
        self.value = ""
        self.display = False

    def action_clear_and_leave(self) -> None:
        self.close()
        self.post_message(self.Left())

    async def action_submit(self) -> None:
        self.display = bool(self.value)
        self.post_message(self.Left())
