"""The export dialog: what it proposes, what it asks, and what it writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.scope import Part
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.export import ExportDialog
from cxtop.tui.screens.runs import RunsScreen
from cxtop.tui.widgets.choice import Choice
from cxtop.tui.widgets.dialogs import Choose
from cxtop.tui.widgets.pathinput import PathInput

from ..captured import log_of
from ..stage import RUNS, at_rest, calm, live, pressing, staged


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await at_rest(pilot, 0.01)
    await pilot.pause()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which cxtop is started."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


async def dialog(pilot: Pilot[Any], *keys: str) -> ExportDialog:
    """The dialog that x opens after these keys (`/crm` are several), once it has counted."""
    await live(pilot)
    for key in (*keys, "x"):
        await pilot.press(*(key if key.startswith("/") else [key]))
        await calm(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ExportDialog)
    return screen


def said(screen: ExportDialog, name: str) -> str:
    return str(screen.query_one(f"#export-{name}", Static).render())


def files(place: Path) -> list[Path]:
    return sorted(place.iterdir())


def offered(screen: ExportDialog) -> list[str]:
    return [words for _, words in screen.query_one("#export-scope", Choice)._options]


def told(app: CxtopApp) -> str:
    return " ".join(n.message for n in app._notifications)


SIZES = {"120x40": (120, 40), "80x24": (80, 24), "40x12": (40, 12)}
SCENES: dict[str, tuple[tuple[str, ...], str]] = {
    "dialog-120x40": (("x",), "120x40"),
    "dialog-80x24": (("x",), "80x24"),
    "dialog-40x12": (("x",), "40x12"),
    "strict": (("x", "down", "down", "left"), "80x24"),
    "no-room": (("x", "down", "right", "right", "right"), "80x24"),
    "picture": (("x", "down", "left"), "80x24"),
    "fault": (("x", "up", "slash", "enter"), "80x24"),
    "fault-40x12": (("x", "up", "slash", "enter"), "40x12"),
}


@pytest.mark.parametrize("scene", SCENES)
def test_picture(
    snap_compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    monkeypatch.chdir("/")
    keys, size = SCENES[scene]
    app = staged(tmp_path)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressing(*keys))


async def test_what_is_on_screen_is_counted_and_what_would_be_masked_shown(
    tmp_path: Path, place: Path
) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        assert screen.focused is screen.query_one("#export-scope")
        assert "8 runs, 28 polls, 149 failed records" in said(screen, "counts")
        assert "KB" in said(screen, "counts")
        assert said(screen, "masked") == "nothing left to mask"
        await pilot.press("tab", "tab", "left")
        await calm(pilot)
        assert "masks value of email ×149" in said(screen, "masked")
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)
        assert not files(place)


async def test_enter_writes_what_is_marked(tmp_path: Path, place: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot, "j", "space")
        assert offered(screen)[0] == "the 1 marked run"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not screen)
        (path,) = files(place)
        assert path.name == "cxtop-1-marked-run-20260304-143207.cxsnap"
        assert "Written: " in told(app)
        assert "1 run, 1 poll, 134 failed records, 1 call" in told(app)
        with Bundle.open(path) as bundle:
            assert bundle.manifest.profile == "acme-prod"
            assert [run.run_id for run in bundle.records(Part.RUNS)] == ["crm-backfill"]  # pyright: ignore[reportAttributeAccessIssue]


async def test_a_file_that_is_there_is_replaced_only_when_that_is_wanted(
    tmp_path: Path, place: Path
) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        path = place / "cxtop-all-watched-runs-20260304-143207.cxsnap"
        path.write_text("precious")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await calm(pilot)
        assert app.screen is screen
        assert path.read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        with Bundle.open(path) as bundle:
            assert bundle.manifest.counts[Part.RUNS] == len(RUNS)


async def test_without_masking_is_asked_for_again(tmp_path: Path, place: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        await pilot.press("tab", "tab", "right")
        await calm(pilot)
        assert "asks before it writes" in said(screen, "masked")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert app.screen.query_one(OptionList).highlighted == 0
        await pilot.press("escape")
        await calm(pilot)
        assert not files(place)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        with Bundle.open(files(place)[0]) as bundle:
            assert bundle.manifest.strictness == "none"


async def test_another_form_changes_the_ending_and_says_what_has_no_room(
    tmp_path: Path, place: Path
) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        await pilot.press("down", "space")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        names = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        await pilot.press(*["down"] * [" CSV" in name for name in names].index(True), "enter")
        await calm(pilot)
        assert screen.query_one(PathInput).value.endswith(".csv")
        assert "149 failed records" in said(screen, "counts")
        assert "without 8 runs, 28 polls" in said(screen, "counts")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        (path,) = files(place)
        assert len(path.read_text("utf-8-sig").splitlines()) == 150


async def test_what_has_no_room_at_all_is_not_written(tmp_path: Path, place: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot, "3")
        await pilot.press("down", "right", "right", "right")
        await calm(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "has room in that form" in said(screen, "fault"))
        assert not files(place)


async def test_a_place_that_is_not_there_is_told_in_the_dialog(tmp_path: Path, place: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await dialog(pilot)
        line = screen.query_one(PathInput)
        line.focus()
        for value, fault in (
            ("nowhere/x.cxsnap", "There is no folder"),
            ("nowhere/", "There is no folder"),
            (str(place), "is a folder; add a name"),
        ):
            line.value = value
            await pilot.pause()
            await pilot.press("enter")
            await until(pilot, lambda fault=fault: fault in said(screen, "fault"))
        await pilot.press("a")
        assert not screen.query_one("#export-fault").display


async def test_esc_ends_the_writing_and_leaves_nothing(tmp_path: Path, place: Path) -> None:
    log_of(tmp_path / "captures", 3000)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot, "2")
        (old := place / "old.json").write_text("whole")
        await pilot.press("down", "right")
        screen.query_one(PathInput).value = str(old)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        # The pilot would wait until it is written.
        app.simulate_key("down")
        app.simulate_key("enter")
        async with asyncio.timeout(20):
            while screen._progress is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)
        app.simulate_key("escape")
        await until(pilot, lambda: screen._writing is None)
        assert app.screen is screen
        assert "Cancelled; nothing was written." in said(screen, "fault")
        assert [path.name for path in files(place)] == ["old.json"]
        assert old.read_text() == "whole"


async def test_a_picture_of_the_screen_asks_nobody_for_fonts(tmp_path: Path, place: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        await pilot.press("down", "left")
        await calm(pilot)
        assert "120 × 40" in said(screen, "counts")
        assert screen.query_one("#export-mask").disabled
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        (path,) = files(place)
        assert path.name == "cxtop-screen-20260304-143207.svg"
        svg = path.read_text()
        assert "crm-backfill" in svg
        assert "Export" not in svg
        assert "url(http" not in svg
        assert "@font-face" not in svg


OFFERS: tuple[tuple[str, list[str]], ...] = (
    ("", ["all watched runs", "run nightly-contact-import, with all that is its"]),
    ("/crm enter", ["the 1 run shown", "run crm-backfill, with all that is its"]),
    (
        "enter",
        ["run crm-backfill, with all that is its", "the failed records of crm-backfill"],
    ),
    ("tab enter", ["the record rec_00000"]),
    ("escape l", ["run crm-backfill, with all that is its", "the calls for crm-backfill"]),
    ("2", ["all exchanges"]),
    ("enter", ["this exchange"]),
    (
        "escape g space space /status:5xx enter",
        ["the 2 marked exchanges", "the exchanges that match status:5xx", "all exchanges"],
    ),
    ("3", ["the calls to the platform", "the calls for crm-backfill"]),
    ("enter", ["the calls for crm-backfill"]),
    ("escape 4", ["the health reports", "the exchanges of assist"]),
    ("enter", ["the exchanges of assist", "the health reports"]),
    (
        "escape 5",
        ["failures, dead letters and the audit log", "the failure of crm-backfill, with its runs"],
    ),
    ("enter", ["the failure of crm-backfill, with its runs"]),
)
"""What is offered after these keys, each list from where the one before has led."""


async def test_each_screen_says_what_it_offers(tmp_path: Path, place: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        for keys, titles in OFFERS:
            screen = await dialog(pilot, *keys.split())
            assert offered(screen) == [*titles, "everything that is kept"]
            assert "nothing" not in said(screen, "counts")
            await pilot.press("escape")


async def test_tab_completes_the_folder_on_the_way(tmp_path: Path, place: Path) -> None:
    (place / "evidence").mkdir()
    (place / "evidence" / "crm\x1b[2J").mkdir()
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dialog(pilot)
        line = screen.query_one(PathInput)
        line.focus()
        line.value = ""
        await pilot.press(*"evi")
        await until(pilot, lambda: line._suggestion == "evidence/")
        await pilot.press("tab")
        assert line.value == "evidence/"
        await pilot.press("c")
        await calm(pilot)
        await pilot.press("tab")
        assert line.value == "evidence/c"
        assert screen.focused is screen.query_one("#export-scope")


async def test_json_holds_what_was_chosen(tmp_path: Path, place: Path) -> None:
    log_of(tmp_path / "captures", 24)
    app = staged(tmp_path)
    async with app.run_test(size=(40, 12)) as pilot:
        screen = await dialog(pilot, "2", "enter")
        await pilot.press("down", "right", "enter")
        await until(pilot, lambda: app.screen is not screen)
        (path,) = files(place)
        assert len(json.loads(path.read_text())["exchanges"]) == 1
