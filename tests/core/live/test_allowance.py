import heapq
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.live.allowance import Allowance
from cxtop.core.models import RateBudget

from .support import START, after

FULL = RateBudget(allowed=300, remaining=300, resets_at=after(60))


def allowance(budget=FULL, share=0.6):
    return Allowance(share, now=START, budget=budget)


def test_few_polls_go_at_once_and_as_planned():
    it = allowance()
    assert it.wait_s(START) == 0
    assert it.planned_s(10, demand=1.2, now=START) == 10


def test_a_third_goes_at_once_and_the_rest_is_spread_over_the_window():
    it = allowance()
    gone = 0
    while it.wait_s(START) == 0:
        it.spend_poll()
        gone += 1
    assert gone == 60
    assert it.wait_s(START) == pytest.approx(0.5)
    assert it.wait_s(after(10)) == 0


def test_the_share_of_the_window_is_never_passed():
    it = allowance()
    for _ in range(180):
        it.spend_poll()
    assert it.wait_s(after(30)) == 30


def test_polls_are_stretched_so_that_all_fit():
    it = allowance()
    assert it.planned_s(10, demand=25.6, now=START) == pytest.approx(10 * 25.6 / 3)


def test_without_anything_left_polls_wait_for_the_next_window_but_are_not_dropped():
    it = allowance(RateBudget(allowed=300, remaining=0, resets_at=after(20)))
    assert it.wait_s(START) == 20
    assert it.planned_s(10, demand=1, now=START) == 30


def test_what_others_spend_is_left_out_of_the_plan():
    it = allowance()
    for _ in range(10):
        it.spend_poll()
    it.look(RateBudget(allowed=300, remaining=20, resets_at=after(60)), after(10))
    assert it.planned_s(10, demand=1, now=after(10)) == pytest.approx(10 * 50 / 12)


def test_a_new_window_gives_a_new_share():
    it = allowance(RateBudget(allowed=300, remaining=0, resets_at=after(20)))
    it.look(RateBudget(), after(21))
    assert it.wait_s(after(21)) == 0
    it.look(RateBudget(allowed=300, remaining=0, resets_at=after(90)), after(22))
    assert it.wait_s(after(22)) == 68


def test_pages_go_freely_while_polls_stay_covered():
    it = allowance()
    for _ in range(200):
        it.spend_page(START)
    assert it.page_wait_s(demand=1, now=START) == 0


def test_pages_have_a_share_of_their_own_when_polls_want_everything():
    it = allowance()
    gone = 0
    while it.page_wait_s(demand=100, now=START) == 0:
        it.spend_page(START)
        gone += 1
    assert gone == 90
    assert it.page_wait_s(demand=100, now=START) == pytest.approx(60 / 90)
    assert it.page_wait_s(demand=100, now=after(1)) == 0


def test_pages_wait_for_the_next_window_when_nothing_is_left():
    it = allowance(RateBudget(allowed=300, remaining=2, resets_at=after(20)))
    assert it.page_wait_s(demand=1, now=START) == 20
    scarce = allowance(RateBudget(allowed=300, remaining=20, resets_at=after(20)))
    assert scarce.page_wait_s(demand=1, now=START) == 0


@settings(max_examples=25, deadline=None)
@given(
    runs=st.integers(1, 256),
    interval=st.sampled_from([1.0, 3.0, 10.0]),
    others=st.floats(0, 2),
    share=st.sampled_from([0.3, 0.6, 1.0]),
)
def test_in_no_window_do_polls_pass_their_share(runs, interval, others, share):
    """Ten simulated minutes with a fixed window of 300, while others spend calls too."""
    now, window_end = START, after(60)
    it = Allowance(share, now=now)
    due = [(START, n) for n in range(runs)]
    polled = dict.fromkeys(range(runs), 0)
    polls = 0
    while now < after(600):
        due_at, run = heapq.heappop(due)
        now = max(now, due_at)
        while True:
            if now >= window_end:
                polls, window_end = 0, window_end + timedelta(seconds=60)
                continue
            foreign = int(others * (60 - (window_end - now).total_seconds()))
            left = max(0, 300 - polls - foreign)
            it.look(RateBudget(allowed=300, remaining=left, resets_at=window_end), now)
            if (wait := it.wait_s(now)) == 0:
                break
            now += timedelta(seconds=wait)
        polls += 1
        polled[run] += 1
        assert polls <= share * 300 + 1
        it.spend_poll()
        planned = it.planned_s(interval, demand=runs / interval, now=now)
        assert planned >= interval
        heapq.heappush(due, (now + timedelta(seconds=planned), run))
    assert min(polled.values()) >= 1
