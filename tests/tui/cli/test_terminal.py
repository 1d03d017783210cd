"""The app and the bars in a real pty: what is shown, and what is left behind."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from .support import Cli, client, platform
from .terminal import RESTORED, children, gone, terminal

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks for processes in /proc"
)


def demo_folders(home: Path) -> list[Path]:
    return list(home.glob("cxtop-demo-*"))


@pytest.fixture
def demo(alone: Cli) -> Cli:
    """Temporary folders lie where the test can see them."""
    alone.env["TMPDIR"] = str(alone.home)
    return alone


def test_the_demo_leaves_nothing_behind(demo: Cli) -> None:
    with terminal(demo, "demo") as it:
        it.until(lambda text: "crm-case-push" in text and " %" in text)
        [child] = children(it.pid)
        assert demo_folders(demo.home)
        it.send("q")
        assert it.ended() == 0
        assert gone(child)
    assert all(mark in it.raw[-400:] for mark in RESTORED)
    assert demo_folders(demo.home) == []
    assert not demo.log().exists()
    assert not (demo.home / "state").exists()


def test_the_demo_paints_before_the_platform_is_there(demo: Cli) -> None:
    with terminal(demo, "demo", "--scenario", "calm", "--speed", "2", "--seed", "5") as it:
        first = it.until(lambda text: "Starting the simulated platform" in text)
        assert "crm-import" not in first
        it.until(lambda text: "crm-import" in text and "failed" in text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_demo_and_restores_the_terminal(
    demo: Cli, number: signal.Signals
) -> None:
    with terminal(demo, "demo", "--scenario", "calm") as it:
        it.until(lambda text: "crm-import" in text)
        [child] = children(it.pid)
        os.kill(it.pid, number)
        assert it.ended() == 128 + number
        assert gone(child)
    assert all(mark in it.raw[-400:] for mark in RESTORED)
    assert demo_folders(demo.home) == []


def test_no_child_outlives_a_demo_that_is_killed(demo: Cli) -> None:
    with terminal(demo, "demo", "--scenario", "calm") as it:
        it.until(lambda text: "crm-import" in text)
        [child] = children(it.pid)
        os.kill(it.pid, signal.SIGKILL)
        assert it.ended() == -signal.SIGKILL
        assert gone(child)


def test_quitting_at_once_ends_a_demo_that_still_starts(demo: Cli) -> None:
    with terminal(demo, "demo") as it:
        it.until(lambda text: "Starting the simulated platform" in text)
        it.send("q")
        assert it.ended() == 0
    assert demo_folders(demo.home) == []


def test_a_scenario_that_does_not_exist_opens_no_app(demo: Cli) -> None:
    with terminal(demo, "demo", "--scenario", "nowhere") as it:
        assert it.ended() == 2
    assert "no scenario called" in it.text
    assert RESTORED[0] not in it.raw


def test_the_app_watches_what_is_named(cli: Cli) -> None:
    with terminal(cli, "crm-import") as it:
        it.until(lambda text: "crm-import" in text and "failed" in text)
        assert "genesys" in it.text
        it.send("q")
        assert it.ended() == 0
    assert not cli.log().exists(), cli.log().read_text()
    with terminal(cli, "monitor") as it:
        it.until(lambda text: "crm-import" in text and "failed" in text)
        it.send("q")
        assert it.ended() == 0


def test_a_keymap_that_cannot_be_is_told(cli: Cli) -> None:
    from .support import write_config

    write_config(cli.home, '[keys]\n"runs.nonsense" = "x"\n')
    with terminal(cli) as it:
        assert it.ended() == 2
    assert "runs.nonsense" in it.text


def test_a_value_that_does_not_fit_is_told_when_the_terminal_is_given_back(alone: Cli) -> None:
    from .support import write_config

    write_config(alone.home, '[profiles.p]\nregion = "us-east-1"\nmax_body = "lots"\n')
    with terminal(alone) as it:
        assert it.ended() == 2
    told = it.raw.rpartition(RESTORED[0])[2]
    assert b"config.toml line 3: max_body" in told
    assert not alone.log().exists(), alone.log().read_text()


def test_the_first_run_offers_the_demo(demo: Cli) -> None:
    with terminal(demo) as it:
        it.until(lambda text: "Welcome to cxtop" in text)
        it.send("\x1bOQ")
        it.until(lambda text: "crm-case-push" in text and " %" in text)
        it.send("q")
        assert it.ended() == 0
    assert demo_folders(demo.home) == []


def test_bars(tmp_path: Path) -> None:
    with platform("calm", "--speed", "60") as told:
        cli = Cli(tmp_path, client(told))
        with terminal(cli, "watch", "contact-import", "crm-import", "--interval", "1") as it:
            it.until(lambda text: "▶ running" in text and " / 2,000" in text)
            assert it.ended() == 1
    assert "✔ completed" in it.text
    assert "✖ failed" in it.text
    assert "100 %" in it.text
    assert "270 errors" in it.text
    assert it.raw.rstrip().endswith(b"\x1b[?25h")


def test_bars_tell_trouble_above_them(cli: Cli) -> None:
    with terminal(cli, "watch", "forbidden-run", "crm-import") as it:
        assert it.ended() == 3
    assert "✖ failed" in it.text
    assert "data:actions:read" in it.text


def test_an_interrupt_gives_the_cursor_back(tmp_path: Path) -> None:
    with platform("calm") as told:
        cli = Cli(tmp_path, client(told))
        with terminal(cli, "watch", "contact-import", "--interval", "1") as it:
            it.until(lambda text: "▶ running" in text)
            it.send("\x03")
            assert it.ended() == 130
    assert b"\x1b[?25h" in it.raw[-40:]


def test_no_bar_is_driven_by_what_it_shows(tmp_path: Path) -> None:
    with platform("hostile", "--speed", "1000") as told:
        cli = Cli(tmp_path, client(told))
        ids = [run["id"] for run in told["runs"]]
        with terminal(cli, "watch", *ids, "--once") as it:
            it.ended()
    text = it.raw.decode()
    for driving in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\u202e"):
        assert driving not in text


def test_the_terminal_is_told_how_far_errors_are(cli: Cli) -> None:
    with terminal(cli, "errors", "crm-import") as it:
        assert it.ended() == 0
    assert b"crm-import   270 failed records" in it.raw
    assert b"failed records \xe2\x80\xa6" in it.raw


def test_csv_on_a_terminal_cannot_drive_it(tmp_path: Path) -> None:
    with platform("hostile", "--speed", "1000") as told:
        cli = Cli(tmp_path, client(told))
        with terminal(cli, "errors", "--csv", told["runs"][0]["id"]) as it:
            it.ended()
    text = it.raw.decode().replace("\x1b[K", "")
    assert text
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(text)


def test_the_dialect_does_not_matter(cli: Cli, calm: dict[str, Any]) -> None:
    cli.env["CXTOP_PLATFORM"] = "cxone"
    with terminal(cli, "monitor", "case-push") as it:
        it.until(lambda text: "case-push" in text and "cxone" in text)
