"""Failed records: how many of each code, and the records themselves page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ...core.models import ErrorGroup, Page, RecordError
from .. import words
from ..bars import bar
from ..ink import Line
from .columns import Column
from .dialogs import Ask, Choose
from .filterline import FilterLine
from .rule import Rule
from .table import Table

if TYPE_CHECKING:
    from ..app import CxtopApp

_ALL = ""
_PAGE = Binding.Group("page")
_SORTS = {"seen": "as they came", "record": "record", "code": "code", "message": "message"}


class ErrorBrowser(Horizontal):
    """Codes beside records; what it shows comes from the store, never from memory."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "turn(-1)",
            "page back",
            id="errors.back",
            key_display="[",
            group=_PAGE,
        ),
        Binding(
            "right_square_bracket",
            "turn(1)",
            "page on",
            id="errors.on",
            key_display="]",
            group=_PAGE,
        ),
        Binding("J", "jump", "to page", id="errors.jump"),
        Binding("slash", "find", "find", id="errors.find", key_display="/"),
        Binding("o", "sort", "sort", id="errors.sort"),
        Binding("y", "copy", "copy id", id="errors.copy", show=False),
    ]

    def __init__(self, run_id: str, *, size: int = 50) -> None:
        super().__init__(id="error-browser")
        self.run_id = run_id
        self.number = 1
        self.page: Page[RecordError] | None = None
        self._per_page = size
        self._code = _ALL
        self._total = 0
        self._top = 0
        self.codes: Table[ErrorGroup] = Table(
            self._code_columns(), lambda group: group.code, id="codes"
        )
        self.records: Table[RecordError] = Table(
            _RECORD_COLUMNS, lambda record: record.record_id, id="records"
        )

    def compose(self) -> ComposeResult:
        """Codes at the left, the page of records with its pager at the right."""
        with Vertical(id="codes-side"):
            yield self.codes
        with Vertical(id="records-side"):
            yield FilterLine("text in message, record id or code")
            yield self.records
            yield Rule(id="pager")

    def _code_columns(self) -> Sequence[Column[ErrorGroup]]:
        def name(group: ErrorGroup, _width: int) -> Line:
            return ((group.code or "all codes", "" if group.code else "dim"),)

        def share(group: ErrorGroup, width: int) -> Line:
            if not group.code:
                return ()
            return bar(group.count / max(1, self._top), width, "bad", track=False)

        def count(group: ErrorGroup, _width: int) -> Line:
            return ((words.amount(group.count), ""),)

        def percent(group: ErrorGroup, _width: int) -> Line:
            return ((words.share(group.count / max(1, self._total)), "dim"),)

        return (
            Column("code", "CODE", 18, name, flex=2, widest=32),
            Column("share", "", 6, share, flex=1, drop=2),
            Column("count", "COUNT", 7, count, right=True),
            Column("percent", "SHARE", 5, percent, right=True, drop=1),
        )

    # what is shown

    @work(exclusive=True, exit_on_error=False)
    async def load(self) -> None:
        """Read codes and the page anew from the store."""
        monitor = self.app.monitor
        if monitor is None:
            return
        text = self.query_one(FilterLine).value.strip() or None
        groups = await monitor.store.error_groups(self.run_id, samples=0, text=text)
        self._total = sum(group.count for group in groups)
        self._top = max((group.count for group in groups), default=0)
        self.codes.show([ErrorGroup(code=_ALL, count=self._total), *groups])
        sort, down = self.records.sorted_by or ("seen", False)
        page = await monitor.store.error_page(
            self.run_id,
            code=self._code or None,
            text=text,
            sort=sort,  # pyright: ignore[reportArgumentType]
            descending=down,
            number=self.number,
            size=self._per_page,
        )
        if self.number > page.pages:
            self.number = page.pages
            self.load()
            return
        self.page = page
        self.records.show(page.items, empty=self._nothing(text))
        self._tell_pager()

    def _nothing(self, text: str | None) -> Line:
        if text or self._code:
            return (("No failed record matches. ", ""), ("Esc in the find line shows all.", "dim"))
        view = self.app.view(self.run_id)
        if (
            view is not None
            and view.run is not None
            and view.run.errors
            and not view.errors_complete
        ):
            count = words.plural(view.run.errors, "failed record")
            if self.app.is_exhibit:
                return ((f"The snapshot holds none of the {count}.", "dim"),)
            return ((f"Fetching {count} …", "dim"),)
        return (("No record has failed.", "dim"),)

    def _tell_pager(self) -> None:
        page = self.page
        if page is None:
            return
        view = self.app.view(self.run_id)
        fetching = (
            ""
            if view is None or view.errors_complete
            else f" · fetched so far {words.amount(view.errors_kept)}"
        )
        place = f"page {words.amount(page.number)} of {words.amount(page.pages)}"
        match = "match" if self._code or self.query_one(FilterLine).value else "in all"
        self.query_one("#pager", Rule).tell(
            ((self._code, "bad"),) if self._code else (),
            (
                (place, "strong"),
                (f" · {page.size} a page · {words.amount(page.total)} {match}{fetching}", "dim"),
            ),
        )

    # keys

    @on(Table.Moved, "#codes")
    def _code_chosen(self, event: Table.Moved) -> None:
        code = event.key or _ALL
        if code != self._code:
            self._code = code
            self.number = 1
            self.load()

    @on(Table.Opened, "#codes")
    def _to_records(self, event: Table.Opened) -> None:
        event.stop()
        self.records.focus()

    @on(Input.Changed)
    def _found(self, event: Input.Changed) -> None:
        event.stop()
        self.number = 1
        self.load()

    @on(FilterLine.Left)
    def _left(self, event: FilterLine.Left) -> None:
        event.stop()
        self.records.focus()

    def action_find(self) -> None:
        self.query_one(FilterLine).ask()

    def action_turn(self, by: int) -> None:
        pages = self.page.pages if self.page else 1
        number = max(1, min(pages, self.number + by))
        if number != self.number:
            self.number = number
            self.records.cursor = 0
            self.records.scroll_home(animate=False)
            self.load()

    def action_jump(self) -> None:
        pages = self.page.pages if self.page else 1

        def fault(text: str) -> str:
            return (
                ""
                if text.isdecimal() and 1 <= int(text) <= pages
                else f"A number from 1 to {pages} is needed."
            )

        def jump(text: str | None) -> None:
            if text:
                self.action_turn(int(text) - self.number)

        self.app.push_screen(Ask("Go to page", f"1 to {words.amount(pages)}", fault=fault), jump)

    def action_sort(self) -> None:
        now, down = self.records.sorted_by or ("seen", False)

        def sort(choice: str | None) -> None:
            if choice:
                self.records.sorted_by = (choice, choice == now and not down)
                self.load()

        note = "Choosing the order in force turns it round."
        self.app.push_screen(
            Choose("Order of the records", list(_SORTS.items()), now=now, note=note), sort
        )

    def action_copy(self) -> None:
        if (key := self.records.cursor_key) is not None:
            self.app.copy(key, "record id")


def _record(record: RecordError, _width: int) -> Line:
    return ((record.record_id, ""),)


def _code(record: RecordError, _width: int) -> Line:
    return ((record.code, "dim"),)


def _message(record: RecordError, _width: int) -> Line:
    return ((record.message.split("\n", 1)[0] or "no message", "" if record.message else "dim"),)


_RECORD_COLUMNS: tuple[Column[RecordError], ...] = (
    Column("record", "RECORD", 12, _record, flex=1, widest=24),
    Column("code", "CODE", 18, _code, drop=1, flex=1, widest=26),
    Column("message", "MESSAGE", 20, _message, flex=6),
)
