"""The viewer that paints only what is on screen."""

import asyncio
from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cxtop.tui.ink import Line
from cxtop.tui.widgets.lines import LinesView


class Numbers(Sequence[Line]):
    """Millions of lines that exist only when they are looked at."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.asked: set[int] = set()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Line:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.add(index)
        return ((f"line {index}", ""),)


class LinesApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LinesView()
        self.moved: list[int] = []
        self.found: list[LinesView.Found] = []
        self.complete = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_lines_view_cursor_moved(self, event: LinesView.CursorMoved) -> None:
        assert event.control is self.view
        self.moved.append(event.line)

    def on_lines_view_found(self, event: LinesView.Found) -> None:
        assert event.control is self.view
        self.found.append(event)
        if event.complete or event.count >= 10_000:
            self.complete.set()

    def shown(self) -> list[str]:
        rows = range(self.view.size.height)
        return [self.view.render_line(y).text.rstrip() for y in rows]

    async def find(self, text: str, pilot: Pilot[None]) -> str:
        self.complete.clear()
        self.view.find(text)
        async with asyncio.timeout(10):
            await self.complete.wait()
        await pilot.pause()
        return self.found[-1].words


def text(*rows: str) -> list[Line]:
    return [((row, ""),) for row in rows]


async def test_keys_move_the_cursor() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 10)) as pilot:
        app.view.show(Numbers(100))
        await pilot.press("j", "down", "k", "G", "g", "pagedown", "pageup", "end")
        await pilot.pause()
        assert app.moved == [1, 2, 1, 99, 0, 9, 0, 99]
        assert app.shown()[-1] == "▌ line 99"
        await pilot.click(app.view, offset=(3, 2))
        assert app.view.cursor == 92


async def test_millions_of_lines_cost_what_is_on_screen() -> None:
    app = LinesApp()
    lines = Numbers(5_000_000)
    async with app.run_test(size=(30, 10)) as pilot:
        app.view.show(lines)
        await pilot.press("G")
        await pilot.pause()
        assert app.shown()[-1] == "▌ line 4999999"
        assert len(lines.asked) < 100


async def test_long_lines_are_cut_and_scroll_to_the_side() -> None:
    app = LinesApp()
    async with app.run_test(size=(22, 5)) as pilot:
        app.view.show(text("0123456789" * 4, "short"))
        await pilot.pause()
        assert app.shown()[0] == "▌ 0123456789012345678…"
        await pilot.press("l")
        assert app.shown()[:2] == ["▌ 8901234567890123456…", ""]
        await pilot.press("shift+right", "l", "l", "l")
        assert app.shown()[0] == "▌ 01234567890123456789"
        await pilot.press("shift+left")
        assert app.shown()[0] == "▌ 2345678901234567890…"
        await pilot.press("g")
        assert app.shown()[1] == "  short"


async def test_wide_characters_keep_to_the_edge() -> None:
    app = LinesApp()
    async with app.run_test(size=(21, 3)) as pilot:
        app.view.show(text("日本語" * 20))
        for _ in range(12):
            await pilot.press("l")
            for y in range(3):
                assert app.view.render_line(y).cell_length == 21


async def test_matches_are_counted_and_visited_around_the_ends() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 6)) as pilot:
        app.view.show(text(*["nothing"] * 20, "a Needle, needle", *["nothing"] * 20, "NEEDLE"))
        assert await app.find("needle", pilot) == "1 of 3"
        assert app.view.cursor == 20
        for words, line in (("2 of 3", 20), ("3 of 3", 41), ("1 of 3", 20)):
            await pilot.press("n")
            await pilot.pause()
            assert (app.found[-1].words, app.view.cursor) == (words, line)
        await pilot.press("N")
        await pilot.pause()
        assert (app.found[-1].words, app.view.cursor) == ("3 of 3", 41)
        await pilot.press("g", "n")
        await pilot.pause()
        assert app.found[-1].words == "1 of 3"
        await pilot.press("g", "N")
        await pilot.pause()
        assert app.found[-1].words == "3 of 3"


async def test_a_search_goes_on_from_the_cursor_and_else_from_the_top() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 6)) as pilot:
        app.view.show(text("x", "y", "x", "y", "z"))
        app.view.move_to(1)
        assert await app.find("x", pilot) == "2 of 2"
        app.view.move_to(4)
        assert await app.find("y", pilot) == "1 of 2"
        assert await app.find("absent", pilot) == "no match"
        await pilot.press("n")
        assert app.view.cursor == 1
        app.view.find("")
        await pilot.pause()
        assert app.found[-1].count == 0


async def test_a_match_far_to_the_right_comes_into_view_marked() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 4)) as pilot:
        app.view.show([(("-" * 200, "dim"), ("nee", "busy"), ("dle", ""), (" needle", ""))])
        assert await app.find("needle", pilot) == "1 of 2"
        assert "needle" in app.shown()[0]
        strip = app.view.render_line(0)
        marked = [segment for segment in strip if segment.style and segment.style.bold]
        assert "".join(segment.text for segment in marked if "▌" not in segment.text) == "needle"


async def test_a_search_in_many_lines_lets_others_have_their_turn() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 6)) as pilot:
        app.view.show(Numbers(50_000))
        assert await app.find("line", pilot) == "1 of 10,000+"
        assert await app.find("line 49999", pilot) == "1 of 1"
        assert app.view.cursor == 49_999


async def test_what_was_sought_stays_sought_in_other_lines() -> None:
    app = LinesApp()
    async with app.run_test(size=(30, 6)) as pilot:
        app.view.show(text("one", "two"))
        assert await app.find("two", pilot) == "1 of 1"
        app.complete.clear()
        app.view.show(text("two", "two", "three"), keep=True)
        async with asyncio.timeout(10):
            await app.complete.wait()
        assert app.found[-1].count == 2
        assert app.view.cursor == 1
        app.view.show([])
        await pilot.press("j", "G", "l", "n")
        assert app.view.cursor == 0
        assert app.shown() == [""] * 6


async def test_hostile_text_is_marks_and_can_be_found_as_it_is_seen() -> None:
    app = LinesApp()
    async with app.run_test(size=(60, 4)) as pilot:
        app.view.show(text("[/etc/x] \x1b]52;c;aGk=\x07 \x00 a\u202eb\x9b"))
        await pilot.pause()
        shown = app.shown()[0]
        assert shown == "▌ [/etc/x] ␛]52;c;aGk=␇ ␀ a⟨U+202E⟩b⟨U+009B⟩"
        assert await app.find("\x1b]52", pilot) == "1 of 1"
        assert await app.find("U+202E", pilot) == "1 of 1"
        assert app.shown()[0] == shown
