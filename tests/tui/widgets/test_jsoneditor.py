"""The JSON editor: its colours, and where they end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cxtop.tui.themes import DARK, LIGHT
from cxtop.tui.widgets.jsoneditor import MOST_COLOURED, JsonEditor

TEXT = '{"name": "Ada", "age": 36, "ok": true, "gone": null}'


class Desk(App[None]):
    def compose(self) -> ComposeResult:
        yield JsonEditor(TEXT)

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name


@asynccontextmanager
async def editing() -> AsyncIterator[tuple[JsonEditor, Pilot[Any]]]:
    async with Desk().run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        yield pilot.app.query_one(JsonEditor), pilot


def colours_of(editor: JsonEditor, y: int = 0) -> dict[str, str]:
    """The colour in which each piece of a line is painted."""
    painted: dict[str, str] = {}
    for segment in editor.render_line(y):
        colour = segment.style.color if segment.style else None
        if segment.text.strip() and colour is not None:
            painted[segment.text.strip()] = colour.name
    return painted


async def test_the_parts_of_json_have_the_colours_of_the_theme() -> None:
    async with editing() as (editor, pilot):
        dark = colours_of(editor)
        assert dark['"name"'] == DARK.primary
        assert dark["36"] == dark["true"] == dark["null"] == DARK.accent
        assert dark['"Ada"'] == DARK.foreground
        pilot.app.theme = LIGHT.name
        await pilot.pause()
        light = colours_of(editor)
        assert light['"name"'] == LIGHT.primary
        assert light["36"] == LIGHT.accent


async def test_colours_follow_what_is_written() -> None:
    async with editing() as (editor, pilot):
        editor.put({"née": [1.5, "x"]})
        editor.focus()
        editor.move_cursor((1, 2))
        await pilot.press(*'"later"')
        await pilot.press("colon", "4", "2", "comma")
        painted = colours_of(editor, 1)
        assert painted['"later"'] == painted['née"'] == DARK.primary  # the cursor is on its quote
        assert painted["42"] == DARK.accent


async def test_what_is_broken_keeps_its_colours() -> None:
    async with editing() as (editor, _):
        editor.load_text('{"a": 1,\n "b": ')
        assert colours_of(editor)['"a"'] == DARK.primary


@pytest.mark.parametrize("way", ["put", "pasted", "typed"])
async def test_a_long_text_has_no_colours_until_it_is_short_again(way: str) -> None:
    long = "x" * (MOST_COLOURED - 20)
    async with editing() as (editor, pilot):
        if way == "put":
            editor.put({"long": long, "more": "y" * 40})
        elif way == "pasted":
            editor.put({})
            editor.move_cursor((0, 1))
            editor.post_message(events.Paste(f'"long": "{long}", "more": "{"y" * 40}"'))
        else:
            editor.load_text(json.dumps({"long": long}))
            assert editor.language == "json"
            editor.focus()
            editor.move_cursor((0, 1))
            await pilot.press(*"yyyyyyyyyyyyyyy")
            assert editor.selection.end == (0, 16)
        await pilot.pause()
        assert len(editor.text) > MOST_COLOURED
        assert editor.language is None
        editor.put({"a": 1})
        assert colours_of(editor, 1)['"a"'] == DARK.primary


def test_the_start_of_the_app_does_not_pay_for_colours() -> None:
    asked = "import sys, cxtop.tui.app, cxtop.tui.screens.runs; print('tree_sitter' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == "False"
