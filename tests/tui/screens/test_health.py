"""Screen 4 over a real monitor: figures of a platform beside those of captured exchanges."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from cxtop.core.live import Monitor
from cxtop.core.models import ActionHealth, HealthSource, HealthState
from cxtop.core.store import Store
from cxtop.tui.screens.execute import ExecuteScreen
from cxtop.tui.screens.health import HealthScreen
from cxtop.tui.widgets.dialogs import Ask, Choose
from cxtop.tui.widgets.panel import Panel
from cxtop.tui.widgets.roomrule import RoomRule

from ..healthy import CAPTURED, LONG, LOOKUP, POINTS, REFUND, SURVEY, figures, healthy, prepare
from ..stage import HOSTILE, NOW, at_rest, calm, live, pressing, staged, until

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}


async def opened(pilot: Pilot[Any], *keys: str) -> HealthScreen:
    await pressing("4")(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, HealthScreen)
    await pressing(*keys)(pilot)
    return screen


def monitor_of(pilot: Pilot[Any]) -> Monitor:
    monitor = pilot.app.monitor  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(monitor, Monitor)
    return monitor


def known(pilot: Pilot[Any], action_id: str) -> ActionHealth:
    found = monitor_of(pilot).health.action(action_id)
    assert found is not None
    return found


def ids(screen: HealthScreen) -> list[str]:
    return [row.action_id for row in screen.table.rows if row is not None]


def told(screen: HealthScreen) -> str:
    return str(screen.query_one("#health-panel", Panel).content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    asyncio.run(prepare(tmp_path))
    return tmp_path


SCENES: dict[str, tuple[str, tuple[str, ...]]] = {
    "health": ("80x24", ("4",)),
    "wide": ("140x40", ("4", "j", "j", "space")),
    "troubled": ("80x24", ("4", "G")),
    "silence": ("80x24", ("4", "j", "z")),
}


@pytest.mark.parametrize("scene", SCENES)
def test_picture(snap_compare: Any, folder: Path, scene: str) -> None:
    size, keys = SCENES[scene]
    assert snap_compare(healthy(folder), terminal_size=SIZES[size], run_before=pressing(*keys))


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60)], ids=["40x12", "60x16", "200x60"])
def test_other_sizes(snap_compare: Any, folder: Path, size: tuple[int, int]) -> None:
    assert snap_compare(healthy(folder), terminal_size=size, run_before=pressing("4"))


def test_in_light(snap_compare: Any, folder: Path) -> None:
    app = healthy(folder, theme="cxtop-light")
    assert snap_compare(app, terminal_size=(120, 40), run_before=pressing("4"))


def test_without_colour(snap_compare: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(healthy(folder), terminal_size=(120, 40), run_before=pressing("4"))


def test_with_nothing_to_follow(snap_compare: Any, tmp_path: Path) -> None:
    app = staged(tmp_path, runs={})
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing("4"))


async def test_the_worst_is_first_and_sources_are_told(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        assert ids(screen) == [REFUND, LOOKUP, CAPTURED, LONG, HOSTILE, SURVEY, POINTS]
        states = {row.action_id: row.state for row in screen.table.rows if row}
        assert states[REFUND] is HealthState.SILENCED
        assert states[LOOKUP] is HealthState.ABOVE
        assert states[LONG] is states[CAPTURED] is HealthState.PENDING
        report = known(pilot, CAPTURED).report
        assert report is not None
        assert (report.source, report.executions, report.errors) == (HealthSource.CAPTURES, 60, 7)
        screen.table.move_to(4)
        await calm(pilot)
        painted = pilot.app.export_screenshot()
        assert "[/etc/x]" in painted
        assert "\x1b" not in painted
        assert "\u202e" not in painted


async def test_where_figures_come_from_is_told_in_narrow_tables_too(folder: Path) -> None:
    async with healthy(folder).run_test(size=(60, 16)) as pilot:
        screen = await opened(pilot)
        head, *rows = (screen.table.render_line(y).text for y in range(4))
        assert "SOURCE" in head
        assert any("captures" in row for row in rows)


async def test_the_action_under_the_cursor_is_run(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "j")
        wanted = screen.table.cursor_key
        await pressing("R")(pilot)
        assert isinstance(pilot.app.screen, ExecuteScreen)
        assert pilot.app.screen.action_id == wanted
        await pressing("escape", "enter", "R")(pilot)
        assert isinstance(pilot.app.screen, ExecuteScreen)
        assert pilot.app.screen.action_id == wanted


async def test_the_badge_is_on_every_room_and_goes_when_one_is_silenced(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        await live(pilot)
        rule = pilot.app.screen.query_one(RoomRule)
        assert "▲1" in str(rule.render())
        await monitor_of(pilot).health.silence(LOOKUP, 60.0)
        async with asyncio.timeout(5):
            while "▲" in str(rule.render()):
                await at_rest(pilot, 0.01)


async def test_trouble_stands_in_place_and_leaves_the_rest_in_view(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "G")
        assert screen.table.cursor_key == POINTS
        assert "answered 503" in told(screen)
        assert "asked again in a minute" in told(screen)
        assert len(known(pilot, POINTS).history) == 120
        assert len(screen.table.rows) == 7


async def test_the_order_is_chosen_and_turned(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "o")
        dialog = pilot.app.screen
        assert isinstance(dialog, Choose)
        options = dialog.query_one(OptionList)
        options.highlighted = [key for key, _ in dialog._options].index("executions")
        await pilot.press("enter")
        await calm(pilot)
        assert ids(screen)[-1] == LONG
        await pilot.press("o", "enter")
        await calm(pilot)
        assert ids(screen)[0] == LONG


async def test_the_filter_finds_codes_and_states_and_esc_shows_all(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "/", *"ledger", "enter")
        assert ids(screen) == [REFUND]
        await pilot.press("escape")
        await calm(pilot)
        assert len(ids(screen)) == 7
        await pilot.press("/", *"captures pending", "enter")
        await calm(pilot)
        assert ids(screen) == [CAPTURED]


async def test_an_action_is_followed_and_let_go(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "a")
        assert isinstance(pilot.app.screen, Ask)
        pilot.app.screen.query_one(Input).value = "new-one"
        await pilot.press("enter")
        await calm(pilot)
        assert "new-one" in ids(screen)
        await pilot.press("G")
        screen.table.move_to(ids(screen).index("new-one"))
        await pilot.press("u")
        await calm(pilot)
        assert "new-one" not in ids(screen)
    async with await Store.open(folder / "store.sqlite3") as store:
        query = "SELECT followed FROM health_actions WHERE action_id = 'new-one'"
        assert await store.readers.read(lambda c: c.execute(query).fetchone()) == (0,)


async def test_marked_actions_are_silenced_and_told_of_again(folder: Path) -> None:
    async with healthy(folder).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "j", "space", "space", "z", "down", "enter")
        assert pilot.app.screen is screen
        for action_id in (LOOKUP, CAPTURED):
            assert known(pilot, action_id).silenced_until == NOW + timedelta(hours=1)
        assert known(pilot, LONG).silenced_until is None
        await pilot.press("z", "end", "enter")
        await calm(pilot)
        assert known(pilot, LOOKUP).silenced_until is None
        await pilot.press("escape")
        assert screen.table.marks == set()
        screen.table.move_to(1)
        await pilot.press("z", "end", "enter")
        await calm(pilot)
        assert known(pilot, LOOKUP).state is HealthState.SILENCED
        assert "silent until it recovers" in told(screen)
        await pilot.press("y")
        assert pilot.app.clipboard == LOOKUP


async def test_refresh_asks_again(folder: Path) -> None:
    app = healthy(folder, figures={LOOKUP: figures(("ODD", 3, None), good=97)})
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        monitor = monitor_of(pilot)
        heard: list[str] = []
        stop = monitor.changes.subscribe(
            lambda changes: heard.extend(c.key for c in changes if c.kind == "health")
        )
        monitor.resume()
        await pilot.press("space", "r")
        marked = next(iter(screen.table.marks))
        await until(monitor, lambda: marked in heard)
        stop()


async def test_what_is_old_is_dim_and_says_its_age(folder: Path) -> None:
    app = healthy(folder, now=lambda: NOW + timedelta(hours=2))
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        row = screen.table.rows[1]
        assert row is not None
        cells = {column.key: column.cell(row, 20) for column in screen.table.columns}
        assert cells["action"] == ((LOOKUP, "dim"),)
        assert cells["age"] == (("2 h", "warn"),)
        assert "figures 2 h old" in str(screen.query_one("#health-rule").render())
