"""Submitting a run from the app."""

from __future__ import annotations

import json
from pathlib import Path

from cxtop.core.simulator.serve import simulator
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.runs import RunsScreen
from cxtop.tui.screens.submit import SubmitDialog
from cxtop.tui.widgets.jsoneditor import JsonEditor

from ..stage import calm, live
from .acting import app_on
from .test_execute import until


def fault_in(app: CxtopApp) -> str:
    return "".join(str(each.render()) for each in app.screen.query(".dialog-fault"))


async def test_a_run_is_submitted_and_watched(tmp_path: Path) -> None:
    async with simulator("calm", platform="cxone") as told:
        app = app_on(told, tmp_path)
        async with app.run_test(size=(100, 30)) as pilot:
            await live(pilot)
            await pilot.press("S")
            await calm(pilot)
            assert isinstance(app.screen, SubmitDialog)
            await pilot.press("ctrl+r")
            assert isinstance(app.screen, SubmitDialog)
            await pilot.press(*"order", "ctrl+r")
            await until(pilot, lambda: len(app.views()) == 1)
            assert isinstance(app.screen, RunsScreen)
            assert app.views()[0].run_id.startswith("order-1-")
            await until(pilot, lambda: any("watched" in n.message for n in app._notifications))


async def test_esc_submits_nothing(tmp_path: Path) -> None:
    async with simulator("calm", platform="cxone") as told:
        app = app_on(told, tmp_path)
        async with app.run_test() as pilot:
            await live(pilot)
            await pilot.press("S", *"order", "escape")
            await calm(pilot)
            assert isinstance(app.screen, RunsScreen)
            assert not app.views()


async def test_what_failed_is_asked_for_again_as_it_was(tmp_path: Path) -> None:
    async with simulator("calm", platform="cxone") as told:
        app = app_on(told, tmp_path, platform="genesys")
        async with app.run_test(size=(100, 30)) as pilot:
            await live(pilot)
            await pilot.press("S", *"order", "ctrl+r")
            await until(pilot, lambda: "has no call" in fault_in(app))
            assert json.loads(app.screen.query_one(JsonEditor).text)["actionType"] == "order"
