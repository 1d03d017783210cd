"""Shares and series in block characters."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cxtop.tui.bars import bar, gauge, level, sparkline, thinned


def drawn(fraction: float | None, width: int) -> str:
    return "".join(text for text, _ in bar(fraction, width))


@given(st.none() | st.floats(allow_nan=False), st.integers(min_value=-2, max_value=80))
def test_a_bar_has_exactly_its_width(fraction: float | None, width: int) -> None:
    assert cell_len(drawn(fraction, width)) == max(0, width)


def test_a_bar_shows_eighths() -> None:
    assert drawn(0.5, 4) == "██░░"
    assert drawn(0.53125, 4) == "██▏░"
    assert drawn(1.0, 4) == "████"
    assert drawn(None, 4) == "░░░░"


def test_what_has_begun_is_seen() -> None:
    assert drawn(0.00001, 4) == "▏░░░"


@given(st.lists(st.floats(min_value=-1, max_value=1e12)), st.integers(min_value=-1, max_value=40))
def test_a_sparkline_never_exceeds_its_width(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == min(len(values), max(0, width))


def test_a_sparkline_shows_the_newest() -> None:
    assert sparkline([9, 0, 1, 2, 4], 4) == "▁▃▅█"
    assert sparkline([0, 0], 4) == "▁▁"


@given(
    st.none() | st.floats(allow_nan=False),
    st.integers(min_value=-2, max_value=80),
    st.floats(min_value=-1, max_value=2),
)
def test_a_gauge_is_as_wide_as_its_bar_and_has_one_mark(
    fraction: float | None, width: int, mark: float
) -> None:
    text = "".join(piece for piece, _ in gauge(fraction, width, mark=mark))
    assert cell_len(text) == max(0, width)
    assert text.count("│") == (width > 0)


def test_a_gauge_marks_its_place() -> None:
    assert "".join(piece for piece, _ in gauge(0.6, 10, mark=0.25)) == "██│███░░░░"
    assert "".join(piece for piece, _ in gauge(0.1, 10, mark=0.25)) == "█░│░░░░░░░"
    assert "".join(piece for piece, _ in gauge(1.0, 4, mark=1.0)) == "███│"


def test_thinning_keeps_course_and_greatest() -> None:
    assert thinned([1, 9, 2, 3, 4, 0], 3) == [9, 3, 4]
    assert thinned([1, 2], 3) == [1, 2]
    assert [level(0), level(0.5), level(1), level(7)] == ["▁", "▅", "█", "█"]
