"""One failed record, whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from ...core.models import RecordError
from ..ink import content
from ..widgets.jsontree import JsonTree
from ..widgets.rule import Rule
from .base import CxScreen

if TYPE_CHECKING:
    from ...core.snapshot.scope import Scope


class RecordScreen(CxScreen):
    """Code and message of a failed record, and the record as a tree."""

    ABOUT = (
        "One failed record: what the platform says is wrong with it, and the record it was given."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "copy value", id="record.copy")]

    def __init__(self, error: RecordError, heading: str) -> None:
        super().__init__()
        self.error = error
        self._heading = heading

    def body(self) -> Iterable[Widget]:
        error = self.error
        yield Static(
            content((f"Runs › {self._heading} › ", "dim"), (error.record_id, "strong")),
            classes="heading",
        )
        rule = Rule()
        rule.tell(((f"✖ {error.code}", "bad"),), ((error.status, "dim"),) if error.status else ())
        yield rule
        with VerticalScroll(id="message", can_focus=False):
            yield Static(content((error.message or "The platform gave no message.", "")))
        rule = Rule()
        rule.tell((("record", "dim"),))
        yield rule
        yield JsonTree(id="record")

    def on_mount(self) -> None:
        super().on_mount()
        tree = self.query_one(JsonTree)
        tree.show(self.error.record)
        tree.focus()

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        return [scopes.record(self.error.run_id, self.error.record_id)]

    def action_copy(self) -> None:
        item = self.query_one(JsonTree).cursor_item
        if item is not None:
            self.app.copy_value(item.value, item.path)
