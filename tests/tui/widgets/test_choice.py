"""One of several on a line, and the path of a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from cxtop.tui.exporting import file_name, masked_words, told
from cxtop.tui.picture import self_contained
from cxtop.tui.widgets.choice import Choice
from cxtop.tui.widgets.pathinput import folder_like, shown

from ..stage import HOSTILE, NOW


class OneChoice(App[None]):
    def __init__(self, options: list[tuple[str, str]]) -> None:
        super().__init__()
        self.options = options
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        yield Choice("what", self.options, now=self.options[0][0])

    def on_choice_changed(self, event: Choice.Changed) -> None:
        self.heard.append(event.control.chosen)


async def test_the_arrows_go_round_and_space_lists_all() -> None:
    app = OneChoice([("a", "first"), ("b", "second"), ("c", HOSTILE)])
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("tab", "right", "l", "right", "left", "h")
        assert app.heard == ["b", "c", "a", "c", "b"]
        await pilot.press("space", "down", "enter")
        await pilot.pause()
        assert app.heard[-1] == "c"
        line = str(app.query_one(Choice).render())
        assert "[/etc/x]" in line
        assert "\x1b" not in line
        await pilot.press("space", "escape")
        assert app.query_one(Choice).chosen == "c"


async def test_a_click_turns_it_either_way() -> None:
    app = OneChoice([("a", "first"), ("b", "second"), ("c", "third")])
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.click(Choice, offset=(15, 0))
        await pilot.click(Choice, offset=(9, 0))
        await pilot.click(Choice, offset=(2, 0))
        assert app.heard == ["b", "a"]


async def test_with_one_option_there_is_nothing_to_turn() -> None:
    app = OneChoice([("a", "the only one")])
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.press("tab", "right", "space")
        assert app.heard == []
        assert len(app.screen_stack) == 1
        assert "‹" not in str(app.query_one(Choice).render())


def test_folders_are_completed_and_files_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "even").write_text("")
    (tmp_path / "nested" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_like("ev") == "evidence/"
    assert folder_like("nested/d") == "nested/deep/"
    assert folder_like("~/nes") == "~/nested/"
    assert folder_like(f"{tmp_path}/nes") == f"{tmp_path}/nested/"
    for text in ("", "nested/", "x", "nowhere/x", "\0/x", "~nobody-here/x"):
        assert folder_like(text) is None
    assert shown(tmp_path / "a.json") == "~/a.json"
    assert shown(Path("/etc/a.json")) == "/etc/a.json"


def test_a_name_says_what_it_is_and_when() -> None:
    when = f"{NOW.astimezone():%Y%m%d-%H%M%S}"
    title = "run crm/Backfill [x], with all that is its"
    assert file_name(title, NOW, ".json") == f"cxtop-run-crm-backfill-x-{when}.json"
    assert file_name("the ☃", NOW, ".html") == f"cxtop-{when}.html"


def test_counts_and_masks_in_words() -> None:
    from cxtop.core.snapshot.scope import Part

    assert told({Part.RUNS: 1, Part.AUDIT: 2, Part.CALLS: 0}) == "1 run, 2 audit entries"
    assert told({}) == "nothing"
    many = {"a": 1, "b": 2000, "c": 3, "d": 4, "e": 5}
    assert masked_words(many) == "b ×2,000, e ×5, d ×4, c ×3, and 1 more kind"


def test_a_picture_fetches_no_font() -> None:
    made = self_contained('@font-face { src: url("https://a/b.woff"); }<t font="Fira Code"/>')
    assert made == '<t font="monospace"/>'
