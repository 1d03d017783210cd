"""The log file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxtop.tui.cli import logs


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CXTOP_HOME", str(tmp_path))
    log = logs.start()
    yield tmp_path / "state" / "cxtop.log"
    logs.stop(log)


def test_it_is_made_with_its_first_line_and_is_private(file: Path) -> None:
    assert not file.exists()
    logging.getLogger("cxtop.x").info("hello")
    assert file.read_text().endswith("INFO cxtop.x: hello\n")
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_drives_a_terminal_and_what_is_secret_is_not_in_it(file: Path) -> None:
    logging.getLogger("cxtop.x").error("\x1b]52;c;x client_secret=canary-0815 é")
    text = file.read_text()
    assert "canary" not in text
    assert "\x1b" not in text
    assert "é" in text


def test_others_speak_up_only_when_it_matters(file: Path) -> None:
    logging.getLogger("httpx").info("GET https://…")
    assert not file.exists()
    logging.getLogger("asyncio").error("a task failed")
    assert "a task failed" in file.read_text()


def test_a_warning_goes_to_the_log_and_not_to_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CXTOP_HOME", str(tmp_path))
    # pytest collects warnings by itself in each phase of a test; so both are within this one.
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        log = logs.start()
        warnings.warn("this will go", UserWarning, stacklevel=1)
        logs.stop(log)
    assert "this will go" in (tmp_path / "state" / "cxtop.log").read_text()
    assert capsys.readouterr().err == ""


def test_it_does_not_grow_without_end(file: Path) -> None:
    for _ in range(8):
        logging.getLogger("cxtop.x").info("x y " * 100_000)
    files = sorted(file.parent.iterdir())
    assert len(files) == 1 + logs.KEPT
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in files)
