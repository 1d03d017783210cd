"""A table that paints only the lines on screen, however many rows it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from ..ink import Line, segments
from .columns import GAP, Column, fit

R = TypeVar("R")

_EDGE = 2  # the cursor's bar or the mark, and a space


class Table(ScrollView, Generic[R], can_focus=True):
    """Rows of `R` under a head that stays, with a cursor that follows its row.

    Rows are known by `key`: when they change, the cursor stays on the row it was on, wherever
    that row went. Posts `Moved` when the cursor comes to another row and `Opened` on Enter.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--cursor", "table--marked"}
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="table.open"),
        Binding("down,j", "move(1)", "down", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "up", show=False, id="table.up"),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False, id="table.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False, id="table.page_up"),
        Binding("home,g", "top", "top", show=False, id="table.top"),
        Binding("end,G", "bottom", "bottom", show=False, id="table.bottom"),
    ]

    class Moved(Message):
        """The cursor came to another row; `key` is `None` when there is no row."""

        def __init__(self, table: Table[R], key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Table[R]:
            return self.table

    class Opened(Message):
        """A row was chosen."""

        def __init__(self, table: Table[R], key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Table[R]:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], str],
        *,
        empty: Line = (),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.rows: Sequence[R | None] = ()
        self.cursor = 0
        self.marks: set[str] = set()
        self.sorted_by: tuple[str, bool] | None = None
        self._key = key
        self._empty: Line = empty
        self._told: str | None = None
        self._fitted: list[tuple[Column[R], int]] = []
        self._fitted_for = -1

    # what is in it

    def show(
        self, rows: Sequence[R | None], *, empty: Line | None = None, at: int | None = None
    ) -> None:
        """Take these rows; the cursor stays on its row where that is still there.

        A row that is `None` is known to be there, but not what it holds yet. `at` says where the
        cursor is to be, which spares looking through all rows for its own.
        """
        here = self.cursor_key
        self.rows = rows
        if empty is not None:
            self._empty = empty
        if at is not None:
            self.cursor = at
        elif here is not None and not self._is_at(self.cursor, here):
            self.cursor = next(
                (i for i, row in enumerate(rows) if row is not None and self._key(row) == here),
                self.cursor,
            )
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        self._tell()
        self.refresh()

    def _is_at(self, index: int, key: str) -> bool:
        row = self.rows[index] if index < len(self.rows) else None
        return row is not None and self._key(row) == key

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        row = self.cursor_row
        return None if row is None else self._key(row)

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and go on to the next."""
        if (key := self.cursor_key) is not None:
            self.marks ^= {key}
            self.action_move(1)
            self.refresh()

    def refit(self) -> None:
        """Give the columns their widths anew."""
        self._fitted_for = -1
        self.refresh()

    # moving

    def move_to(self, index: int) -> None:
        """Bring the cursor to a row and the row into view."""
        self.cursor = max(0, min(index, len(self.rows) - 1))
        self.scroll_to_region(
            Region(0, self.cursor + 1, 1, 1), spacing=Spacing(top=1), animate=False, force=True
        )
        self._tell()
        self.refresh()

    def _tell(self) -> None:
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self.post_message(self.Moved(self, self._told))

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 2))

    def action_top(self) -> None:
        self.move_to(0)

    def action_bottom(self) -> None:
        self.move_to(len(self.rows) - 1)

    def action_open(self) -> None:
        if (key := self.cursor_key) is not None:
            self.post_message(self.Opened(self, key))

    def on_click(self, event: events.Click) -> None:
        index = int(self.scroll_offset.y) + event.y - 1
        if event.y < 1 or index >= len(self.rows):
            return
        self.move_to(index)
        if event.chain == 2:
            self.action_open()

    # painting

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._fitted_for != width:
            self._fitted = fit(self.columns, max(1, width - _EDGE - 1))
            self._fitted_for = width
        if y == 0:
            return self._head(width)
        index = int(self.scroll_offset.y) + y - 1
        if index < len(self.rows):
            return self._row(index, width)
        base = self.visual_style
        line = self._empty if not self.rows and y == 2 else ()
        return Strip(
            [Segment(" " * _EDGE, base.rich_style), *segments(line, base, width - _EDGE)], width
        )

    def _head(self, width: int) -> Strip:
        base = self.visual_style + self._component("table--head")
        made = [Segment(" " * _EDGE, base.rich_style)]
        for position, (column, cells) in enumerate(self._fitted):
            if position:
                made.append(Segment(" " * GAP, base.rich_style))
            title = column.title
            if self.sorted_by and self.sorted_by[0] == column.key:
                title += "▾" if self.sorted_by[1] else "▴"
            made += segments(((title, ""),), base, cells, right=column.right)
        return Strip(made).adjust_cell_length(width, base.rich_style)

    def _row(self, index: int, width: int) -> Strip:
        row = self.rows[index]
        base = self.visual_style
        marked = bool(self.marks) and row is not None and self._key(row) in self.marks
        edge: Line = (("●", "accent"),) if marked else ()
        if index == self.cursor:
            edge = (
                (("▌", "accent" if self.has_focus else "dim"),)
                if not marked
                else (("◉", "accent"),)
            )
            if self.has_focus:
                base += self._component("table--cursor")
        made = segments(edge, base, _EDGE)
        for position, (column, cells) in enumerate(self._fitted):
            if position:
                made.append(Segment(" " * GAP, base.rich_style))
            cell: Line = (("…", "track"),) if row is None else column.cell(row, cells)
            made += segments(cell, base, cells, right=column.right)
        return Strip(made).adjust_cell_length(width, base.rich_style)

    def _component(self, name: str) -> Style:
        return self.get_visual_style(name, partial=True)
