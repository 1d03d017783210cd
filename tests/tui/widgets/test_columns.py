"""Which columns fit, and how wide they get."""

from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui.widgets.columns import GAP, Column, fit


def column(key: str, width: int, **rest: int) -> Column[str]:
    return Column(key, key, width, lambda row, _width: ((row, ""),), **rest)


COLUMNS = (
    column("name", 10, flex=2, widest=30),
    column("bar", 8, flex=1),
    column("count", 5, drop=1),
    column("rate", 5, drop=2),
)


@given(st.integers(min_value=1, max_value=300))
def test_columns_never_exceed_the_width(width: int) -> None:
    fitted = fit(COLUMNS, width)
    used = sum(cells for _, cells in fitted) + GAP * (len(fitted) - 1)
    assert used <= width or all(cells == 1 for _, cells in fitted) or width < 12
    if width >= 60:
        assert used == width


def test_what_matters_least_leaves_first() -> None:
    assert [c.key for c, _ in fit(COLUMNS, 34)] == ["name", "bar", "count", "rate"]
    assert [c.key for c, _ in fit(COLUMNS, 33)] == ["name", "bar", "count"]
    assert [c.key for c, _ in fit(COLUMNS, 24)] == ["name", "bar"]


def test_spare_room_goes_by_weight_up_to_the_widest() -> None:
    widths = {c.key: cells for c, cells in fit(COLUMNS, 200)}
    assert widths["name"] == 30
    assert widths["count"] == 5
    assert sum(widths.values()) + GAP * 3 == 200
