"""Retries and their timeline, over a real store."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from cxtop.core.capture.record import encode
from cxtop.core.models import CallState
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.inspector import InspectorScreen
from cxtop.tui.screens.retries import RetriesScreen
from cxtop.tui.screens.timeline import TimelineScreen
from cxtop.tui.widgets.retrytable import retry_columns
from cxtop.tui.widgets.table import Table
from cxtop.tui.widgets.timeline import Timeline

from ..captured import log_of, tried
from ..retried import WAITING, attempt, call, retried
from ..stage import NOW, at_rest, calm, live, staged


async def on_retries(pilot: Pilot[Any]) -> Table[Any]:
    await live(pilot)
    await pilot.press("3")
    await calm(pilot)
    return pilot.app.screen.query_one("#retries", Table)


def ids(table: Table[Any]) -> list[str]:
    return [row.call_id for row in table.rows]


def heading(app: CxtopApp) -> str:
    return str(app.screen.query_one(".heading", Static).content)


def drawn(app: CxtopApp) -> str:
    return app.screen.query_one(Timeline).render().plain


def said(app: CxtopApp) -> str:
    return " ".join(note.message for note in app._notifications)


async def until(pilot: Pilot[Any], holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await at_rest(pilot, 0.02)


async def test_the_newest_is_first_and_those_tried_once_are_not_there(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 30)) as pilot:
        table = await on_retries(pilot)
        found = ids(table)
        assert found[0] == "loyalty-sync"
        assert found[-1] == "survey-push"
        assert "call-1" in found
        shown = "\n".join(table.render_line(y).text for y in range(8))
        assert "◷ waiting" in shown
        assert "4.2 s" in shown
        assert "▲ 429 ✖ 503 ▲ 429" in shown
        assert "\x1b" not in shown


async def test_the_filter_looks_at_run_state_outcome_and_correlation_id(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        table = await on_retries(pilot)
        everything = ids(table)
        for typed, expected in (
            ("loyalty", ["loyalty-sync"]),
            ("readtimeout gave", ["survey-push"]),
            ("9c1d", ["call-1", "gdpr-erasure-0412"]),
            ("nothing like it", []),
        ):
            await pilot.press("/", *(char if char != " " else "space" for char in typed))
            await calm(pilot)
            assert ids(table) == expected
            await pilot.press("enter", "escape")
            await calm(pilot)
            assert ids(table) == everything


async def test_a_call_that_comes_to_wait_is_there_at_once(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        table = await on_retries(pilot)
        assert app.monitor is not None
        fresh = call(
            "fresh",
            (attempt(1, -1, 20, 429, wait_s=9),),
            state=CallState.WAITING,
            next_attempt_at=NOW + timedelta(seconds=8),
        )
        app.monitor.see_call(fresh)
        await until(pilot, lambda: "fresh" in ids(table))
        assert ids(table)[0] == "fresh"
        app.monitor.see_call(
            fresh.model_copy(update={"state": CallState.RUNNING, "next_attempt_at": None})
        )
        await until(pilot, lambda: table.rows[0].state is CallState.RUNNING)


async def test_older_calls_come_when_one_gets_to_the_end(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        assert app.monitor is not None
        for number in range(260):
            pair = (attempt(1, -900 - number, 1, 503, wait_s=0.1), attempt(2, -899, 1, 200))
            await app.monitor.store.save_call(call(f"old-{number}", pair))
        table = await on_retries(pilot)
        assert len(table.rows) == 200
        await pilot.press("G")
        await until(pilot, lambda: len(table.rows) > 260)
        assert isinstance(app.screen, RetriesScreen)


async def test_the_correlation_id_is_copied(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await on_retries(pilot)
        await pilot.press("y")
        assert app.clipboard == WAITING.attempts[-1].correlation_id
        await pilot.press("enter")
        await calm(pilot)
        assert isinstance(app.screen, TimelineScreen)
        await pilot.press("k")
        await pilot.press("y")
        assert app.clipboard == WAITING.attempts[1].correlation_id
        await pilot.press("escape", "G", "y")
        await calm(pilot)
        assert app.clipboard == WAITING.attempts[1].correlation_id


async def test_the_countdown_runs(tmp_path: Path) -> None:
    await retried(tmp_path)
    passed = 0.0  # seconds; the call waits for 4.2 only
    app = staged(tmp_path, now=lambda: NOW + timedelta(seconds=passed))
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("3", "enter")
        await calm(pilot)
        seen: list[str] = []

        def counts_down() -> bool:
            nonlocal passed
            text = heading(app)
            if "next in" in text:
                left = text.split("next in ")[1].split(" s")[0]
                if left not in seen and f"in {left} s" in drawn(app):
                    seen.append(left)
                    passed += 0.5
            return len(seen) >= 3

        await until(pilot, counts_down)
        numbers = [float(left) for left in seen]
        assert numbers == sorted(numbers, reverse=True)
        before = drawn(app).splitlines()[1].index("▼")
        passed += 1
        await until(pilot, lambda: drawn(app).splitlines()[1].index("▼") > before)
        passed = 5
        await until(pilot, lambda: "next now" in heading(app))


async def test_the_next_attempt_is_drawn_when_it_comes(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await on_retries(pilot)
        await pilot.press("enter")
        await calm(pilot)
        assert app.monitor is not None
        table = app.screen.query_one("#attempts", Table)
        assert table.cursor == 2
        grown = WAITING.model_copy(
            update={
                "state": CallState.DONE,
                "next_attempt_at": None,
                "attempts": (*WAITING.attempts, attempt(4, 4.2, 90, 200)),
            }
        )
        app.monitor.see_call(grown)
        await until(pilot, lambda: len(table.rows) == 4)
        assert table.cursor == 3
        assert "✔ 200" in heading(app)
        assert "4 attempts" in heading(app)


async def test_zoom_pan_and_back_to_all(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await on_retries(pilot)
        await pilot.press("enter")
        await calm(pilot)
        timeline = app.screen.query_one(Timeline)
        every = timeline.window
        await pilot.press("+")
        near = timeline.window
        assert near.length < every.length
        chosen = WAITING.attempts[2].started_at - WAITING.started_at
        assert near.start < chosen.total_seconds() < near.end
        await pilot.press("l")
        assert timeline.window.start > near.start
        await pilot.press("h")
        await pilot.press("-")
        assert timeline.window.length > near.length
        await pilot.press("left_square_bracket", "enter")
        await calm(pilot)
        alone = timeline.window
        assert alone.start < 2.28 < 4.4 < alone.end < 6
        await pilot.press("0")
        assert timeline.window == every


async def test_a_lane_is_chosen_by_a_click(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await on_retries(pilot)
        await pilot.press("enter")
        await calm(pilot)
        table = app.screen.query_one("#attempts", Table)
        await pilot.click(Timeline, offset=(10, 2))
        await calm(pilot)
        assert table.cursor == 0
        assert drawn(app).splitlines()[2].startswith("▌1")


async def test_the_calls_of_a_run_open_too(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("j", "enter", "l")
        await calm(pilot)
        await pilot.press("enter")
        await calm(pilot)
        assert isinstance(app.screen, TimelineScreen)
        assert "2 attempts" in heading(app)


async def test_many_attempts_scroll_with_the_chosen_one(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        assert app.monitor is not None
        many = tuple(attempt(n, -300 + 3 * n, 900, 503, wait_s=2) for n in range(1, 41))
        await app.monitor.store.save_call(call("many", many))
        await on_retries(pilot)
        await pilot.press("/", *"many", "enter", "enter")
        await calm(pilot)
        assert "▌40" in drawn(app)
        await pilot.press("g")
        await calm(pilot)
        assert "▌ 1" in drawn(app)
        assert "40 ✖" not in drawn(app)


async def test_attempts_of_a_captured_handler_are_listed_alike_and_lead_to_their_exchange(
    tmp_path: Path,
) -> None:
    await retried(tmp_path)
    log = log_of(tmp_path / "captures", 3)
    app = staged(tmp_path)
    async with app.run_test(size=(140, 34)) as pilot:
        table = await on_retries(pilot)
        before = ids(table)
        with log.open("ab") as file:
            file.write(encode(tried(4)))
        call_id = f"{tried(4).id}/1"
        await until(pilot, lambda: call_id in ids(table))
        assert set(ids(table)) == {*before, call_id}
        await pilot.press("/", *"inventory", "enter")
        await calm(pilot)
        assert ids(table) == [call_id]
        shown = table.render_line(1).text
        assert "inventory GET /st" in shown
        assert "▲ 429 ✖ 503 ✔ 200" in shown
        await pilot.press("enter")
        await calm(pilot)
        assert "Retries › inventory › GET /stock" in heading(app)
        assert "Retry-After 2 s" in drawn(app)
        assert "budget" not in str(app.screen.query_one("#timeline-rule").render())
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen))
        await calm(pilot)
        assert isinstance(app.screen, InspectorScreen)
        assert app.screen.exchange == tried(4)


async def test_a_call_of_cxtops_own_has_no_exchange(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await on_retries(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "no captured exchange" in said(app))
        assert isinstance(app.screen, RetriesScreen)


async def test_an_exchange_that_is_gone(tmp_path: Path) -> None:
    await retried(tmp_path)
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        assert app.monitor is not None
        lost = call("lost", (attempt(1, -1, 1, 503, wait_s=0.1), attempt(2, 0, 1, 200)))
        await app.monitor.store.save_call(
            lost.model_copy(update={"service": "inventory", "exchange_id": "gone"})
        )
        await on_retries(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "not kept any more" in said(app))


def test_a_handlers_call_is_known_by_the_end_of_its_path() -> None:
    column = next(one for one in retry_columns(lambda: NOW) if one.key == "call")
    told = call("c", (attempt(1, 0, 25, 200),)).model_copy(
        update={"service": "inventory", "operation": "GET /products/SKU-1/stock"}
    )
    assert "".join(text for text, _ in column.cell(told, 40)) == (
        "inventory GET /products/SKU-1/stock"
    )
    assert "".join(text for text, _ in column.cell(told, 20)) == "inventory GET …stock"
    long = told.model_copy(update={"service": "a-service-with-a-long-name"})
    assert "".join(text for text, _ in column.cell(long, 20)) == "a-service… …-1/stock"
