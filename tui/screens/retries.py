"""Screen 3: every call that needed more than one attempt, or waits for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ...core.models import Call
from .. import words
from ..attempts import attempt_sign, call_sign, is_live, subject_of
from ..ink import Line, Span
from ..widgets.filterline import FilterLine
from ..widgets.retrytable import retry_columns
from ..widgets.roomrule import RoomRule
from ..widgets.table import Table
from .base import RoomScreen
from .origin import open_exchange

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope
    from ...core.sources import Library, News

PAGE = 200
MOST = 2000


class RetriesScreen(RoomScreen):
    """The table of retried calls, the newest first; Enter draws one on a time scale."""

    ABOUT = (
        "Every call that was tried more than once, or waits for its next try, the newest first: "
        "cxtop's own to the platform, and those that captured handlers made to their upstreams, "
        "which bear the service's name. NEXT IN counts down. Enter draws the attempts of a call "
        "on a true time scale, with what each was answered and why the next one waited; e opens "
        "the exchange that a handler's call belongs to."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="retries.filter", key_display="/"),
        Binding("e", "exchange", "its exchange", id="retries.exchange"),
        Binding("y", "copy", "copy id", id="retries.copy"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.columns = retry_columns(lambda: self.app.now())
        self.table: Table[Call] = Table(self.columns, lambda call: call.call_id, id="retries")
        self._calls: Sequence[Call] = ()
        self._limit = PAGE
        self._stale = False
        self._heard: Library | None = None

    def body(self) -> Iterable[Widget]:
        yield RoomRule("retries")
        yield FilterLine("call, run, state, outcome or correlation id; Enter keeps, Esc clears")
        yield self.table

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    # what is shown

    def renew(self) -> None:
        library = self.app.library
        if library is not None and library is not self._heard:
            self._heard = library
            library.subscribe(self._came)
        if self.app.monitor is None:
            self._calls = ()
            self._fill()
        else:
            self._load()

    def _came(self, _news: News) -> None:
        """Exchanges may bring handlers' calls with them; they come too often to ask each time."""
        self._stale = True

    def changed(self, changes: frozenset[Change]) -> None:
        if any(change.kind == "call" for change in changes):
            # The store takes calls a moment after they are told, so it is asked again with the
            # next second.
            self._stale = True
            self._load()

    def tick(self) -> None:
        if self._stale:
            self._stale = False
            self._load()
        self.table.refresh()
        self._tell()

    @work(exclusive=True, group="calls", exit_on_error=False)
    async def _load(self) -> None:
        if self.app.monitor is not None:
            self._calls = await self.app.monitor.store.calls(retried=True, limit=self._limit)
            self._fill()

    def _fill(self) -> None:
        parts = self.query_one(FilterLine).value.lower().split()
        shown = [call for call in self._calls if all(part in self._text(call) for part in parts)]
        self.table.show(shown, empty=self._nothing())
        self._tell()

    def _text(self, call: Call) -> str:
        pieces = [call.service, call.operation, subject_of(call), call.url]
        pieces.append(call_sign(call, self.app.now())[1])
        for attempt in call.attempts:
            pieces += [attempt_sign(attempt)[1], attempt.outcome, attempt.correlation_id or ""]
        return " ".join(pieces).lower()

    def _nothing(self) -> Line:
        if self._calls:
            return (
                ("No call matches the filter. ", ""),
                ("Esc in the filter line shows all again.", "dim"),
            )
        if self.app.monitor is None:
            return ((self.app.opening, "dim"),)
        return (
            ("No call needed a second attempt. ", ""),
            ("Those that do are listed here, with why they waited.", "dim"),
        )

    def _tell(self) -> None:
        now = self.app.now()
        live = sum(is_live(call, now) for call in self._calls)
        count = words.plural(len(self._calls), "retried call")
        shown = len(self.table.rows)
        if shown < len(self._calls):
            count = f"{words.amount(shown)} of {count}"
        elif len(self._calls) == self._limit:
            count = f"the newest {count}"
        spans: list[Span] = [(f"{live} under way · ", "warn")] if live else []
        self.query_one(RoomRule).note((*spans, (count, "dim")))

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        found = [scopes.calls(None)]
        if (here := self.table.cursor_row) is not None and here.run_id:
            found.append(scopes.calls(here.run_id, here.run_id))
        return found

    # keys

    @on(Table.Moved, "#retries")
    def _moved(self) -> None:
        at_end = self.table.cursor >= len(self.table.rows) - 1
        if at_end and len(self._calls) == self._limit < MOST:
            self._limit += PAGE
            self._load()

    @on(Table.Opened, "#retries")
    def _opened(self) -> None:
        from .timeline import TimelineScreen

        if (call := self.table.cursor_row) is not None:
            self.app.push_screen(TimelineScreen(call, "Retries"))

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._fill()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.table.focus()
        self.refresh_bindings()

    @property
    def undoable(self) -> bool:
        return bool(self.query_one(FilterLine).value)

    def action_back(self) -> None:
        self.query_one(FilterLine).close()
        self.refresh_bindings()

    def action_filter(self) -> None:
        self.query_one(FilterLine).ask()

    @work(exclusive=True, group="exchange", exit_on_error=False)
    async def action_exchange(self) -> None:
        if (call := self.table.cursor_row) is not None:
            await open_exchange(self.app, call)

    def action_copy(self) -> None:
        call = self.table.cursor_row
        if call is None:
            return
        ids = [attempt.correlation_id for attempt in call.attempts if attempt.correlation_id]
        if ids:
            self.app.copy(ids[-1], "correlation id of the last answer")
        else:
            self.app.say("No answer to this call bore a correlation id.", severity="warning")
