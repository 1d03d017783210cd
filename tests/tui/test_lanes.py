"""The drawing of a call's attempts: true to scale, within its width, labels beside bars."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import Attempt, Call, CallState, WaitReason
from cxtop.core.text import safe
from cxtop.tui.ink import Line, width_of
from cxtop.tui.lanes import Drawing, Window, draw, tick_label, ticks, whole

START = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)
BARS = "█▌▐▷"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def attempt(number: int, start: float, took_s: float, outcome: str = "503", **rest: Any) -> Attempt:
    status = int(outcome) if outcome.isdigit() else None
    return Attempt(
        number=number,
        started_at=at(start),
        duration_ms=took_s * 1000,
        outcome=outcome,
        status=status,
        **rest,
    )


def call(*attempts: Attempt, **rest: Any) -> Call:
    fields = {"state": CallState.DONE} | rest
    return Call(
        call_id="c",
        operation="run status",
        method="GET",
        url="https://api.example/x",
        started_at=START,
        attempts=attempts,
        **fields,
    )


def text(line: Line) -> str:
    return "".join(safe(piece) for piece, _ in line)


def rows(drawing: Drawing) -> list[str]:
    return [text(line).rstrip() for line in drawing.lines]


THREE = call(
    attempt(1, 0, 1, "429", wait_s=2, wait_reason=WaitReason.RETRY_AFTER),
    attempt(2, 3, 2, "503", wait_s=1, wait_reason=WaitReason.BACKOFF),
    attempt(3, 6, 1, "429", wait_s=3, wait_reason=WaitReason.RETRY_AFTER),
    state=CallState.WAITING,
    next_attempt_at=at(10),
)


def test_bars_and_waits_lie_where_their_times_are() -> None:
    shown = rows(draw(THREE, at(8), Window(0, 12), 65))
    lanes = [line[5:] for line in shown[2:]]
    assert lanes[0].startswith("█████ 429 throttled")
    assert lanes[1].startswith("     ╌╌╌╌╌╌╌╌╌╌ Retry-After 2 s")
    assert lanes[2].index("█") == 15
    assert lanes[2].count("█") == 10
    assert lanes[3].index("╌") == 25
    assert lanes[3].count("╌") == 5
    assert lanes[4].index("█") == 30
    assert lanes[6].index("▷") == 50
    assert "in 2.0 s" in lanes[6]
    assert shown[0][5:].index("now") == 40
    assert shown[1][5:].index("▼") == 40


def test_half_a_cell_is_told_apart_and_nothing_is_too_short_to_see() -> None:
    one = call(attempt(1, 1.5, 1, "200"), attempt(2, 4.25, 0, "200"))
    lanes = [text(line)[5:] for line in draw(one, at(60), Window(0, 20), 25).lines[2:]]
    bars = [line for line in lanes if any(sign in line for sign in "█▌▐")]
    assert bars[0].startswith(" ▐▌ 200")
    assert bars[1].startswith("    ▌ 200")


def test_what_lies_outside_is_pointed_at() -> None:
    shown = rows(draw(THREE, at(8), Window(3, 2), 60))
    assert shown[2][5:].startswith("‹ 429 throttled")
    assert shown[-1].endswith("in 2.0 s ›")


def test_an_attempt_under_way_grows_until_now() -> None:
    one = call(attempt(1, 0, 1, wait_s=1, wait_reason=WaitReason.BACKOFF), state=CallState.RUNNING)
    earlier = draw(one, at(3), Window(0, 10), 65).lanes[-1]
    later = draw(one, at(5), Window(0, 10), 65).lanes[-1]
    assert earlier.number == later.number == 2
    assert earlier.span == (2, 3)
    assert later.span == (2, 5)
    assert "asking" in text(later.rows[0])


def test_a_call_that_was_left_behind_draws_nothing_to_come() -> None:
    assert len(draw(THREE, at(8), whole(THREE, at(8)), 80).lanes) == 4
    assert len(draw(THREE, at(4000), whole(THREE, at(4000)), 80).lanes) == 3


def test_a_pause_that_nobody_explains_is_shown_as_one() -> None:
    one = call(attempt(1, 0, 1, "401"), attempt(2, 4, 1, "200"))
    assert any("pause 3 s" in line for line in rows(draw(one, at(60), Window(0, 6), 80)))


def test_what_came_from_outside_is_made_safe_and_takes_its_width() -> None:
    hostile = "\x1b]52;c;aGk=\x07 文字 a\u202eb"
    one = call(attempt(1, 0, 1, hostile))
    drawing = draw(one, at(60), Window(0, 10), 40)
    assert all(width_of(line) == 40 for line in drawing.lines)
    assert "\x1b" not in "".join(text(line) for line in drawing.lines)


@pytest.mark.parametrize(
    ("moment", "label"),
    [
        (0, "0 s"),
        (0.0002, "0.2 ms"),
        (0.25, "250 ms"),
        (2.5, "2.5 s"),
        (-2, "−2 s"),
        (90, "1 m 30 s"),
        (7200, "2 h"),
        (93_600, "1 d 2 h"),
    ],
)
def test_labels_of_ticks(moment: float, label: str) -> None:
    assert tick_label(moment) == label


def test_the_whole_call_is_in_its_window() -> None:
    window = whole(THREE, at(8))
    assert window.start <= 0
    assert window.end > 10
    assert whole(call(), at(0)).length > 0


def test_zooming_keeps_what_one_looks_at_in_place() -> None:
    window = Window(0, 10)
    near = window.zoomed(0.5, 4)
    assert (near.start, near.length) == (2, 5)
    assert near.zoomed(2, 4) == window
    assert window.zoomed(0.5, 40).start == pytest.approx(37.5)
    assert window.panned(0.5) == Window(5, 10)
    assert Window(0, 0.0011).zoomed(0.1, 0).length == 0.001


# whatever the call is

moments = st.floats(-5, 400, allow_nan=False)
attempts = st.builds(
    lambda start, took, outcome, wait: (start, took, outcome, wait),
    moments,
    st.floats(0, 60),
    st.sampled_from(("200", "429", "503", "401", "ReadTimeout", "文字\x1b[2J", "CancelledError")),
    st.none() | st.floats(0, 200),
)


@st.composite
def calls(draw_: st.DrawFn) -> Call:
    made = draw_(st.lists(attempts, max_size=12))
    state = draw_(st.sampled_from(list(CallState)))
    due = at(draw_(moments)) if state is CallState.WAITING else None
    return call(
        *(
            attempt(
                number,
                start,
                took,
                outcome,
                wait_s=wait,
                wait_reason=None if wait is None else WaitReason.BACKOFF,
            )
            for number, (start, took, outcome, wait) in enumerate(made, 1)
        ),
        state=state,
        next_attempt_at=due,
    )


windows = st.builds(Window, st.floats(-100, 500), st.floats(0.001, 100_000))


@settings(max_examples=150, deadline=None)
@given(calls(), moments, windows | st.none(), st.integers(0, 160))
def test_never_wider_than_asked(one: Call, now: float, window: Window | None, width: int) -> None:
    drawing = draw(one, at(now), window or whole(one, at(now)), width, chosen=2)
    assert all(width_of(line) <= width for line in drawing.lines)


@settings(max_examples=150, deadline=None)
@given(calls(), moments, windows | st.none(), st.integers(20, 160))
def test_labels_leave_bars_whole(one: Call, now: float, window: Window | None, width: int) -> None:
    """Every bar has just the cells that its time has, so no label was written into it."""
    view = window or whole(one, at(now))
    drawing = draw(one, at(now), view, width)
    gutter = len(str(len(drawing.lanes))) + 4
    columns = width - gutter
    for lane in drawing.lanes:
        shown = text(lane.rows[0])[gutter:]
        bars = sum(char in BARS for char in shown)
        start, end = ((moment - view.start) / view.length * columns for moment in lane.span)
        least = max(0, min(end, columns) - max(start, 0))
        assert bars >= int(least)
        assert bars <= least + 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=8), st.integers(30, 160))
def test_later_is_never_farther_left(starts: list[float], width: int) -> None:
    made = (attempt(number, start, 0.5) for number, start in enumerate(sorted(starts), 1))
    one = call(*made)
    lanes = draw(one, at(1000), whole(one, at(1000)), width).lanes
    firsts = [re.search("[█▌▐]", text(lane.rows[0])[5:]).start() for lane in lanes]
    assert firsts == sorted(firsts)


@settings(max_examples=150, deadline=None)
@given(windows, st.integers(0, 200))
def test_ticks_are_round_in_order_and_apart(window: Window, width: int) -> None:
    marks = ticks(window, width)
    assert marks == sorted(marks)
    assert all(window.start - 1e-6 <= mark <= window.end + 1e-6 for mark in marks)
    columns = [(mark - window.start) / window.length * width for mark in marks]
    widest = max((len(tick_label(mark)) for mark in marks), default=0)
    assert all(right - left > widest for left, right in pairwise(columns))
