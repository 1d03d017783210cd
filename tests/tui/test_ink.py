"""The gate between text from outside and the terminal."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style as RichStyle
from textual.app import App
from textual.style import Style

from cxtop.tui.ink import TONES, content, segments, text, width_of

HOSTILE = [
    "[/etc/x]",
    "[/]",
    "[b]bold",
    "\x1b]52;c;aGk=\x07",
    "\x9b31m",
    "a\u202eb",
    "\x00",
    "日本語",
]


async def test_nothing_is_ever_markup_or_control() -> None:
    async with App().run_test():
        for hostile in HOSTILE:
            shown = content((hostile, "bad")).plain
            for clean in (shown, text(((hostile, "dim"),), RichStyle()).plain):
                assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in clean)
            if "[" in hostile and "\x1b" not in hostile:
                assert shown == hostile


@given(st.text(max_size=40), st.integers(min_value=0, max_value=30), st.booleans())
def test_segments_fill_exactly_their_width(words: str, width: int, right: bool) -> None:
    made = segments(((words, ""), ("tail", "")), Style(), width, right=right)
    assert sum(cell_len(segment.text) for segment in made) == width


def test_what_is_cut_says_so() -> None:
    made = segments((("abcdefgh", ""),), Style(), 4)
    assert "".join(segment.text for segment in made) == "abc…"


def test_right_aligned_text_ends_at_the_edge() -> None:
    made = segments((("42", ""),), Style(), 5, right=True)
    assert "".join(segment.text for segment in made) == "   42"


async def test_every_tone_is_a_style_in_every_theme() -> None:
    app = App()
    async with app.run_test():
        for theme in app.available_themes:
            app.theme = theme
            for tone, style in TONES.items():
                assert isinstance(Style.parse(style), Style), tone


def test_width_counts_cells() -> None:
    assert width_of((("日本", ""), ("ab", "dim"))) == 6
