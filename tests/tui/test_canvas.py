"""A row of cells that is painted piece by piece."""

from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui.canvas import Canvas
from cxtop.tui.ink import width_of


def shown(canvas: Canvas) -> str:
    return "".join(text for text, _ in canvas.line())


def test_what_is_outside_is_not_there() -> None:
    canvas = Canvas(5)
    canvas.put(-2, "abc", "")
    canvas.put(4, "xy", "bad")
    assert shown(canvas) == "c   x"
    assert canvas.line()[-1] == ("x", "bad")


def test_wide_characters_take_two_cells_or_none() -> None:
    canvas = Canvas(4)
    canvas.put(-1, "文", "")
    canvas.put(1, "字", "")
    canvas.put(3, "文", "")
    assert shown(canvas) == " 字 "
    assert width_of(canvas.line()) == 4
    assert not canvas.is_free(2, 3)
    assert canvas.is_free(3, 9)


def test_a_wide_character_that_is_half_painted_over_leaves_a_blank() -> None:
    for column, text, expected in (
        (0, "a", "a 字"),
        (1, "a", " a字"),
        (2, "a", "文a "),
        (3, "a", "文 a"),
        (1, "語", " 語 "),
        (-1, "語", "  字"),
    ):
        canvas = Canvas(4)
        canvas.put(0, "文字", "")
        canvas.put(column, text, "")
        assert (shown(canvas), width_of(canvas.line())) == (expected, 4)


def test_a_label_goes_where_there_is_room() -> None:
    for after, before, expected in (
        (2, 0, "  label     "),
        (9, 8, "   label    "),
        (8, 4, "        lab…"),
        (11, 4, "lab…        "),
        (10, 2, " " * 12),
    ):
        canvas = Canvas(12)
        canvas.label(after, before, "label", "")
        assert shown(canvas) == expected


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(-40, 40), st.text(max_size=12))))
def test_it_is_always_as_wide_as_it_is(width: int, pieces: list[tuple[int, str]]) -> None:
    canvas = Canvas(width)
    for column, text in pieces:
        canvas.put(column, text, "")
        canvas.label(column, column - 3, text, "bad")
    assert width_of(canvas.line()) == width
