"""Screen 5 over a real store, with a real webhook where one is needed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TabbedContent

from cxtop.core.models import AuditEvent, LetterState
from cxtop.core.store import Store
from cxtop.tui.screens.failure import FailureScreen
from cxtop.tui.screens.recovery import RecoveryScreen
from cxtop.tui.widgets.dialogs import Ask, Choose
from cxtop.tui.widgets.roomrule import RoomRule
from cxtop.tui.widgets.table import Table

from ...core.live.recovering import LetterBox
from ...core.platforms.server import serving
from ..recovered import LATER, prepare
from ..stage import at_rest, calm, live, pressing, staged

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}


def app_in(folder: Path, **more: Any) -> Any:
    return staged(folder, runs={}, now=lambda: LATER, **more)


async def opened(pilot: Pilot[Any], *keys: str) -> RecoveryScreen:
    await live(pilot)
    for key in ("5", *keys):
        await pilot.press(key)
        await calm(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, RecoveryScreen)
    return screen


SCENES: dict[str, tuple[str, ...]] = {
    "failures": ("5",),
    "failure": ("5", "G", "enter"),
    "letters": ("5", "l"),
    "deliver": ("5", "l", "D"),
    "discard": ("5", "l", "space", "space", "X"),
    "audit": ("5", "h"),
    "audit-filter": ("5", "h", "/", "p", "a", "r", "t"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    asyncio.run(prepare(tmp_path))
    return tmp_path


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_picture(snap_compare: Any, folder: Path, scene: str, size: str) -> None:
    app = app_in(folder, webhook="http://127.0.0.1:9/hook")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressing(*SCENES[scene]))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", ["", "l", "h"])
def test_empty(snap_compare: Any, tmp_path: Path, tab: str, size: str) -> None:
    asyncio.run(empty(tmp_path))
    keys = ("5", tab) if tab else ("5",)
    assert snap_compare(app_in(tmp_path), terminal_size=SIZES[size], run_before=pressing(*keys))


async def empty(folder: Path) -> None:
    async with await Store.open(folder / "store.sqlite3") as store:
        assert await store.check() is None


async def test_a_letter_is_delivered_only_when_one_says_yes(tmp_path: Path) -> None:
    await prepare(tmp_path)
    box = LetterBox()
    async with (
        serving(box) as hook,
        app_in(tmp_path, webhook=hook.url).run_test(size=(140, 40)) as pilot,
    ):
        screen = await opened(pilot, "l")
        assert screen.query_one(TabbedContent).active == "letters"
        error_id = screen.letters.cursor_key
        await pilot.press("D")
        await calm(pilot)
        assert isinstance(pilot.app.screen, Choose)
        await pilot.press("enter")
        await calm(pilot)
        assert box.letters == []
        await pilot.press("D")
        await calm(pilot)
        await pilot.press("down", "enter")
        async with asyncio.timeout(10):
            while not box.taken or _state(screen, error_id) is not LetterState.DELIVERED:
                await at_rest(pilot, 0.02)
        assert [letter["error_id"] for letter in box.taken] == [error_id]


def _state(screen: RecoveryScreen, error_id: str | None) -> LetterState | None:
    rows = [row for row in screen.letters.rows if row is not None]
    return next((row.state for row in rows if row.error_id == error_id), None)


async def test_marked_letters_are_discarded_for_a_reason(tmp_path: Path) -> None:
    await prepare(tmp_path)
    async with app_in(tmp_path).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "l", "space", "j", "space")
        marked = set(screen.letters.marks)
        assert f"{len(marked)} letters marked" in str(screen.query_one(RoomRule).render())
        assert len(marked) == 2
        await pilot.press("X")
        await calm(pilot)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Ask), "Enter alone discards nothing"
        pilot.app.screen.query_one(Input).value = "fixed by hand"
        await pilot.press("enter")
        async with asyncio.timeout(10):
            while {_state(screen, key) for key in marked} != {LetterState.DISCARDED}:
                await at_rest(pilot, 0.02)
        monitor = pilot.app.monitor  # pyright: ignore[reportAttributeAccessIssue]
        entries = (await monitor.recovery.audit("fixed by hand")).items
        assert {entry.error_id for entry in entries} == marked
        assert {entry.event_type for entry in entries} == {AuditEvent.DISCARDED}


async def test_without_a_webhook_delivering_says_what_to_set(tmp_path: Path) -> None:
    await prepare(tmp_path)
    async with app_in(tmp_path).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "l", "D")
        assert pilot.app.screen is screen
        assert any("dead_letter_webhook" in n.message for n in pilot.app._notifications)


async def test_the_filter_narrows_and_esc_shows_all(tmp_path: Path) -> None:
    await prepare(tmp_path)
    async with app_in(tmp_path).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "/", *"crm", "enter")
        assert [row.action_id for row in screen.failures.rows if row] == ["crm-backfill"]
        await pilot.press("escape")
        await calm(pilot)
        assert len(screen.failures.rows) == 8


async def test_the_keys_of_letters_work_on_letters_only(tmp_path: Path) -> None:
    await prepare(tmp_path)
    async with app_in(tmp_path).run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, "D", "X", "space")
        assert pilot.app.screen is screen
        assert screen.letters.marks == set()
        await pilot.press("G", "enter")
        await calm(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, FailureScreen)
        assert shown.recovery.action_id == "crm-backfill"
        await pilot.press("escape")
        assert pilot.app.screen is screen


def test_the_tables_paint_nothing_that_drives_a_terminal(folder: Path) -> None:
    async def look() -> None:
        async with app_in(folder).run_test(size=(200, 40)) as pilot:
            await opened(pilot, "j", "j")
            assert isinstance(pilot.app.screen.query_one("#recoveries"), Table)
            painted = pilot.app.export_screenshot()
            assert "\x1b" not in painted
            assert "\u202e" not in painted
            assert "[/etc/x]" in painted

    asyncio.run(look())
