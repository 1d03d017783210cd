"""Starting a run: its body, checked, and the question whether to send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ...core.errors import CxtopError, InputError
from ..ink import content
from ..widgets.jsoneditor import JsonEditor

if TYPE_CHECKING:
    from ..app import CxtopApp

TEMPLATE = {"actionType": "", "payload": {}, "metadata": {}}


@dataclass(frozen=True, slots=True)
class Draft:
    """The body of a run, and the key that it is submitted under however often it is tried."""

    text: str
    key: str


def ask(app: CxtopApp, draft: Draft | None = None, fault: str = "") -> None:
    """Ask for the body of a run, and submit it; what failed is asked for again as it was."""

    def send(text: str | None) -> None:
        from ...core.live.submitting import new_key

        if text is not None:
            key = draft.key if draft and draft.text == text else new_key()
            app.run_worker(_send(app, Draft(text, key)), group="submit", exit_on_error=False)

    app.push_screen(SubmitDialog(draft.text if draft else "", fault), send)


async def _send(app: CxtopApp, draft: Draft) -> None:
    if app.monitor is None:
        ask(app, draft, "There is no connection to a platform yet.")
        return
    try:
        started = await app.monitor.submit(draft.text, draft.key)
    except CxtopError as error:
        ask(app, draft, str(error))
    else:
        app.say(f"Submitted: {started.run_id}. It is watched.")


class SubmitDialog(ModalScreen[str]):
    """Takes the JSON body of a run; answers with its text when it is to be sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="submit.cancel"),
        Binding("ctrl+r", "send", "submit", id="submit.send", key_display="^r", priority=True),
    ]

    def __init__(self, text: str = "", fault: str = "") -> None:
        super().__init__()
        self._text = text
        self._fault = fault

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
            yield JsonEditor(self._text, id="submit-body")
            yield Static(content((self._fault, "bad")), classes="dialog-fault", markup=False)
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
        if not self._text:
            editor.put(TEMPLATE)
            editor.move_cursor((1, editor.document.get_line(1).rfind('"')))
        editor.focus()

    @on(TextArea.Changed)
    def _written(self) -> None:
        # The first change is the text that it opens with, and takes back no fault.
        if self.query_one(JsonEditor).text != self._text:
            self.query_one(".dialog-fault", Static).update("")

    def action_send(self) -> None:
        """Answer with the body, if it can be sent."""
        from ...core.live.submitting import body_in

        text = self.query_one(JsonEditor).text
        try:
            body_in(text)
        except InputError as error:
            self.query_one(".dialog-fault", Static).update(content((error.what, "bad")))
        else:
            self.dismiss(text)
