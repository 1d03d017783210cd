"""A series as a chart: what is thinned, where it is cut, and the words of its axes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual_hires_canvas import Canvas

from cxtop.tui.widgets.course import Course, parted, thinned

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def rising(count: int, by_s: float = 60.0) -> list[tuple[datetime, float]]:
    return [(START + timedelta(seconds=by_s * step), float(step)) for step in range(count)]


class Charted(App[None]):
    def __init__(self, points: list[tuple[datetime, float]], limit: float | None) -> None:
        super().__init__()
        self.points, self.limit = points, limit

    def compose(self) -> ComposeResult:
        yield Course(lambda value: f"{value:g} %")

    def on_mount(self) -> None:
        self.query_one(Course).show(self.points, self.limit)


def drawn(app: Charted, part: str) -> str:
    canvas = app.query_one(f"#{part}", Canvas)
    return "\n".join(canvas.render_line(y).text for y in range(canvas.size.height))


async def test_a_line_its_limit_and_their_labels() -> None:
    app = Charted(rising(30), 10.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        plot, left = drawn(app, "plot"), drawn(app, "margin-left")
        assert "╌╌╌╌" in plot
        assert any("\u2800" < sign <= "\u28ff" for sign in plot)
        assert "10 %" in left
        assert "0 %" in left
        labels = drawn(app, "margin-bottom").split()
        assert len(labels) >= 3
        assert all(":" in label for label in labels)


async def test_seconds_below_a_short_course() -> None:
    app = Charted(rising(20, 2.0), None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert {label.count(":") for label in drawn(app, "margin-bottom").split()} == {2}


async def test_days_below_a_long_course() -> None:
    app = Charted(rising(40, 86_400.0 / 4), None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Mar" in drawn(app, "margin-bottom")
        assert "╌" not in drawn(app, "plot")


@pytest.mark.parametrize("size", [(1, 1), (8, 3), (12, 5), (300, 100)], ids=str)
async def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    app = Charted(rising(700), 5.0)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert app.query_one(Course).size == size


@pytest.mark.parametrize(
    "points",
    [[], rising(1), [(START, 0.0), (START, 0.0)], [(START, 0.0), (START + timedelta(1), 0.0)]],
    ids=["none", "one", "one-moment", "nothing"],
)
async def test_courses_without_extent(points: list[tuple[datetime, float]]) -> None:
    app = Charted(points, None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.query_one(Course).is_mounted


@given(st.lists(st.floats(0, 100), max_size=300), st.integers(1, 80))
def test_thinning_keeps_the_greatest(values: list[float], most: int) -> None:
    points = [(START + timedelta(seconds=at), value) for at, value in enumerate(values)]
    few = thinned(points, most)
    assert len(few) <= max(most, 0) or len(points) <= most
    assert set(few) <= set(points)
    assert max((value for _, value in few), default=0) == max(values, default=0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.floats(0, 100))
def test_the_parts_make_the_whole_line_and_meet_at_the_limit(
    values: list[float], limit: float
) -> None:
    points = [(float(at), value) for at, value in enumerate(values)]
    parts = parted(points, limit)
    joined = [point for part, _ in parts for point in part]
    assert [point for point in joined if point in points] == points or limit in values
    for (one, above), (other, beyond) in pairwise(parts):
        assert above != beyond
        assert one[-1] == other[0]
        assert one[-1][1] == limit
    for part, above in parts:
        assert all(y >= limit if above else y <= limit for _, y in part)
