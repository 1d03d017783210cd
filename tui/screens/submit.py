"""Starting a run: its body, checked, and the question whether to send it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ...core.errors import InputError
from ...core.live.submitting import body_in
from ..ink import content
from ..widgets.jsoneditor import JsonEditor

TEMPLATE = {"actionType": "", "payload": {}, "metadata": {}}


class SubmitDialog(ModalScreen[str]):
    """Takes the JSON body of a run; answers with its text when it is to be sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="submit.cancel"),
        Binding("ctrl+r", "send", "submit", id="submit.send", key_display="^r", priority=True),
    ]

    def compose(self) -> ComposeResult:
        """Title, note, the body, what is wrong with it, and the keys."""
        with Vertical(classes="dialog", id="submit"):
            yield Static(content(("Submit a run", "strong")), classes="dialog-title")
            yield Static(
                content(
                    ("The platform starts it, and cxtop watches it from then on.", "dim"),
                ),
                classes="dialog-note",
            )
            yield JsonEditor(id="submit-body")
            yield Static("", classes="dialog-fault", markup=False)
            yield Static(
                content(
                    ("Ctrl+R ", "accent"),
                    ("submit it", ""),
                    ("   esc ", "accent"),
                    ("leave", ""),
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        editor = self.query_one(JsonEditor)
        editor.put(TEMPLATE)
        editor.move_cursor((1, editor.document.get_line(1).rfind('"')))
        editor.focus()

    @on(TextArea.Changed)
    def _written(self) -> None:
        self.query_one(".dialog-fault", Static).update("")

    def action_send(self) -> None:
        """Answer with the body, if it can be sent."""
        text = self.query_one(JsonEditor).text
        try:
            body_in(text)
        except InputError as error:
            self.query_one(".dialog-fault", Static).update(content((error.what, "bad")))
        else:
            self.dismiss(text)
