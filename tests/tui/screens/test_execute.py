"""Running an action from the app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from cxtop.core.models import Exchange
from cxtop.core.simulator.serve import simulator
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.exchanges import ExchangesScreen
from cxtop.tui.screens.execute import ExecuteScreen, again
from cxtop.tui.screens.inspector import InspectorScreen
from cxtop.tui.widgets.jsoneditor import JsonEditor, inert
from cxtop.tui.widgets.jsontree import JsonTree
from cxtop.tui.widgets.panel import Panel

from ..captured import exchange
from ..stage import at_rest, calm, live
from .acting import app_on


@asynccontextmanager
async def running(
    folder: Path, size: tuple[int, int] = (130, 36), **changes: object
) -> AsyncIterator[tuple[CxtopApp, Pilot[Any]]]:
    async with simulator("calm") as told:
        app = app_on(told, folder, **changes)
        async with app.run_test(size=size) as pilot:
            await live(pilot)
            await pilot.press("R")
            await calm(pilot)
            yield app, pilot


def told_in(app: CxtopApp, which: str) -> str:
    rows = app.screen.query_one(which, Panel)._shown
    return " ".join(" ".join("".join(text for text, _ in row) for row in rows).split())


async def write(pilot: Pilot[Any], action: str, text: str | None = None) -> None:
    pilot.app.screen.query_one("#action", Input).value = action
    if text is not None:
        pilot.app.screen.query_one(JsonEditor).text = text
    await calm(pilot)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await at_rest(pilot, 0.01)


@pytest.mark.parametrize("size", [(130, 36), (40, 12)])
async def test_the_answer_is_told(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(tmp_path, size) as (app, pilot):
        assert isinstance(app.screen, ExecuteScreen)
        for action, words in (
            ("ok", "The answer is good"),
            ("html", "Scheduled maintenance"),
            ("forbidden", "data:action:execute"),
        ):
            await write(pilot, action)
            await pilot.press("ctrl+r")
            await calm(pilot)
            assert words in told_in(app, "#outcome")


async def test_what_it_has_to_fit_can_be_set(tmp_path: Path) -> None:
    schema = tmp_path / "wanted.json"
    schema.write_text('{"title": "customer", "required": ["iban"]}')
    async with running(tmp_path) as (app, pilot):
        await write(pilot, "token-expired")
        await pilot.press("ctrl+t", "down", "enter", "ctrl+r")
        await calm(pilot)
        assert "which expired at" in told_in(app, "#outcome")
        tree = app.screen.query_one("#result", JsonTree)
        assert tree._value["token"] == "[redacted]"
        await pilot.press("ctrl+t", "down", "down", "enter")
        app.screen.query_one(Input).value = str(schema)
        await pilot.press("enter")
        await calm(pilot)
        await write(pilot, "ok")
        await pilot.press("ctrl+r")
        await calm(pilot)
        assert "$.result.iban" in told_in(app, "#outcome")
        await pilot.press("ctrl+t", "down", "down", "enter", *"no", "enter")
        await calm(pilot)
        assert any("no cannot be read" in note.message for note in app._notifications)
        await pilot.press("ctrl+t", "enter", "ctrl+r")
        await calm(pilot)
        assert "The answer is good" in told_in(app, "#outcome")


async def test_the_input_is_checked_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "echo.json").write_text('{"input": {"required": ["phone", "name"]}}')
    async with running(tmp_path) as (app, pilot):
        await write(pilot, "ok", '{\n  "a": x}')
        assert "line 2, column 8" in told_in(app, "#check")
        await write(pilot, "echo", "{}")
        assert "$.phone" in told_in(app, "#check")
        await pilot.press("ctrl+r")
        await calm(pilot)
        assert "Ctrl+R" in told_in(app, "#outcome")
        await write(pilot, "echo", '{"phone": "1", "name": "n"}')
        assert "fits the action's schema" in told_in(app, "#check")
        await pilot.press("ctrl+r")
        await calm(pilot)
        assert "The answer is good" in told_in(app, "#outcome")


async def test_the_last_inputs_come_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("ctrl+l")
        await calm(pilot)
        assert any("No action is known" in note.message for note in app._notifications)
        for number in (1, 2):
            await write(pilot, "echo", json.dumps({"n": number}))
            await pilot.press("ctrl+r")
            await calm(pilot)
        await pilot.press("ctrl+l")
        await calm(pilot)
        assert app.screen.query_one(OptionList).option_count == 2
        await pilot.press("down", "enter")
        await calm(pilot)
        assert json.loads(app.screen.query_one(JsonEditor).text) == {"n": 1}
        await write(pilot, "")
        await pilot.press("ctrl+l")
        await calm(pilot)
        await pilot.press("enter")
        await calm(pilot)
        assert app.screen.query_one("#action", Input).value == "echo"


async def test_it_opens_in_the_inspector_and_runs_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("ctrl+o")
        assert any("Run it first" in note.message for note in app._notifications)
        await write(pilot, "echo", '{"n": 7}')
        await pilot.press("ctrl+r")
        await calm(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen))
        await calm(pilot)
        await pilot.press("R")
        await calm(pilot)
        assert isinstance(app.screen, ExecuteScreen)
        assert app.screen.action_id == "echo"
        assert json.loads(app.screen.query_one(JsonEditor).text) == {"n": 7}
        for _ in range(3):
            await pilot.press("escape")
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, ExchangesScreen))
        await until(pilot, lambda: app.screen.table.cursor_row is not None)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, ExecuteScreen))


async def test_what_has_begun_is_seen_to_its_end(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await write(pilot, "null-result")
        screen = app.screen
        assert isinstance(screen, ExecuteScreen)
        screen.action_run()
        screen.action_run()
        await pilot.press("escape")
        await calm(pilot)
        assert not isinstance(app.screen, ExecuteScreen)
        log = tmp_path / "data" / "captures" / "executed.jsonl"
        assert log.read_bytes().count(b"\n") == 1


async def test_without_an_id_or_a_platform_that_can_it_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, platform="cxone") as (app, pilot):
        await pilot.press("ctrl+r")
        assert any("Which action" in note.message for note in app._notifications)
        await write(pilot, "ok")
        await pilot.press("enter")
        await calm(pilot)
        assert "The platform cxone has no call" in told_in(app, "#outcome")


def test_a_flows_call_has_its_variables_run_again() -> None:
    screen = again(exchange(3))
    assert (screen._action_id, screen._value) == ("assist", {"customer_id": "c-3", "amount": 129.9})
    bare = Exchange.model_validate({**exchange(3).model_dump(), "request": {}})
    assert again(bare)._value == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{\r\n\t"a": 1}', '{\n  "a": 1}'),
        ('"\x1b]52;c;aGk=\x07"', '"\\u001b]52;c;aGk=\\u0007"'),
        ('"\x9b31m \u202e"', '"\\u009b31m \\u202e"'),
        ('"Jürgen 🙂"', '"Jürgen 🙂"'),
    ],
)
def test_no_text_drives_the_terminal(text: str, shown: str) -> None:
    assert inert(text) == shown


async def test_what_is_pasted_is_made_inert(tmp_path: Path) -> None:
    from textual.events import Paste

    async with running(tmp_path) as (app, pilot):
        editor = app.screen.query_one(JsonEditor)
        editor.focus()
        editor.text = ""
        editor.post_message(Paste('{"a": "\x1b[2J"}'))
        await calm(pilot)
        assert editor.text == '{"a": "\\u001b[2J"}'
