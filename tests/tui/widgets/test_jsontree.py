"""JSON as a tree that grows where it is opened."""

import asyncio
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cxtop.core.errors import FilterError
from cxtop.core.jsonpaths import MOST
from cxtop.tui.widgets.jsontree import JsonTree


class TreeApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.moved: list[tuple[str, Any]] = []
        self.found: list[JsonTree.Found] = []
        self.complete = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield JsonTree()

    def on_json_tree_cursor_moved(self, event: JsonTree.CursorMoved) -> None:
        assert event.control is self.tree
        self.moved.append((event.path, event.value))

    def on_json_tree_found(self, event: JsonTree.Found) -> None:
        assert event.control is self.tree
        self.found.append(event)
        if event.complete or event.count >= 10_000:
            self.complete.set()

    async def find(self, text: str, pilot: Pilot[None]) -> str:
        self.complete.clear()
        self.tree.find(text)
        async with asyncio.timeout(10):
            await self.complete.wait()
        await pilot.pause()
        return self.found[-1].words

    @property
    def tree(self) -> JsonTree:
        return self.query_one(JsonTree)

    def shown(self) -> list[str]:
        return [self.tree.render_line(y).text.rstrip() for y in range(self.tree.size.height)]


async def test_it_opens_one_level_and_folds() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show({"a": {"b": [1, None, True]}, "c": "x"})
        app.tree.focus()
        await pilot.pause()
        assert any("a  {1}" in line for line in app.shown())
        assert not any("[3]" in line for line in app.shown())
        await pilot.press("enter", "j", "enter")
        await pilot.pause()
        joined = "\n".join(app.shown())
        assert "b  [3]" in joined
        assert "null" in joined
        assert "true" in joined


async def test_the_cursor_knows_its_path_and_value() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show({"a": {"b": 7}})
        app.tree.focus()
        await pilot.press("enter", "j")
        await pilot.pause()
        item = app.tree.cursor_item
        assert item is not None
        assert (item.path, item.value) == ("$.a.b", 7)


async def test_a_large_array_is_added_in_batches() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show(list(range(1200)))
        app.tree.focus()
        await pilot.pause()
        assert len(app.tree.root.children) == 501
        await pilot.press("G", "enter")
        await pilot.pause()
        assert len(app.tree.root.children) == 1001


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, "[/etc/x]", "\x1b[31m"])
async def test_any_value_has_a_line(value: Any) -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show(value)
        await pilot.pause()
        shown = "\n".join(app.shown())
        assert "\x1b" not in shown
        assert shown.strip()


async def test_hostile_keys_and_strings_are_text() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 12)) as pilot:
        app.tree.show({"[b]key": "[/]", "esc": "\x1b]52;c;aGk=\x07", "long": "x" * 5000})
        await pilot.pause()
        shown = "\n".join(app.shown())
        assert "[b]key" in shown
        assert '"[/]"' in shown
        assert "\x1b" not in shown


# paths


async def test_odd_keys_are_quoted_in_the_path() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show({"a b": [{"x.y": 1}], "plain": 2})
        app.tree.focus()
        assert app.tree.path == "$['a b']"
        await pilot.press("enter", "j", "enter", "j", "j")
        await pilot.pause()
        assert app.moved[-3:] == [
            ("$['a b'][0]", {"x.y": 1}),
            ("$['a b'][0]['x.y']", 1),
            ("$.plain", 2),
        ]


# finding


async def test_matches_in_keys_and_values_are_opened_and_visited() -> None:
    app = TreeApp()
    value = {"a": {"b": [1, {"Needle": None}]}, "c": ["x", "a needle"], "d": "needles"}
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show(value)
        app.tree.focus()
        assert await app.find("needle", pilot) == "1 of 3"
        assert app.tree.path == "$.a.b[1].Needle"
        for words, path in (
            ("2 of 3", "$.c[1]"),
            ("3 of 3", "$.d"),
            ("1 of 3", "$.a.b[1].Needle"),
        ):
            await pilot.press("n")
            await pilot.pause()
            assert (app.found[-1].words, app.tree.path) == (words, path)
        await pilot.press("N")
        await pilot.pause()
        assert (app.found[-1].words, app.tree.path) == ("3 of 3", "$.d")
        assert await app.find("absent", pilot) == "no match"
        await pilot.press("n")
        assert app.tree.path == "$.d"
        assert await app.find("", pilot) == ""


@pytest.mark.parametrize(
    ("text", "path"),
    [("true", "$[1]"), ("null", "$[0]"), ("1.5", "$[2]"), ("\x1b[", "$[3]"), ("U+202E", "$[4]")],
)
async def test_scalars_are_found_as_they_are_seen(text: str, path: str) -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show([None, True, 1.5, "\x1b[31m", "a\u202eb"])
        assert await app.find(text, pilot) == "1 of 1"
        assert app.tree.path == path


