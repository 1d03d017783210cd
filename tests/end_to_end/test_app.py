"""The app in a real pty, over a simulated platform that is a process of its own."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from ..tui.cli.support import Cli, client, platform
from ..tui.cli.terminal import RESTORED, children, gone, terminal

# What Textual itself sends: cursor, colours, modes, the shape of the mouse pointer; and the title
# that cxtop sets with a notice, as long as nothing in it could drive the terminal.
_OWN = re.compile(
    r"\x1b\[[0-9;:?<>=$ ]*[A-Za-z~]|\x1b\]22;default\x07|\x1b\]2;[^\x00-\x1f\x7f-\x9f]*\x07"
)


def left_over(raw: bytes) -> set[str]:
    """Control characters in what the terminal got that Textual did not send for itself."""
    text = _OWN.sub("", raw.decode("utf-8"))
    return {
        char
        for char in text
        if (ord(char) < 32 and char not in "\r\n\t") or 0x7F <= ord(char) < 0xA0
    }


def test_the_tour(tmp_path: Path) -> None:
    """Start, open the failed run, turn the page, leave twice: nothing stays behind."""
    cli = Cli(tmp_path, {"TMPDIR": str(tmp_path)})
    began = time.monotonic()
    with terminal(cli, "demo") as it:
        it.until(lambda text: "CRM backfill" in text and "97 %" in text and "█" in text)
        took = time.monotonic() - began
        [child] = children(it.pid)
        it.send("j")
        it.send("\r")
        it.until(
            lambda text: (
                "VALIDATION_ERROR" in text and re.search(r"page 1 of \d\d", text) is not None
            )
        )
        it.send("]")
        it.until(lambda text: re.search(r"page 2 of \d\d", text) is not None)
        it.send("q")
        it.until(lambda text: "1 Runs" in text)
        it.send("q")
        assert it.ended() == 0
        assert gone(child)
    assert all(mark in it.raw[-400:] for mark in RESTORED)
    assert took < 20


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    """Markup shows as it is; escape sequences show as marks, on every page of a run."""
    with platform("hostile", "--speed", "1000") as told:
        cli = Cli(tmp_path, client(told))
        ids = [
            run["id"]
            for run in told["runs"]
            if run["id"] in ("markup", "[/etc/x]", "escapes", "bidi")
        ]
        assert len(ids) == 4
        for run_id in ids:
            with terminal(cli, "monitor", run_id) as it:
                it.until(lambda text: re.search(r"\d %", text) is not None)
                it.send("\r")
                it.until(lambda text: "Overview" in text)
                for key in ("h", "l", "l", "l", "l", "l"):
                    it.send(key)
                    it.read(0.3)
                it.until(lambda text: "MESSAGE" in text and "page 1 of" in text)
                it.send("\t")
                it.send("\r")
                it.until(lambda text: "Runs ›" in text)
                it.send("\x03")
                assert it.ended() == 0
            assert not left_over(it.raw), run_id
            assert "\u202e" not in it.raw.decode()


def test_what_was_shown_survives_kill_9(tmp_path: Path) -> None:
    with platform("busy") as told:
        cli = Cli(tmp_path, client(told))
        with terminal(cli, "monitor", "crm-backfill", "gdpr-erasure-0412") as it:
            it.until(lambda text: "1,489" in text and "3,204" in text)
            it.send("\r")
            it.until(lambda text: "page 1 of 30" in text)
            os.kill(it.pid, signal.SIGKILL)
            it.ended()
    # The platform is gone now: all that is shown comes from the store.
    with terminal(cli, "monitor") as it:
        it.until(lambda text: "1,489" in text and "3,204" in text and "48,511" in text)
        it.send("\r")
        shown = it.until(lambda text: "page 1 of 30" in text)
        assert "VALIDATION_ERROR" in shown
        it.send("\x03")
        assert it.ended() == 0


def test_it_ends_when_its_terminal_goes_away(tmp_path: Path) -> None:
    """The window is closed, the connection breaks: no process stays that nobody can see."""
    cli = Cli(tmp_path, {"TMPDIR": str(tmp_path)})
    with terminal(cli, "demo") as it:
        it.until(lambda text: "CRM backfill" in text and "97 %" in text)
        [child] = children(it.pid)
        it.send("2")
        it.until(lambda text: text.count("POST") > 10)
        it.hang_up()
        assert gone(it.pid)
        it.process.wait()
        assert it.process.exitstatus == 128 + signal.SIGHUP
        assert gone(child)
