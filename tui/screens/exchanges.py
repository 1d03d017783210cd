"""Screen 2: captured exchanges as they come, and all that came before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from ...core.errors import FilterError
from .. import words
from ..ink import Line, Span, content
from ..widgets.dialogs import Pick
from ..widgets.exchangetable import EXCHANGE_COLUMNS, ExchangeRows
from ..widgets.filterline import FilterLine
from ..widgets.roomrule import RoomRule
from ..widgets.table import Table
from .base import RoomScreen

if TYPE_CHECKING:
    from ...core.snapshot.scope import Scope
    from ...core.sources import Library, Listed, News

_DEBOUNCE_S = 0.15
_NARROWING_HELP = 'status:5xx code:TIMEOUT path:/orders* ms:>500 since:10m body:"deadline exceeded"'


class FilterSuggester(Suggester):
    """Completes the filter language while one types."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The likeliest whole text that `value` could become."""
        from ...core.store.filter import complete

        return next(iter(complete(value, len(value))), None) if value else None


class ExchangesScreen(RoomScreen):
    """The live tail: a row an exchange, the oldest first; at its end it follows what comes."""

    ABOUT = (
        "Every exchange that was captured in your services, the newest last. At the end the list "
        "follows what comes (F); elsewhere it stays, and tells how many came. The filter takes "
        "fields such as status:5xx, code:TIMEOUT, method:POST, path:/orders*, id:…, ms:>500, "
        'since:10m, body:"…" and plain words; a space means and, | means or, not turns round.'
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="exchanges.filter", key_display="/"),
        Binding("F", "follow", "follow", id="exchanges.follow"),
        Binding("p", "hold", "pause", id="exchanges.hold"),
        Binding("d", "diff", "diff", id="exchanges.diff"),
        Binding("space", "mark", "mark", id="exchanges.mark", show=False),
        Binding("o", "columns", "columns", id="exchanges.columns"),
        Binding("y", "copy", "copy id", id="exchanges.copy", show=False),
        Binding("R", "again", "send again", id="exchanges.again", show=False),
    ]

    ACTS = frozenset({"again"})

    def __init__(self) -> None:
        super().__init__()
        self.table: Table[Listed] = Table(
            EXCHANGE_COLUMNS, lambda row: str(row.number), id="exchanges"
        )
        self.following = True
        self.held = False
        self._rows: ExchangeRows | None = None
        self._library: Library | None = None
        self._unseen = 0
        self._history: list[str] = []
        self._filter_text = ""

    def body(self) -> Iterable[Widget]:
        yield RoomRule("exchanges")
        yield FilterLine(_NARROWING_HELP, suggester=FilterSuggester(), history=self._history)
        yield Static("", id="filter-fault", markup=False)
        yield self.table

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#filter-fault").display = False
        self.table.focus()

    # what is shown

    def renew(self) -> None:
        library = self.app.library
        if library is not self._library:
            self._library = library
            self._rows = None
            self.table.show(())
            if library is not None:
                self.app.hear_exchanges(library)
                self._open_view(self._filter_text)
        elif self._rows is not None:
            self._take_news()
        self._tell()

    def tick(self) -> None:
        if self._rows is not None and self._rows.gone:
            self._rows.gone.clear()
            self._take_news()
        self._tell()

    def came(self, _news: News) -> None:
        """More exchanges are there."""
        if self._rows is not None and self.is_current:
            self._take_news()

    @work(exclusive=True, group="view", exit_on_error=False)
    async def _open_view(self, text: str) -> None:
        from ...core.store.filter import parse

        if self._library is None:
            return
        await asyncio.sleep(_DEBOUNCE_S if text != self._filter_text else 0)
        try:
            wanted = parse(text)
        except FilterError as error:
            self._fault(error)
            return
        self._fault(None)
        self._filter_text = text
        view = await self._library.view(wanted)
        self._rows = ExchangeRows(view, self._read)
        self._unseen = 0
        self._show(at=len(view) - 1)
        while not view.complete and await view.find_more():
            here = self.table.cursor_row
            self._show(at=view.place(here.number) if here is not None else len(view) - 1)

    @work(exclusive=True, group="grow", exit_on_error=False)
    async def _take_news(self) -> None:
        rows = self._rows
        if rows is None or self.held:
            self._tell()
            return
        at_end = self.table.cursor >= len(self.table.rows) - 1
        grown = await rows.view.grow()
        if rows is not self._rows:
            return
        if self.following and at_end:
            self._show(at=len(rows) - 1)
        else:
            self._unseen += grown
            self._show(at=self.table.cursor)

    def _show(self, at: int | None) -> None:
        assert self._rows is not None
        self.table.show(self._rows, empty=self._nothing(), at=max(0, at or 0))
        if self.following and at is not None and at == len(self._rows) - 1:
            self.table.move_to(at)
        self._tell()

    def _read(self) -> None:
        self.call_next(self._read_rows)

    @work(group="read", exit_on_error=False)
    async def _read_rows(self) -> None:
        if (rows := self._rows) is not None:
            await rows.read()
            self.table.refresh()

    def _nothing(self) -> Line:
        if self._filter_text:
            return (("No exchange matches. ", ""), ("Esc in the filter shows all.", "dim"))
        return (
            ("Nothing was captured yet. ", ""),
            ("Put cxtop proxy before a service, or its middleware into it: ", "dim"),
            ("?", "accent"),
            (" tells how.", "dim"),
        )

    def _fault(self, error: FilterError | None) -> None:
        line = self.query_one("#filter-fault", Static)
        line.display = error is not None
        if error is not None:
            place = " " * (error.position + 1)
            line.update(
                content((f"{place}▲ ", "bad"), (error.what, "bad"), (f" {error.fix}", "dim"))
            )

    def _tell(self) -> None:
        count = len(self._rows) if self._rows is not None else 0
        spans: list[Span] = []
        if self.table.marks:
            spans.append((f"{len(self.table.marks)} marked · ", "accent"))
        if self.held:
            spans.append(("‖ paused · ", "warn"))
        elif self._unseen:
            spans.append((f"+{words.amount(self._unseen)} new · ", "accent"))
        elif self.following and count:
            spans.append(("following · ", "good"))
        noun = "match" if self._filter_text else words.plural(count, "exchange").split(" ")[1]
        if self._rows is not None and not self._rows.view.complete:
            noun += " so far"
        spans.append((f"{words.amount(count)} {noun}", "dim"))
        self.query_one(RoomRule).note(tuple(spans))

    def narrow(self, wanted: str) -> None:
        """Show the exchanges that this filter lets through, as if it had been typed."""
        line = self.query_one(FilterLine)
        line.display = True
        line.value = wanted
        self.table.focus()
        self.refresh_bindings()

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        marked = sorted(int(key) for key in self.table.marks)
        wanted = self._rows.view.filter if self._rows is not None else None
        return scopes.exchanges(marked, wanted, self._filter_text)

    # keys

    @on(Table.Moved, "#exchanges")
    def _moved(self) -> None:
        if self.table.cursor >= len(self.table.rows) - 1:
            self._unseen = 0
            self._tell()

    @on(Table.Opened, "#exchanges")
    def _opened(self) -> None:
        from .inspector import InspectorScreen

        row = self.table.cursor_row
        if row is not None and self._library is not None and self._rows is not None:
            self.app.push_screen(InspectorScreen(self._library, row, self._rows.view))

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        self._open_view(event.value.strip())

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.table.focus()
        self.refresh_bindings()

    @property
    def undoable(self) -> bool:
        return bool(self.query_one(FilterLine).value or self.table.marks)

    def action_back(self) -> None:
        if self.query_one(FilterLine).value:
            self.query_one(FilterLine).close()
        else:
            self.table.marks.clear()
            self.table.refresh()
            self._tell()
        self.refresh_bindings()

    def action_filter(self) -> None:
        self.query_one(FilterLine).ask()

    def action_follow(self) -> None:
        self.following = not self.following or self.table.cursor < len(self.table.rows) - 1
        if self.following:
            self.held = False
            self._unseen = 0
            self.table.action_bottom()
            self._take_news()
        self._tell()

    def action_hold(self) -> None:
        self.held = not self.held
        self._take_news()

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self._tell()
        self.refresh_bindings()

    def action_copy(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.app.copy(row.request_id or row.id, "request id")

    @work(exclusive=True, group="again", exit_on_error=False)
    async def action_again(self) -> None:
        """Ask whether to run the action again, with what this exchange asked of it."""
        from ...core.models import Exchange
        from .execute import again

        row = self.table.cursor_row
        if self._library is None or row is None:
            return
        found = await self._library.payload(row.number)
        if isinstance(found, Exchange):
            self.app.push_screen(again(found))
        else:
            self.app.say(found.why, severity="warning")

    def action_columns(self) -> None:
        def choose(keys: list[str] | None) -> None:
            if keys is not None:
                self.table.columns = tuple(c for c in EXCHANGE_COLUMNS if c.key in keys)
                self.table.refit()

        chosen = {column.key for column in self.table.columns}
        options = [(c.key, c.title.capitalize(), c.key in chosen) for c in EXCHANGE_COLUMNS]
        note = "What has no room is left out, from the right."
        self.app.push_screen(Pick("Columns", options, note=note), choose)

    @work(exclusive=True, group="diff", exit_on_error=False)
    async def action_diff(self) -> None:
        from .comparing import compare

        row = self.table.cursor_row
        if self._library is None or row is None:
            return
        marks = sorted(int(key) for key in self.table.marks)
        if len(marks) == 2:
            pair = (marks[0], marks[1])
        else:
            good = await self._library.last_good(row)
            if good is None:
                self.app.say(
                    "Nothing before this went well on the same route; mark two to compare."
                )
                return
            pair = (good.number, row.number)
        await compare(self.app, self._library, *pair)
