"""Lines that are made when they are looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui.views.lazylines import LONGEST, FixedLines, TextLines, plain

from .making import told


@given(st.text(alphabet="ab\n\r日", max_size=80))
def test_the_lines_are_those_of_the_text(text: str) -> None:
    lines = [told(line) for line in TextLines(text, plain)]
    wanted = text.removesuffix("\n").split("\n") if text else []
    assert lines == [
        line.removesuffix("\r") if i < len(wanted) - 1 or text.endswith("\n") else line
        for i, line in enumerate(wanted)
    ]


def test_a_long_line_goes_on_in_the_next() -> None:
    lines = TextLines("x" * (LONGEST + 5) + "\ny", plain)
    assert [told(line) for line in lines] == ["x" * LONGEST + " ↩", "xxxxx", "y"]
    exact = TextLines("x" * LONGEST + "\n" + "y" * LONGEST, plain)
    assert [told(line) for line in exact] == ["x" * LONGEST, "y" * LONGEST]


def test_only_the_first_piece_of_a_line_begins_it() -> None:
    begun: list[bool] = []

    def paint(text: str, begins: bool) -> tuple[tuple[str, str], ...]:
        begun.append(begins)
        return ((text, ""),)

    list(TextLines("a\n" + "x" * (LONGEST * 2 + 1), paint))  # pyright: ignore[reportArgumentType]
    assert begun == [True, True, False, False]


def test_the_note_comes_last() -> None:
    for lines in (
        TextLines("a\nb", plain, cut=True, foot=[(("more", ""),)]),
        FixedLines([(("a", ""),), (("b", ""),)], cut=True, foot=[(("more", ""),)]),
    ):
        assert len(lines) == 3
        assert lines.cut
        assert told(lines[-1]) == "more"
        assert [told(line) for line in lines[1:]] == ["b", "more"]
        with pytest.raises(IndexError):
            lines[3]
        with pytest.raises(IndexError):
            lines[-4]
