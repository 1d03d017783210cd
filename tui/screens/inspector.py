"""One exchange: what was sent, what was answered, what that is, and where the flow broke."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from ...core.diagnosis import diagnose_exchange
from ...core.models import Exchange
from ...core.snapshot.formats.harentry import body_text
from .. import words
from ..copying import FORMS, copy_as
from ..ink import Span, content, width_of
from ..widgets.dialogs import Choose
from ..widgets.meaning import Meaning
from ..widgets.pane import Pane
from ..widgets.tracepanel import TracePanel
from .base import CxScreen

if TYPE_CHECKING:
    from ...core.snapshot.scope import Scope
    from ...core.sources import Library, Listed, View

_SOURCES = {
    "header": "request id from header",
    "body": "request id from the body's flowExecutionId",
    "generated": "request id made by the capture",
}

_STEP = Binding.Group("exchange")


class InspectorScreen(CxScreen):
    """Request and response side by side, the diagnosis and the flow's steps below."""

    ABOUT = (
        "One exchange. The request is at the left, the response at the right; Tab changes sides. "
        "What the answer really is stands below, with what to do, and the steps of the flow that "
        "the exchange belongs to, the failing one marked. [ and ] go to the exchange before and "
        "after in the list."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "view", "view", id="inspector.view"),
        Binding("slash", "find", "find", id="inspector.find", key_display="/"),
        Binding("d", "diff", "diff with last good", id="inspector.diff"),
        Binding("y", "copy", "copy", id="inspector.copy"),
        Binding("Y", "copy_as", "copy as", id="inspector.copy_as"),
        Binding("R", "again", "send again", show=False, id="inspector.again"),
        Binding("tab", "side", "other side", show=False, id="inspector.side"),
        Binding(
            "left_square_bracket",
            "step(-1)",
            "before",
            id="inspector.before",
            key_display="[",
            group=_STEP,
        ),
        Binding(
            "right_square_bracket",
            "step(1)",
            "after",
            id="inspector.after",
            key_display="]",
            group=_STEP,
        ),
        Binding("A", "all", "show all", show=False, id="inspector.all"),
        Binding("v", "pager", "open in pager", show=False, id="inspector.pager"),
        Binding("V", "editor", "open in editor", show=False, id="inspector.editor"),
    ]

    ACTS = frozenset({"again"})

    def __init__(self, library: Library, row: Listed, view: View | None = None) -> None:
        super().__init__()
        self._library = library
        self._row = row
        self._view = view
        self.exchange: Exchange | None = None

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        with Horizontal(id="sides"):
            yield Pane("request")
            yield Pane("response")
        yield Meaning(id="meaning")
        yield TracePanel()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#response", Pane).viewer.focus()
        self._load()

    # what is shown

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        self._head()
        found = await self._library.payload(self._row.number)
        if not isinstance(found, Exchange):
            self.exchange = None
            self.query_one(Meaning).refuse(found.why)
            return
        self.exchange = found
        for pane in self.query(Pane):
            pane.show(found)
        self._diagnose()
        self.query_one(TracePanel).ask(found)
        self._show_side()

    def _head(self) -> None:
        row = self._row
        left: list[Span] = [
            ("Exchanges › ", "dim"),
            (words.short_id(row.request_id or row.id, 13), "strong"),
            (f"  {row.method} ", "dim"),
            (row.path, ""),
        ]
        took = None if row.duration_ms is None else row.duration_ms / 1000
        good = row.outcome.good
        right: list[Span] = [
            (f"{'✔' if good else '✖'} {row.status or 'no answer'}", "good" if good else "bad"),
            (f" · {words.span(took)}", "dim"),
            (f" · {words.clock(row.at)}", "dim"),
            (f" · {_SOURCES.get(row.request_id_source, '')}", "dim"),
        ]
        width = self.size.width - 4
        while width_of((*left, *right)) > width and len(right) > 2:
            right.pop()
        gap = " " * max(2, width - width_of((*left, *right)))
        self.query_one(".heading", Static).update(content(*left, (gap, ""), *right))

    def _diagnose(self) -> None:
        if self.exchange is not None:
            self.query_one(Meaning).tell(diagnose_exchange(self.exchange))

    def on_resize(self) -> None:
        if self.is_mounted:
            self._head()
            self._diagnose()
            self._show_side()

    def renew(self) -> None:
        self._head()

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        return [scopes.exchange(self._row.number)]

    # sides

    @property
    def pane(self) -> Pane:
        """The side that has the focus."""
        return next(
            (p for p in self.query(Pane) if p.has_focus_within), self.query_one("#response", Pane)
        )

    def _show_side(self) -> None:
        """Where there is no room for two, the side with the focus."""
        narrow = self.has_class("-narrow")
        here = self.pane
        for pane in self.query(Pane):
            pane.display = not narrow or pane is here

    def action_side(self) -> None:
        other = "request" if self.pane.which == "response" else "response"
        pane = self.query_one(f"#{other}", Pane)
        pane.display = True
        pane.viewer.focus()
        self.call_after_refresh(self._show_side)

    # keys

    async def action_step(self, by: int) -> None:
        view = self._view
        place = None if view is None else view.place(self._row.number)
        if view is None or place is None or not 0 <= place + by < len(view):
            self.app.say("There is no further exchange in the list.")
            return
        rows = await view.rows(place + by, place + by + 1)
        if rows:
            self._row = rows[0]
            self._load()

    def action_view(self) -> None:
        pane = self.pane

        def choose(name: str | None) -> None:
            if name:
                pane.choose(name)

        title = f"View of the {pane.which}"
        self.app.push_screen(Choose(title, pane.choices(), now=pane.view_name), choose)

    def action_find(self) -> None:
        self.pane.find()

    def action_all(self) -> None:
        self.pane.show_all()

    def action_again(self) -> None:
        """Ask whether to run the action again, with what this exchange asked of it."""
        from .execute import again

        if self.exchange is not None:
            self.app.push_screen(again(self.exchange))

    def action_copy(self) -> None:
        if (found := self.pane.value()) is not None:
            self.app.copy_value(*found)

    def action_copy_as(self) -> None:
        exchange = self.exchange
        if exchange is None:
            return

        def copy(form: str | None) -> None:
            if form:
                self.app.copy(copy_as(exchange, form), f"exchange {dict(FORMS)[form]}")

        self.app.push_screen(Choose("Copy the exchange", list(FORMS)), copy)

    @work(exclusive=True, group="diff", exit_on_error=False)
    async def action_diff(self) -> None:
        from .comparing import compare

        good = await self._library.last_good(self._row)
        if good is None:
            self.app.say("Nothing before this went well on the same route.")
        else:
            await compare(self.app, self._library, good.number, self._row.number)

    def action_pager(self) -> None:
        self._open(os.environ.get("PAGER") or "less")

    def action_editor(self) -> None:
        self._open(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")

    def _open(self, command: str) -> None:
        """The body of this side in a program of the user's, which gets the terminal meanwhile."""
        side = self.pane.side
        if side is None:
            return
        ending = ".json" if side.body.kind.value == "json" else ".txt"
        with tempfile.TemporaryDirectory(prefix="cxtop-") as folder, self.app.suspend():
            path = Path(folder, side.which + ending)
            path.write_text(body_text(side.body), encoding="utf-8", errors="replace")
            try:
                subprocess.run([*shlex.split(command), str(path)], check=False)
            except OSError as error:
                self.app.say(f"{command} could not be started: {error.strerror}.", severity="error")

    @on(TracePanel.Chosen)
    def _to_step(self, event: TracePanel.Chosen) -> None:
        self._find_step(event.exchange_id)

    @work(exclusive=True, group="step", exit_on_error=False)
    async def _find_step(self, exchange_id: str) -> None:
        rows = await self._library.by_id(exchange_id, limit=1) if exchange_id else []
        if rows:
            self._row = rows[0]
            self._load()
        else:
            self.app.say("No exchange of this step was captured here.")
