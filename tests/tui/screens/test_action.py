"""An action's page: its course as a chart, its codes, the report, and the way to its exchanges."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cxtop.core.live import reporting
from cxtop.tui.screens.action import ActionScreen
from cxtop.tui.screens.exchanges import ExchangesScreen
from cxtop.tui.screens.health import HealthScreen
from cxtop.tui.widgets.course import Course
from cxtop.tui.widgets.filterline import FilterLine
from cxtop.tui.widgets.panel import Panel
from cxtop.tui.widgets.rule import Rule

from ..healthy import CAPTURED, LOOKUP, healthy, prepare
from ..stage import at_rest, calm, pressing
from .test_health import known, opened

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
ABOVE = ("4", "j", "enter")
SCENES: dict[str, tuple[str, tuple[str, ...]]] = {
    "above-80": ("80x24", ABOVE),
    "above-120": ("120x40", ABOVE),
    "above-200": ("200x60", ABOVE),
    "report": ("80x24", (*ABOVE, "m")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    asyncio.run(prepare(tmp_path))
    return tmp_path


async def page(pilot: Pilot[Any], *keys: str) -> ActionScreen:
    await opened(pilot)
    await pressing(*keys)(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ActionScreen)
    return screen


@pytest.mark.parametrize("scene", SCENES)
def test_picture(snap_compare: Any, folder: Path, scene: str) -> None:
    size, keys = SCENES[scene]
    assert snap_compare(healthy(folder), terminal_size=SIZES[size], run_before=pressing(*keys))


@pytest.mark.parametrize("size", [(40, 12), (60, 16)], ids=["40x12", "60x16"])
def test_small(snap_compare: Any, folder: Path, size: tuple[int, int]) -> None:
    assert snap_compare(healthy(folder), terminal_size=size, run_before=pressing(*ABOVE))


def test_in_light(snap_compare: Any, folder: Path) -> None:
    app = healthy(folder, theme="cxtop-light")
    assert snap_compare(app, terminal_size=(120, 40), run_before=pressing(*ABOVE))


def test_without_colour(snap_compare: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = healthy(folder)
    assert snap_compare(app, terminal_size=(120, 40), run_before=pressing(*ABOVE))


async def test_it_tells_verdict_totals_and_what_rose(folder: Path) -> None:
    async with healthy(folder).run_test(size=(120, 40)) as pilot:
        screen = await page(pilot, "j", "enter")
        told = str(screen.query_one("#action-story", Panel).content)
        assert "above its threshold of 5 %" in told
        assert "12.36 %  184 of 1,489 calls in 24 h from the platform" in told
        assert "UPSTREAM_TIMEOUT 0.41 → 7.52 %" in told
        assert "AUTH_EXPIRED new" in told
        assert [row.code for row in screen.codes.rows if row][:2] == [
            "UPSTREAM_TIMEOUT",
            "VALIDATION_ERROR",
        ]


async def test_a_code_leads_to_its_exchanges(folder: Path) -> None:
    async with healthy(folder).run_test(size=(120, 40)) as pilot:
        screen = await page(pilot, "j", "j", "enter")
        assert screen.action_id == CAPTURED
        assert not screen.query_one("#rate-course").display
        assert "second look" in str(screen.query_one("#rate-rule", Rule).render())
        await pilot.press("j", "enter")
        await calm(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, ExchangesScreen)
        wanted = f"code:NO_SUCH_STREET action:{CAPTURED}"
        assert shown.query_one(FilterLine).value == wanted
        async with asyncio.timeout(5):
            while len(shown.table.rows) != 3:
                await at_rest(pilot, 0.02)
        await pilot.press("4")
        assert pilot.app.screen is screen
        await pilot.press("k", "enter")
        await calm(pilot)
        # What bore no code counts under what it was, and is found by that.
        wanted = f"(code:NOT_JSON | outcome:not_json) action:{CAPTURED}"
        assert shown.query_one(FilterLine).value == wanted
        async with asyncio.timeout(5):
            while len(shown.table.rows) != 4:
                await at_rest(pilot, 0.02)


async def test_the_report_is_copied_as_it_is_written(folder: Path) -> None:
    async with healthy(folder).run_test(size=(200, 60)) as pilot:
        screen = await page(pilot, "j", "enter")
        health = known(pilot, LOOKUP)
        assert health.report is not None
        text = reporting.as_text(health.report, 5.0, risen=health.risen)
        assert screen.query_one("#report-scroll").region.width > 60
        await pilot.press("y")
        assert pilot.app.clipboard == text
        await pilot.press("m")
        await calm(pilot)
        assert screen.query_one("#action-report").region.width == 0


async def test_without_figures_there_is_no_report_to_copy(folder: Path) -> None:
    async with healthy(folder).run_test(size=(120, 40)) as pilot:
        screen = await page(pilot, "G", "enter", "y")
        assert pilot.app.clipboard == ""
        assert "once there are figures" in str(screen.query_one("#report-text", Static).content)
        assert "answered 503" in str(screen.query_one("#action-story", Panel).content)
        await pilot.press("enter", "escape")
        assert isinstance(pilot.app.screen, HealthScreen)


async def test_what_changes_is_shown_without_a_key(folder: Path) -> None:
    async with healthy(folder).run_test(size=(120, 40)) as pilot:
        screen = await page(pilot, "j", "enter")
        story = screen.query_one("#action-story", Panel)
        assert "nobody is told" not in str(story.content)
        await pilot.press("z", "enter")
        async with asyncio.timeout(5):
            while "nobody is told" not in str(story.content):
                await at_rest(pilot, 0.01)


async def test_the_chart_is_drawn_anew_in_other_colours_and_sizes(folder: Path) -> None:
    async with healthy(folder).run_test(size=(120, 40)) as pilot:
        screen = await page(pilot, "j", "enter")
        course = screen.query_one("#rate-course", Course)
        before = course._drawn_for
        await pilot.press("t")
        await calm(pilot)
        other = course._drawn_for
        assert other[-1] != before[-1]
        await pilot.resize_terminal(80, 30)
        await calm(pilot)
        assert course._drawn_for != other
        await pilot.resize_terminal(60, 16)
        await calm(pilot)
        assert not course.display
        assert "course" in str(screen.query_one("#action-story", Panel).content)


def test_only_this_page_loads_numpy() -> None:
    """Neither the app, nor its help, nor the table of actions waits for it."""
    code = (
        "import sys, cxtop.tui.app, cxtop.tui.screens.help, cxtop.tui.screens.action as action;"
        "sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
