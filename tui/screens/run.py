"""A run's own page: overview, failed records, calls, and what the platform said, raw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane

from ...core.models import Call, RecordError, RunView
from .. import words
from ..ink import Span, content, width_of
from ..signs import run_sign
from ..widgets.calltable import CALL_COLUMNS
from ..widgets.errorbrowser import ErrorBrowser
from ..widgets.jsontree import JsonTree
from ..widgets.overview import Overview
from ..widgets.runtable import errors_of, title_of
from ..widgets.table import Table
from .base import CxScreen
from .record import RecordScreen

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope


class QuietPane(TabPane):
    """Here focus follows the tab; a focus that comes late must not take the tab back."""

    def _on_descendant_focus(self, event: events.DescendantFocus) -> None:
        event.prevent_default()


class RunScreen(CxScreen):
    """Everything that is known of one run."""

    ABOUT = (
        "One run. Errors shows how many records failed by code, and the records of the chosen code "
        "page by page; Enter on a record shows it whole. Calls lists what cxtop asked about this "
        "run, with every attempt. Raw is the platform's last answer as it came."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "tab(-1)", "tab left", show=False, id="run.tab_left"),
        Binding("right,l", "tab(1)", "tab right", show=False, id="run.tab_right"),
        Binding("tab", "app.focus_next", "codes/records", show=False, id="run.focus_next"),
        Binding("r", "refresh", "refresh", id="run.refresh"),
    ]

    ACTS = frozenset({"refresh"})

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.calls: Table[Call] = Table(
            CALL_COLUMNS,
            lambda call: call.call_id,
            empty=(("No call for this run has been kept yet.", "dim"),),
            id="calls",
        )

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        view = self._view()
        with TabbedContent(initial="errors" if errors_of(view) else "overview"):
            with QuietPane("Overview", id="overview"):
                yield Overview(self.run_id)
            with QuietPane("Errors", id="errors"):
                yield ErrorBrowser(self.run_id)
            with QuietPane("Calls", id="calls-pane"):
                yield self.calls
            with QuietPane("Raw", id="raw"):
                yield JsonTree(id="raw-tree")

    def on_mount(self) -> None:
        super().on_mount()
        self._focus_pane()

    # what is shown

    def _view(self) -> RunView:
        return self.app.view(self.run_id) or RunView(run_id=self.run_id)

    def renew(self) -> None:
        self.tick()
        self._tell_tabs()
        self._load_pane()

    def tick(self) -> None:
        view = self._view()
        self.query_one(".heading", Static).update(
            _heading(view, self.size.width - 2, self.app.now())
        )
        self.query_one(Overview).tell(view)

    def changed(self, changes: frozenset[Change]) -> None:
        kinds = {change.kind for change in changes if change.key == self.run_id}
        if not kinds:
            return
        self.tick()
        self._tell_tabs()
        pane = self.query_one(TabbedContent).active
        if (
            ("errors" in kinds and pane == "errors")
            or pane == "overview"
            or ("call" in kinds and pane == "calls-pane")
        ):
            self._load_pane()

    def _tell_tabs(self) -> None:
        count = errors_of(self._view())
        tab = self.query_one(TabbedContent).get_tab("errors")
        label = Content(f"Errors {words.amount(count)}" if count else "Errors")
        if tab.label != label:
            tab.label = label

    def _load_pane(self) -> None:
        match self.query_one(TabbedContent).active:
            case "overview":
                self.query_one(Overview).load()
            case "errors":
                self.query_one(ErrorBrowser).load()
            case "calls-pane":
                self._load_calls()
            case _:
                self._load_raw()

    @work(exclusive=True, group="calls", exit_on_error=False)
    async def _load_calls(self) -> None:
        if self.app.monitor is not None:
            self.calls.show(await self.app.monitor.store.calls(run_id=self.run_id, limit=200))

    def _load_raw(self) -> None:
        run = self._view().run
        tree = self.query_one("#raw-tree", JsonTree)
        tree.show(
            None if run is None else run.raw if run.raw is not None else run.model_dump(mode="json")
        )

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        name = title_of(self._view())
        found = [scopes.run(self.run_id, name)]
        match self.query_one(TabbedContent).active:
            case "errors":
                found.append(scopes.failed_records(self.run_id, name))
            case "calls-pane":
                found.append(scopes.calls(self.run_id, name))
        return found

    # keys

    @on(TabbedContent.TabActivated)
    def _activated(self) -> None:
        self._load_pane()
        self._focus_pane()

    def _focus_pane(self) -> None:
        targets = {
            "errors": "#codes",
            "calls-pane": "#calls",
            "raw": "#raw-tree",
            "overview": "#overview-panel",
        }
        self.query_one(targets[self.query_one(TabbedContent).active]).focus()

    @on(Table.Opened, "#records")
    def _open_record(self, event: Table.Opened) -> None:
        row = event.table.cursor_row
        if isinstance(row, RecordError):
            self.app.push_screen(RecordScreen(row, title_of(self._view())))

    @on(Table.Opened, "#calls")
    def _open_call(self, event: Table.Opened) -> None:
        from .timeline import TimelineScreen

        row = event.table.cursor_row
        if isinstance(row, Call):
            self.app.push_screen(TimelineScreen(row, title_of(self._view())))

    def action_tab(self, by: int) -> None:
        tabs = self.query_one(TabbedContent)
        panes = ["overview", "errors", "calls-pane", "raw"]
        tabs.active = panes[(panes.index(tabs.active) + by) % len(panes)]

    def action_refresh(self) -> None:
        self.app.command(lambda monitor: monitor.refresh(self.run_id), "Asking for this run now.")


def _heading(view: RunView, width: int, now: datetime) -> Content:
    sign, word, tone = run_sign(view)
    left: list[Span] = [("Runs › ", "dim"), (title_of(view), "strong")]
    facts = (
        [f"{words.amount(view.run.processed)} / {words.amount(view.run.total)}"] if view.run else []
    )
    if count := errors_of(view):
        facts.append(words.plural(count, "error"))
    if view.run and view.run.created_at:
        end = (view.run.updated_at if view.run.status.terminal else None) or now
        facts.append(f"ran {words.whole_span((end - view.run.created_at).total_seconds())}")
    right: list[Span] = [(f"{sign} {word}", tone), *((f" · {fact}", "dim") for fact in facts)]
    while width_of((*left, *right)) > width - 2 and len(right) > 1:
        right.pop()
    taken = width_of((*left, *right))
    return content(*left, (" " * max(2, width - taken), ""), *right)
