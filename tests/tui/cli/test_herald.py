"""Notices on a real terminal: a line, the bell, the title, and nothing left behind."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from .support import Cli, write_config
from .terminal import terminal

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a pty as Linux has it"
)

TITLE = re.compile(rb"\x1b\]2;([^\x07\x1b]*)\x07")
# The bell's byte ends other sequences too, such as the shape of the pointer.
SEQUENCE = re.compile(rb"\x1b\][^\x07\x1b]*\x07")


def settings(home: Path, told: dict[str, Any], notify: str) -> None:
    write_config(
        home,
        f'[profiles.p]\nbase_url = "{told["url"]}"\nclient_id = "{told["client_id"]}"\n'
        f'client_secret = "{told["client_secret"]}"\n[profiles.p.notify]\n{notify}\n',
    )


def test_a_run_that_failed_is_told(alone: Cli, calm: dict[str, Any]) -> None:
    settings(alone.home, calm, 'on = ["ended"]\nbell = true')
    with terminal(alone, "monitor", "crm-import") as it:
        it.until(lambda text: "✖ crm-import failed" in " ".join(text.split()))
        it.send("q")
        assert it.ended() == 0
    titles = [title.decode() for title in TITLE.findall(it.raw)]
    assert len(titles) == 1
    assert titles[0].startswith("✖ ")
    assert b"\x07" in SEQUENCE.sub(b"", it.raw)
    assert it.raw.count(b"\x1b[22;2t") == it.raw.count(b"\x1b[23;2t") == 1


def test_neither_bell_nor_title_where_they_are_not_wanted(alone: Cli, calm: dict[str, Any]) -> None:
    settings(alone.home, calm, 'on = ["ended"]\ntitle = false')
    with terminal(alone, "monitor", "crm-import") as it:
        it.until(lambda text: "failed with" in " ".join(text.split()))
        it.send("q")
        assert it.ended() == 0
    assert b"\x07" not in SEQUENCE.sub(b"", it.raw)
    assert b"\x1b]2;" not in it.raw
