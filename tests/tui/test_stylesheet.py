"""Styles are parsed once, and again when the colours are others."""

from __future__ import annotations

from pathlib import Path

from textual.color import Color
from textual.widgets import Input

from cxtop.tui import themes
from cxtop.tui.stylesheet import LastingStylesheet

from .stage import calm, live, staged


def sheet() -> LastingStylesheet:
    made = LastingStylesheet(variables={"ink": "red"})
    made.add_source("Static { color: $ink; }", read_from=("own", ""))
    made.parse()
    return made


def colours(made: LastingStylesheet) -> list[Color]:
    return [rule.styles.color for rule in made.rules]


def test_the_same_colours_parse_nothing_anew() -> None:
    made = sheet()
    before = made.rules
    made.set_variables({"ink": "red"})
    made.reparse()
    assert len(before) == len(made.rules) == 1
    assert made.rules[0] is before[0]


def test_a_source_that_weighs_more_than_it_did_is_taken_anew() -> None:
    made = sheet()
    own = ("own", "")
    made.add_source("Static { color: $ink; }", read_from=own, is_default_css=True, tie_breaker=-1)
    made.reparse()
    assert made.rules[0].tie_breaker == -1


def test_other_colours_reach_every_rule() -> None:
    made = sheet()
    for ink in ("blue", "blue", "green"):
        made.set_variables({"ink": ink})
        made.reparse()
        assert colours(made) == [Color.parse(ink)]


def test_what_is_new_joins_what_is_there() -> None:
    made = sheet()
    made.add_source("Input { color: $ink; }", read_from=("more", ""))
    made.reparse()
    assert colours(made) == [Color.parse("red")] * 2


async def test_a_change_of_look_reaches_what_is_painted_and_what_comes(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await live(pilot)
        await pilot.press("t")
        await calm(pilot)
        assert app.screen.styles.background == Color.parse(themes.LIGHT.background or "")
        await pilot.press("a")
        await calm(pilot)
        asked = app.screen.query_one(Input).styles.background
        assert asked == Color.parse(themes.LIGHT.background or "")