async def test_a_scalar_alone_is_found_too() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show("needle")
        assert await app.find("needle", pilot) == "1 of 1"
        assert app.tree.path == "$"


async def test_a_match_far_down_an_array_comes_without_all_before_it() -> None:
    app = TreeApp()
    value = {"items": [{"n": index} for index in range(100_000)]}
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show(value)
        app.tree.focus()
        assert await app.find("77777", pilot) == "1 of 1"
        assert app.tree.path == "$.items[77777].n"
        assert any("77777" in line for line in app.shown())
        items = app.tree.root.children[0]
        assert len(items.children) < 1_100
        assert await app.find("70001", pilot) == "1 of 1"
        assert app.tree.path == "$.items[70001].n"
        shown = [str(node.data.key) for node in items.children if hasattr(node.data, "key")]
        assert shown == sorted(shown, key=int)
        gaps = [node.data for node in items.children if hasattr(node.data, "stop")]
        total = len(shown) + sum(gap.stop - gap.start for gap in gaps)  # type: ignore[union-attr]
        assert total == 100_000
        await pilot.press("g", "G", "enter")
        await pilot.pause()
        assert len(items.children) < 2_100


async def test_a_search_in_a_large_value_ends_at_many_matches() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show([f"needle {index}" for index in range(30_000)])
        assert await app.find("needle", pilot) == "1 of 10,000+"


async def test_what_was_sought_stays_sought_in_another_value() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.tree.show({"a": 1})
        assert await app.find("a", pilot) == "1 of 1"
        app.complete.clear()
        app.tree.show({"b": {"a": "a"}, "a": 2})
        async with asyncio.timeout(10):
            await app.complete.wait()
        assert app.found[-1].words == "0 of 2"
        assert app.tree.path == "$.b"
        app.tree.focus()
        await pilot.press("n")
        assert app.tree.path == "$.b.a"


# opening and folding


async def test_all_is_opened_and_folded() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show({"a": {"b": {"c": [1, {"d": 2}]}}, "e": 3})
        app.tree.focus()
        await pilot.press("e")
        await pilot.pause()
        assert [line.lstrip("│├└ ") for line in app.shown()[:7]] == [
            "▾ a  {1}",
            "▾ b  {1}",
            "▾ c  [2]",
            "0  1",
            "▾ 1  {1}",
            "d  2",
            "e  3",
        ]
        await pilot.press("j", "j", "j", "E")
        await pilot.pause()
        assert [line.strip() for line in app.shown()[:3]] == ["▸ a  {1}", "e  3", ""]
        assert app.tree.path == "$.a"


async def test_opening_all_of_a_large_value_is_bounded() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show([[list(range(50)) for _ in range(50)] for _ in range(50)])
        app.tree.focus()
        await pilot.press("e")
        await pilot.pause()
        assert app.tree.last_line < 3_000


# expressions


async def test_an_expression_shows_only_where_it_leads() -> None:
    app = TreeApp()
    value = {"orders": [{"id": 1, "x": {"y": "deep"}}, {"id": 2}]}
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show(value)
        app.tree.focus()
        places = await app.tree.show_path("$.orders[*]")
        await pilot.pause()
        assert [place.path for place in places.found] == ["$.orders[0]", "$.orders[1]"]
        assert [line.strip() for line in app.shown()[:2]] == [
            "▸ $.orders[0]  {2}",
            "▸ $.orders[1]  {1}",
        ]
        assert await app.find("deep", pilot) == "1 of 1"
        assert app.tree.path == "$.orders[0].x.y"
        with pytest.raises(FilterError):
            await app.tree.show_path("orders[")
        assert app.tree.path == "$.orders[0].x.y"
        await app.tree.show_path("$..nothing")
        await pilot.pause()
        assert "leads nowhere" in app.shown()[0]
        assert app.tree.cursor_item is None
        assert app.tree.path == "$"
        await app.tree.show_path(" ")
        await pilot.pause()
        assert app.shown()[0].strip() == "▸ orders  [2]"


async def test_of_very_many_places_the_first_are_shown() -> None:
    app = TreeApp()
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show(list(range(MOST * 2)))
        app.tree.focus()
        await app.tree.show_path("$[*]")
        await pilot.press("G", "k", "enter", "G")
        await pilot.pause()
        assert "a narrower expression" in "".join(app.shown())


async def test_values_deeper_than_the_screen_are_no_trouble() -> None:
    app = TreeApp()
    deep: Any = "needle"
    for _ in range(900):
        deep = [deep]
    async with app.run_test(size=(60, 14)) as pilot:
        app.tree.show(deep)
        app.tree.focus()
        assert await app.find("needle", pilot) == "1 of 1"
        assert app.tree.path.startswith("$[0][0]")
        await pilot.press("e", "G", "E")
        await pilot.pause()
        assert app.tree.last_line == 0
