"""The live tail and one exchange, over a real library that follows a real log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.exchanges import ExchangesScreen
from cxtop.tui.screens.inspector import InspectorScreen
from cxtop.tui.widgets.jsontree import JsonTree
from cxtop.tui.widgets.lines import LinesView
from cxtop.tui.widgets.pane import Pane
from cxtop.tui.widgets.table import Table
from cxtop.tui.widgets.tracepanel import TracePanel

from ..captured import append, exchange, log_of
from ..stage import at_rest, calm, live, staged


async def shown(pilot: Pilot[Any], count: int) -> Table[Any]:
    """Until the table has this many exchanges, read and painted."""
    async with asyncio.timeout(10):
        while True:
            await calm(pilot)
            table = pilot.app.screen.query_one("#exchanges", Table)
            if len(table.rows) == count and all(row is not None for row in visible(table)):
                return table
            await at_rest(pilot, 0.02)


def visible(table: Table[Any]) -> list[Any]:
    first = int(table.scroll_offset.y)
    return [
        table.rows[i] for i in range(first, min(len(table.rows), first + table.size.height - 1))
    ]


async def opened(pilot: Pilot[Any], count: int) -> Table[Any]:
    await live(pilot)
    await pilot.press("2")
    return await shown(pilot, count)


async def inspecting(pilot: Pilot[Any], number: int, count: int = 24) -> InspectorScreen:
    """The inspector on exchange `number`, with its trace."""
    table = await opened(pilot, count)
    table.move_to(number)
    await shown(pilot, count)
    await pilot.press("enter")
    async with asyncio.timeout(10):
        while True:
            await calm(pilot)
            screen = pilot.app.screen
            if isinstance(screen, InspectorScreen) and screen.query_one(TracePanel).table:
                return screen
            await at_rest(pilot, 0.02)


def paint(app: CxtopApp) -> str:
    return app.export_screenshot(simplify=True).replace("&#160;", " ")


async def test_it_follows_what_comes_at_the_end_and_stays_elsewhere(tmp_path: Path) -> None:
    log = log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 16)) as pilot:
        table = await opened(pilot, 24)
        assert table.cursor == 23
        append(log, 24, 6)
        table = await shown(pilot, 30)
        assert table.cursor == 29
        await pilot.press("g")
        append(log, 30, 5)
        table = await shown(pilot, 35)
        assert table.cursor == 0
        assert "+5 new" in paint(app)
        await pilot.press("F")
        await calm(pilot)
        assert table.cursor == 34
        assert "+5 new" not in paint(app)


async def test_a_pause_holds_the_list(tmp_path: Path) -> None:
    log = log_of(tmp_path / "captures", 8)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        table = await opened(pilot, 8)
        await pilot.press("p")
        append(log, 8, 4)
        assert app.library is not None
        async with asyncio.timeout(10):
            while (await app.library.count()).number < 12:
                await at_rest(pilot, 0.02)
        await calm(pilot)
        assert len(table.rows) == 8
        await pilot.press("p")
        await shown(pilot, 12)


async def test_the_filter_narrows_points_at_faults_and_is_remembered(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, 24)
        await pilot.press("/", *"status:5xx", "enter")
        await shown(pilot, 3)
        await pilot.press("/")
        app.screen.query_one(Input).value = "status:5xx ("
        await calm(pilot)
        await pilot.pause(0.3)
        await calm(pilot)
        assert app.screen.query_one("#filter-fault").display
        await pilot.press("escape")
        await shown(pilot, 24)
        await pilot.press("/", "up")
        await shown(pilot, 3)


async def test_the_filter_is_completed(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 8)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, 8)
        await pilot.press("/", *"outc")
        await calm(pilot)
        await pilot.press("tab")
        assert app.screen.query_one(Input).value == "outcome:"


async def test_columns_are_chosen(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 8)
    app = staged(tmp_path)
    async with app.run_test(size=(160, 30)) as pilot:
        table = await opened(pilot, 8)
        await pilot.press("o", "space", "enter")
        await calm(pilot)
        assert "time" not in {column.key for column in table.columns}


async def test_a_failed_one_opens_with_its_diagnosis_and_its_step(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await inspecting(pilot, 17)
        painted = paint(app)
        assert "502 Bad Gateway" in painted
        assert "an HTML page" in painted
        assert "Call CRM action" in painted
        table = screen.query_one(TracePanel).table
        assert table is not None
        assert len(table.rows) == 3


async def test_views_are_chosen_and_text_is_found(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await inspecting(pilot, 17)
        pane = screen.query_one("#response", Pane)
        assert pane.has_focus_within
        pane.choose("raw")
        await calm(pilot)
        assert isinstance(pane.viewer, LinesView)
        await pilot.press("/", *"gateway", "enter")
        await calm(pilot)
        assert "1 of 1" in paint(app)
        await pilot.press("tab")
        await calm(pilot)
        assert screen.pane.which == "request"
        assert isinstance(screen.pane.viewer, JsonTree)
        await pilot.press("m")
        await calm(pilot)
        assert "View of the request" in paint(app)


async def test_values_and_the_whole_are_copied(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await inspecting(pilot, 18)
        await pilot.press("tab", "y")
        await calm(pilot)
        assert app.clipboard == exchange(18).flow_execution_id
        await pilot.press("Y", "enter")
        await calm(pilot)
        assert app.clipboard.startswith(
            "curl -X POST 'http://127.0.0.1:8000/dataaction/webhook?try=1'"
        )
        assert "Bearer [redacted]" in app.clipboard


async def test_brackets_walk_through_the_list(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await inspecting(pilot, 17)
        await pilot.press("]")
        await calm(pilot)
        assert screen.exchange is not None
        assert screen.exchange.id == exchange(18).id
        await pilot.press("[", "[")
        await calm(pilot)
        assert screen.exchange.id == exchange(16).id


async def test_an_exchange_whose_log_is_gone_says_so(tmp_path: Path) -> None:
    log = log_of(tmp_path / "captures", 8)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, 8)
        log.unlink()
        log.parent.rmdir()
        await pilot.press("enter")
        await calm(pilot)
        assert isinstance(app.screen, InspectorScreen)
        assert app.screen.exchange is None
        assert "▲" in paint(app)


async def test_rooms_are_entered_by_number_and_by_mouse(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 8)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, 8)
        await pilot.press("1")
        assert app.current_mode == "runs"
        await pilot.click("#rooms", offset=(14, 0))
        assert isinstance(app.screen, ExchangesScreen)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
def test_picture_of_the_tail(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    log_of(tmp_path / "captures", 24)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 24)

    assert snap_compare(staged(tmp_path), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("number", [17, 19, 20, 22])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
def test_picture_of_one(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], number: int
) -> None:
    log_of(tmp_path / "captures", 24)

    async def steps(pilot: Pilot[Any]) -> None:
        await inspecting(pilot, number)

    assert snap_compare(staged(tmp_path), terminal_size=size, run_before=steps)


def test_picture_of_no_captures(snap_compare: Any, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 0)

    assert snap_compare(staged(tmp_path), terminal_size=(100, 24), run_before=steps)


async def test_a_tree_is_narrowed_by_a_json_path(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await inspecting(pilot, 18)
        await pilot.press("tab", "/", *"$.variables.amount")
        await calm(pilot)
        tree = screen.query_one("#request-tree", JsonTree)
        assert [tree.render_line(0).text.strip()] == ["$.variables.amount  129.9"]
        assert "1 place" in paint(app)
        await pilot.press("escape")
        await calm(pilot)
        assert "flowExecutionId" in tree.render_line(0).text
