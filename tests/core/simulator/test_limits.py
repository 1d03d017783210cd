from cxtop.core.simulator.limits import WINDOW_S, Limits

from .conftest import Clock


def test_a_window_counts_refuses_and_ends():
    clock = Clock()
    limits = Limits(2, clock)
    first = limits.count("a")
    assert (first.count, first.remaining, first.reset_s, first.refused) == (1, 1, 60, False)
    clock.now += 10.5
    assert (limits.count("a").remaining, limits.count("a").refused) == (0, True)
    assert limits.count("a").reset_s == 50
    assert limits.count("a").count == 2
    clock.now += WINDOW_S - 10.5
    assert not limits.count("a").refused


def test_each_token_has_its_own_window():
    limits = Limits(1, Clock())
    assert not limits.count("a").refused
    assert not limits.count("b").refused
    assert limits.count("a").refused


def test_windows_that_ended_are_forgotten():
    clock = Clock()
    limits = Limits(1, clock)
    for number in range(100):
        clock.now += 10
        limits.count(str(number))
    assert len(limits._windows) <= 7
