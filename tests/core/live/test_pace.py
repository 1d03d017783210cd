import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.live.pace import SLOWEST_S, after_failure_s, interval_s


def test_an_ordinary_run_keeps_its_interval():
    assert interval_s(10) == 10
    assert interval_s(10, progress=0.5, eta_s=200, still=1) == 10


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        ({"progress": 0.95}, 5),
        ({"eta_s": 15.0}, 5),
        ({"eta_s": 3.0}, 3),
        ({"eta_s": 0.1}, 1),
        ({"progress": 0.95, "eta_s": 500.0}, 5),
    ],
)
def test_near_its_end_it_is_asked_sooner(known, seconds):
    assert interval_s(10, **known) == seconds


@pytest.mark.parametrize(("still", "seconds"), [(2, 15), (3, 20), (7, 40), (1000, 40)])
def test_standing_still_makes_it_slower_by_steps(still, seconds):
    assert interval_s(10, still=still, progress=0.99) == seconds


def test_standing_still_is_capped_unless_its_own_interval_is_longer():
    assert interval_s(30, still=50) == SLOWEST_S
    assert interval_s(300, still=50) == 300


@given(
    st.floats(0.01, 3600),
    st.floats(0.1, 60),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 1e6),
    st.integers(0, 10**6),
)
def test_the_interval_stays_between_its_bounds(base, least, progress, eta, still):
    seconds = interval_s(base, min_s=least, progress=progress, eta_s=eta, still=still)
    assert least <= seconds <= max(4 * max(base, least), 0)
    assert seconds <= max(SLOWEST_S, base, least)


def test_failures_back_off_to_the_slowest():
    waits = [after_failure_s(10, failures=n, lasting=False) for n in (1, 2, 3, 4, 500)]
    assert waits == [20, 40, 60, 60, 60]


def test_lasting_trouble_is_asked_after_slowly_at_once():
    assert after_failure_s(1, failures=1, lasting=True) == SLOWEST_S
    assert after_failure_s(120, failures=1, lasting=True) == 120


def test_what_the_platform_asks_for_is_a_lower_bound():
    assert after_failure_s(10, failures=1, lasting=True, retry_after_s=170) == 170
    assert after_failure_s(10, failures=1, lasting=False, retry_after_s=3) == 20
