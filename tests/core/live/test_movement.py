import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.live.movement import TREND, WINDOW, Movement, forward
from cxtop.core.models import RunStatus

from .support import after, poll_at, run_at


def moving(*points, total=1000):
    movement = Movement()
    for seconds, processed in points:
        movement.see(run_at(seconds, processed=processed, total=total))
    return movement


def test_one_poll_says_nothing_of_movement():
    movement = moving((0, 10))
    assert movement.rate is movement.eta_s is None
    assert movement.trend == ()
    assert Movement().rate is None


def test_rate_and_eta_come_from_the_counts():
    movement = moving((0, 100), (10, 200), (20, 400))
    assert movement.rate == 15
    assert movement.eta_s == 40
    assert movement.trend == (10, 20)


def test_the_window_forgets_how_it_went_long_ago():
    fast_then_slow = [(n, n * 100) for n in range(WINDOW)]
    slow = [(WINDOW + n, WINDOW * 100 + n) for n in range(WINDOW)]
    assert moving(*fast_then_slow, *slow).rate == 1


def test_without_counts_the_eta_comes_from_progress():
    movement = Movement()
    movement.see(run_at(0, progress=0.2))
    movement.see(run_at(10, progress=0.4))
    assert movement.rate is None
    assert movement.eta_s == pytest.approx(30)
    assert movement.trend == (pytest.approx(0.02),)


def test_standing_still_has_no_eta_and_is_counted():
    movement = moving((0, 5), (10, 5), (20, 5))
    assert (movement.rate, movement.eta_s, movement.still) == (0, None, 2)
    movement.see(run_at(30, processed=6, total=1000))
    assert movement.still == 0


def test_progress_that_stands_still_has_no_eta():
    movement = Movement()
    movement.see(run_at(0, progress=0.2))
    movement.see(run_at(10, progress=0.2))
    assert movement.eta_s is None


def test_errors_and_status_count_as_movement():
    movement = Movement()
    movement.see(run_at(0, processed=1, errors=0))
    movement.see(run_at(10, processed=1, errors=1))
    assert movement.still == 0
    movement.see(run_at(20, RunStatus.QUEUED, processed=1, errors=1))
    assert movement.still == 0


def test_an_ended_run_has_neither_rate_nor_eta():
    movement = moving((0, 10), (10, 20))
    movement.see(run_at(20, RunStatus.COMPLETED, processed=1000, total=1000))
    assert movement.rate is movement.eta_s is None


def test_a_run_that_began_anew_starts_a_new_window():
    movement = moving((0, 900), (10, 950), (20, 0))
    assert movement.rate is None
    movement.see(run_at(30, processed=50, total=1000))
    assert movement.rate == 5


def test_a_poll_that_is_not_newer_is_left_out():
    movement = moving((10, 100), (10, 900), (5, 0), (20, 200))
    assert movement.rate == 10


def test_more_processed_than_there_are_ends_now():
    assert moving((0, 900), (10, 1100)).eta_s == 0


def test_what_the_store_knows_begins_the_trend_but_not_the_standing_still():
    movement = Movement([poll_at(n * 10, processed=5) for n in range(9)])
    assert movement.still == 0
    assert len(movement.trend) == 8
    assert movement.rate == 0


@given(
    st.lists(
        st.tuples(
            st.floats(-5, 100),
            st.none() | st.integers(0, 10**6),
            st.none() | st.floats(0, 1),
            st.none() | st.integers(0, 10**6),
        ),
        max_size=60,
    )
)
def test_any_history_gives_sensible_figures_in_bounded_memory(history):
    movement, now = Movement(), 0.0
    for seconds, processed, progress, total in history:
        now += seconds
        movement.see(run_at(now, processed=processed, progress=progress, total=total))
        assert movement.rate is None or movement.rate >= 0
        assert movement.eta_s is None or movement.eta_s >= 0
    assert len(movement.trend) <= TREND


def test_progress_never_falls_back_but_the_raw_is_kept():
    before = run_at(0, progress=0.6, raw_progress=0.6)
    now = forward(before, run_at(10, progress=0.5, raw_progress=0.5))
    assert (now.progress, now.raw_progress) == (0.6, 0.5)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, run_at(10, progress=0.1, raw_progress=0.1)),
        (run_at(0), run_at(10, progress=0.1, raw_progress=0.1)),
        (run_at(0, progress=0.5), run_at(10)),
        (run_at(0, progress=0.5), run_at(10, progress=0.7, raw_progress=0.7)),
        (run_at(0, progress=0.5), run_at(10, progress=0.1)),
        (run_at(0, progress=0.5), run_at(10, RunStatus.QUEUED, progress=0.0, raw_progress=0)),
        (
            run_at(0, RunStatus.FAILED, progress=0.5),
            run_at(10, progress=0.1, raw_progress=0.1),
        ),
        (
            run_at(0, progress=0.5, created_at=after(0)),
            run_at(10, progress=0.1, raw_progress=0.1, created_at=after(5)),
        ),
    ],
)
def test_progress_is_taken_as_it_is(before, now):
    assert forward(before, now) is now
