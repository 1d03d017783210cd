"""The table that paints only what is on screen."""

from collections.abc import Sequence

from textual.app import App, ComposeResult

from cxtop.tui.widgets.columns import Column
from cxtop.tui.widgets.table import Table


class Numbers(Sequence[int]):
    """A million rows that exist only when they are looked at."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.asked: set[int] = set()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.add(index)
        return index


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table: Table[int] = Table(
            (Column("n", "N", 9, lambda row, _: ((f"{row:,}", ""),), right=True),),
            str,
            empty=(("nothing here", ""),),
        )
        self.opened: list[str] = []
        self.moved: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_table_opened(self, event: Table.Opened) -> None:
        self.opened.append(event.key)

    def on_table_moved(self, event: Table.Moved) -> None:
        self.moved.append(event.key)

    def shown(self) -> list[str]:
        lines = range(self.table.size.height)
        return [self.table.render_line(y).text.rstrip() for y in lines]


async def test_keys_move_and_open() -> None:
    app = TableApp()
    async with app.run_test(size=(30, 10)) as pilot:
        app.table.show(range(100))
        await pilot.press("j", "j", "k", "enter", "G", "enter", "g", "pagedown", "enter")
        await pilot.pause()
        assert app.opened == ["1", "99", "8"]
        assert app.moved[-1] == "8"


async def test_the_cursor_stays_on_its_row_when_rows_change() -> None:
    app = TableApp()
    async with app.run_test(size=(30, 10)):
        app.table.show(range(10))
        app.table.move_to(4)
        app.table.show([9, 4, 3])
        assert app.table.cursor_key == "4"
        app.table.show([9, 3])
        assert app.table.cursor_key == "3"
        app.table.show([])
        assert app.table.cursor_key is None
        assert "nothing here" in "".join(app.shown())


async def test_a_million_rows_cost_what_is_on_screen() -> None:
    app = TableApp()
    rows = Numbers(1_000_000)
    async with app.run_test(size=(30, 10)) as pilot:
        app.table.show(rows)
        await pilot.press("G")
        await pilot.pause()
        assert "999,999" in "".join(app.shown())
        assert len(rows.asked) < 50


async def test_the_head_stays_and_tells_the_order() -> None:
    app = TableApp()
    async with app.run_test(size=(30, 6)):
        app.table.show(range(50))
        app.table.sorted_by = ("n", True)
        app.table.move_to(49)
        assert app.shown()[0].strip() == "N▾"


async def test_marks_and_mouse() -> None:
    app = TableApp()
    async with app.run_test(size=(30, 10)) as pilot:
        app.table.show(range(5))
        app.table.toggle_mark()
        assert app.table.marks == {"0"}
        assert app.shown()[1].startswith("●")
        await pilot.click(Table, offset=(5, 4))
        assert app.table.cursor_key == "3"
        await pilot.click(Table, offset=(5, 3), times=2)
        await pilot.pause()
        assert app.opened == ["2"]
        await pilot.click(Table, offset=(5, 0))
        assert app.table.cursor_key == "2"
