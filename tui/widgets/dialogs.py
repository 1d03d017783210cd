"""Small questions: one decision each, Enter does the safe thing, Esc leaves without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from ..ink import content

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A narrow box in the middle with a title, a note, and one thing to decide."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="dialog.cancel")
    ]

    def __init__(self, title: str, note: str = "") -> None:
        super().__init__()
        self._title = title
        self._note = note

    def compose(self) -> ComposeResult:
        """Title, note, the question, and the keys that answer it."""
        with Vertical(classes="dialog"):
            yield Static(content((self._title, "strong")), classes="dialog-title")
            if self._note:
                yield Static(content((self._note, "dim")), classes="dialog-note")
            yield from self.question()
            yield Static(
                content(("⏎ ", "accent"), (self.does, ""), ("   esc ", "accent"), ("leave", "")),
                classes="dialog-keys",
            )

    does: ClassVar[str] = "do it"

    def question(self) -> Iterable[Widget]:
        """The widgets that take the answer."""
        return ()


class Ask(Dialog[str]):
    """Asks for a line of text; `fault` says what is wrong with one, or nothing."""

    does = "take it"

    def __init__(
        self,
        title: str,
        note: str = "",
        *,
        placeholder: str = "",
        fault: Callable[[str], str] = lambda text: "" if text else "Something is needed here.",
    ) -> None:
        super().__init__(title, note)
        self._placeholder = placeholder
        self._fault = fault

    def question(self) -> Iterable[Widget]:
        yield Input(placeholder=self._placeholder, compact=True)
        yield Static("", classes="dialog-fault", markup=False)

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one(".dialog-fault", Static).update("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if fault := self._fault(text):
            self.query_one(".dialog-fault", Static).update(content((fault, "bad")))
        else:
            self.dismiss(text)


class Choose(Dialog[str]):
    """Asks for one of several; `options` are `(key, words)`, `now` the key that is in force."""

    does = "choose"

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[str, str]],
        *,
        now: str | None = None,
        note: str = "",
    ) -> None:
        super().__init__(title, note)
        self._options = options
        self._now = now

    def question(self) -> Iterable[Widget]:
        choices = OptionList(
            *(
                Option(
                    content(("● " if key == self._now else "  ", "accent"), (label, "")), id=str(i)
                )
                for i, (key, label) in enumerate(self._options)
            ),
            compact=True,
        )
        keys = [key for key, _ in self._options]
        choices.highlighted = keys.index(self._now) if self._now in keys else 0
        yield choices

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


class Pick(Dialog[list[str]]):
    """Asks for any number of several; `options` are `(key, words, whether it is in force)`."""

    does = "take these"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take these", priority=True, id="dialog.take")
    ]

    def __init__(
        self, title: str, options: Sequence[tuple[str, str, bool]], *, note: str = ""
    ) -> None:
        super().__init__(title, note)
        self._options = options

    def question(self) -> Iterable[Widget]:
        yield SelectionList[str](
            *(Selection(content((label, "")), key, chosen) for key, label, chosen in self._options),
            compact=True,
        )

    def action_take(self) -> None:
        """Answer with the keys that are ticked, in the order of the options."""
        ticked = set(self.query_one(SelectionList).selected)
        self.dismiss([key for key, _, _ in self._options if key in ticked])
