"""Every screen as a picture, at two sizes. `--snapshot-update` takes new ones; look at them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .retried import retried
from .stage import pressing, staged

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}


SCENES: dict[str, tuple[str, ...]] = {
    "runs": (),
    "runs-marked": ("space", "space", "j"),
    "runs-filter": ("/", "c", "r", "m"),
    "runs-sort": ("o",),
    "add": ("a",),
    "execute": ("R",),
    "submit": ("S",),
    "help": ("?",),
    "profile": ("P",),
    "light": ("t",),
    "run-errors": ("j", "enter"),
    "run-errors-of-a-code": ("j", "enter", "j", "j", "tab", "]"),
    "run-errors-none": ("j", "j", "j", "enter", "l"),
    "run-overview": ("enter", "h"),
    "run-calls": ("j", "enter", "l"),
    "run-raw": ("j", "enter", "l", "l"),
    "record": ("j", "enter", "tab", "j", "j", "j", "enter"),
    "hostile-run": ("G", "k", "enter", "tab"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_picture(snap_compare: Any, tmp_path: Path, scene: str, size: str) -> None:
    app = staged(tmp_path)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressing(*SCENES[scene]))


RETRIES: dict[str, tuple[str, ...]] = {
    "retries": ("3",),
    "timeline-waiting": ("3", "enter"),
    "timeline-failed": ("3", "G", "enter"),
    "timeline-near": ("3", "enter", "k", "enter"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", RETRIES)
def test_retries(snap_compare: Any, tmp_path: Path, scene: str, size: str) -> None:
    asyncio.run(retried(tmp_path))
    app = staged(tmp_path)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressing(*RETRIES[scene]))


@pytest.mark.parametrize("size", SIZES)
def test_first_run(snap_compare: Any, tmp_path: Path, size: str) -> None:
    app = staged(tmp_path, profile=None, missing=("There is no client id.",))
    assert snap_compare(app, terminal_size=SIZES[size])


@pytest.mark.parametrize("theme", ["cxtop-light", "nord", "textual-ansi"])
def test_other_themes(snap_compare: Any, tmp_path: Path, theme: str) -> None:
    app = staged(tmp_path, theme=theme)
    assert snap_compare(app, terminal_size=(120, 30), run_before=pressing())


def test_without_colour(snap_compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = staged(tmp_path)
    assert snap_compare(app, terminal_size=(120, 30), run_before=pressing())


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60)])
def test_other_sizes(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(staged(tmp_path), terminal_size=size, run_before=pressing())
