"""JSON as a tree that grows where it is opened."""

from typing import Any

import pytest
from textual.app import App, ComposeResult

from cxtop.tui.widgets.jsontree import JsonTree


class TreeApp(App[None]):
    def compose(self) -> ComposeResult:
        yield JsonTree()

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
