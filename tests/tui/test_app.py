"""The app by its keys, over a real monitor and a real store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input, TabbedContent
from textual.widgets._toast import Toast

from cxtop.core.errors import AuthenticationError, ConfigError, NotFoundError, SecretError
from cxtop.core.models import ConnectionState
from cxtop.core.store import Store
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.firstrun import FirstRun
from cxtop.tui.screens.record import RecordScreen
from cxtop.tui.screens.run import RunScreen
from cxtop.tui.screens.runs import RunsScreen
from cxtop.tui.widgets.banner import Banner
from cxtop.tui.widgets.errorbrowser import ErrorBrowser
from cxtop.tui.widgets.filterline import FilterLine
from cxtop.tui.widgets.table import Table
from cxtop.tui.widgets.topline import TopLine

from .stage import RUNS, at_rest, calm, live, staged


def lines(app: CxtopApp, selector: str) -> str:
    """What a table shows."""
    table = app.screen.query_one(selector, Table)
    return "\n".join(table.render_line(y).text.rstrip() for y in range(table.size.height))


async def test_filtering_narrows_while_typing_and_esc_shows_all(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("/", *"crm")
        await calm(pilot)
        assert "crm-backfill" in lines(app, "#runs")
        assert "loyalty-sync" not in lines(app, "#runs")
        await pilot.press("enter", "escape")
        await calm(pilot)
        assert "loyalty-sync" in lines(app, "#runs")


async def test_the_order_can_be_chosen_and_turned(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("o", "down", "enter")
        await calm(pilot)
        table = app.screen.query_one("#runs", Table)
        assert table.rows[0].run_id in ("crm-backfill", RUNS[-1].run_id)
        assert table.rows[-1].run_id == "gdpr-erasure-0412"
        await pilot.press("o", "enter")
        await calm(pilot)
        assert table.rows[0].run_id == "gdpr-erasure-0412"


async def test_a_run_is_added_and_let_go(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("a")
        app.screen.query_one(Input).value = " new-run "
        await pilot.press("enter")
        await calm(pilot)
        assert app.view("new-run") is not None
        assert app.screen.query_one("#runs", Table).cursor_key == "new-run"
        await pilot.press("u")
        await calm(pilot)
        assert app.view("new-run") is None
        assert app.monitor is not None
        assert "new-run" not in await app.monitor.store.watched()


async def test_pause_and_resume(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        assert app.connection.state is ConnectionState.PAUSED
        await pilot.press("p")
        await calm(pilot)
        assert app.connection.state is not ConnectionState.PAUSED
        await pilot.press("p")
        await calm(pilot)
        assert app.connection.state is ConnectionState.PAUSED


async def test_codes_filter_records_and_pages_turn(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await live(pilot)
        await pilot.press("j", "enter")
        await calm(pilot)
        browser = app.screen.query_one(ErrorBrowser)
        assert browser.page is not None
        assert (browser.page.number, browser.page.pages, browser.page.total) == (1, 3, 134)
        await pilot.press("]", "]", "]")
        await calm(pilot)
        assert browser.page.number == 3
        await pilot.press("J", "1", "enter")
        await calm(pilot)
        assert browser.page.number == 1
        await pilot.press("j", "j")
        await calm(pilot)
        assert {record.code for record in browser.page.items} == {"DUPLICATE_RECORD"}
        await pilot.press("enter", "enter")
        await calm(pilot)
        assert isinstance(app.screen, RecordScreen)
        await pilot.press("q", "q", "q")
        assert not app.is_running


async def test_records_are_found_by_text_and_turned_round(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await live(pilot)
        await pilot.press("j", "enter")
        await calm(pilot)
        browser = app.screen.query_one(ErrorBrowser)
        await pilot.press("/", *"rec_00042")
        await calm(pilot)
        assert browser.page is not None
        assert [record.record_id for record in browser.page.items] == ["rec_00042"]
        await pilot.press("escape", "o", "down", "enter")
        await calm(pilot)
        await pilot.press("o", "enter")
        await calm(pilot)
        assert browser.page.items[0].record_id == "rec_00133"


async def test_values_are_copied_as_they_are(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await live(pilot)
        await pilot.press("j", "y")
        assert app.clipboard == "crm-backfill"
        await pilot.press("enter")
        await calm(pilot)
        await pilot.press("tab", "enter")
        await calm(pilot)
        await pilot.press("j", "y")
        await calm(pilot)
        assert app.clipboard == "user0 at example"


async def test_every_tab_of_a_run_comes_up(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        await pilot.press("j", "enter")
        await calm(pilot)
        await pilot.press("l")
        await calm(pilot)
        assert "retry-after 2.0 s" in lines(app, "#calls")
        await pilot.press("l", "l", "l", "h")
        await calm(pilot)
        assert isinstance(app.screen, RunScreen)


async def test_keys_that_come_fast_each_turn_the_tab_once(tmp_path: Path) -> None:
    app = staged(tmp_path)
    panes = ["overview", "errors", "calls-pane", "raw"]
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        await pilot.press("j", "enter")
        await calm(pilot)
        tabs = app.screen.query_one(TabbedContent)
        for between in range(8):
            start = panes.index(tabs.active)
            for _ in range(5):
                app.post_message(Key("l", "l"))
                for _ in range(between):
                    await asyncio.sleep(0)
            await calm(pilot)
            assert tabs.active == panes[(start + 5) % 4]


async def test_trouble_with_one_run_stands_beside_it(tmp_path: Path) -> None:
    trouble = NotFoundError("There is no run gone.", fix="Check the id.", status=404)
    runs = {run.run_id: run for run in RUNS} | {"loyalty-sync": trouble}
    app = staged(tmp_path, runs=runs)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("j", "j")
        await calm(pilot)
        assert "▲ no answer" in lines(app, "#runs")
        assert "There is no run gone." in app.export_screenshot(simplify=True).replace(
            "&#160;", " "
        )


async def test_denied_access_is_a_banner_over_what_is_known(tmp_path: Path) -> None:
    denied = AuthenticationError(
        "The platform refused the client.", fix="Check the secret.", status=401
    )
    app = staged(tmp_path, runs={run.run_id: denied for run in RUNS})
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        assert app.monitor is not None
        app.monitor.resume()
        await calm(pilot)
        app.screen.query_one(Banner)
        assert app.screen.query_one(Banner).display
        assert "nightly-contact-import" in lines(app, "#runs")


async def test_what_keeps_the_monitor_from_opening_is_told(tmp_path: Path) -> None:
    def refuse(_name: str):
        raise SecretError("There is no secret.", fix="Set CXTOP_CLIENT_SECRET.")

    app = staged(tmp_path, open=refuse)
    async with app.run_test(size=(120, 30)) as pilot:
        async with asyncio.timeout(5):
            while app.connection.state is not ConnectionState.OFFLINE:
                await at_rest(pilot, 0.01)
        await calm(pilot)
        assert app.screen.query_one(Banner).display
        await pilot.press("r")
        await calm(pilot)


async def test_help_tells_keys_as_they_are_set(tmp_path: Path) -> None:
    app = staged(tmp_path, keymap={"runs.add": "A"})
    async with app.run_test(size=(120, 50)) as pilot:
        await live(pilot)
        await pilot.press("?")
        await calm(pilot)
        shown = app.export_screenshot(simplify=True).replace("&#160;", " ")
        assert "runs.add" in shown
        assert "everywhere" in shown
        await pilot.press("escape", "A")
        await calm(pilot)
        assert app.screen.query_one(Input).has_focus


async def test_every_command_is_in_the_palette(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        commands = [command.title for command in app.get_system_commands(app.screen)]
        titles = set(commands)
        assert commands.count("help") == 1, "a command with two keys is listed once"
        assert {"add", "filter", "refresh", "sort", "pause", "help", "profile", "quit"} <= titles
        await pilot.press(":", *"sort")
        await calm(pilot)
        await pilot.press("enter")
        await calm(pilot)
        assert not isinstance(app.screen, RunsScreen)


async def test_another_profile_is_opened(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        first = app.monitor
        await pilot.press("P", "down", "enter")
        async with asyncio.timeout(10):
            while app.monitor is None or app.monitor is first:
                await at_rest(pilot, 0.01)
        assert app.profile_name == "acme-test"


async def test_the_first_run_page_makes_a_profile(tmp_path: Path) -> None:
    made: list[dict[str, str]] = []

    async def make(fields: dict[str, str]) -> str:
        made.append(dict(fields))
        if not fields["client_secret"]:
            raise ConfigError("There is no client secret.", fix="Type it.")
        return fields["name"]

    app = staged(tmp_path, profile=None, make_profile=make)
    async with app.run_test(size=(100, 40)) as pilot:
        await calm(pilot)
        assert isinstance(app.screen, FirstRun)
        await pilot.press(*"eu-west-1", "enter", *"client", "f5")
        await calm(pilot)
        assert "There is no client secret." in app.export_screenshot(simplify=True).replace(
            "&#160;", " "
        )
        app.screen.query_one("#client_secret", Input).value = "secret"
        await pilot.press("f5")
        await live(pilot)
        assert made[-1]["where"] == "eu-west-1"
        assert isinstance(app.screen, RunsScreen)
        assert app.profile_name == "main"


async def test_the_first_run_page_offers_the_demo(tmp_path: Path) -> None:
    app = staged(tmp_path, profile=None)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("f2")
        await pilot.pause()
    assert app.return_value == "demo"


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (300, 100)])
async def test_no_size_breaks_it(tmp_path: Path, size: tuple[int, int]) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        await pilot.press("j", "enter")
        await calm(pilot)
        await pilot.press("h", "?", "escape", "q")
        await calm(pilot)
        assert isinstance(app.screen, RunsScreen)


async def test_where_nothing_is_asked_nothing_is_waited_for(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.sqlite3"):
        pass
    app = staged(tmp_path, runs={})
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        assert app.monitor is not None
        app.monitor.resume()
        await calm(pilot)
        top = app.screen.query_one(TopLine)
        assert app.connection.state is ConnectionState.CONNECTING
        assert "○ nothing asked yet" in top.render().plain
        await app.monitor.watch("crm-backfill")
        assert "nothing asked" not in top.render().plain


async def test_a_filter_takes_the_very_next_key(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        line = app.screen.query_one(FilterLine)
        assert not line.focusable
        line.ask()
        assert app.screen.focused is line


async def test_notices_are_seen_beside_a_form(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await live(pilot)
        await pilot.press("x")
        await calm(pilot)
        app.say("crm-backfill failed.", severity="warning")
        async with asyncio.timeout(10):
            while not (toasts := app.screen.query(Toast)) or not toasts.first().region:
                await at_rest(pilot, 0.02)
        toast = toasts.first()
        form = app.screen.query_one(".dialog")
        assert not toast.region.overlaps(form.region)
