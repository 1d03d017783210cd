import itertools
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.simulator.chance import chance
from cxtop.core.simulator.weather import BUSY, CALM, MOST_TARGETS, STORM, Fault, Weather, refusal

NOW = datetime(2025, 3, 4, 5, 6, 7, 800_000, tzinfo=UTC)


def test_calm_has_no_faults():
    weather = Weather(CALM, 1)
    assert not any(weather.next("/a") or weather.next_token("/t") for _ in range(500))


@given(seed=st.integers(), targets=st.lists(st.sampled_from("abc"), max_size=60))
def test_the_same_seed_and_requests_give_the_same_weather(seed, targets):
    one, two = Weather(STORM, seed), Weather(STORM, seed)
    assert [one.next(t) for t in targets] == [two.next(t) for t in targets]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(), targets=st.lists(st.sampled_from("abc"), min_size=50, max_size=300))
def test_five_attempts_get_through_a_storm(seed, targets):
    """At most two faults of a target and one of the token stand in a row."""
    weather = Weather(STORM, seed)
    in_a_row = dict.fromkeys("abc", 0)
    for target in targets:
        in_a_row[target] = in_a_row[target] + 1 if weather.next(target) else 0
        assert in_a_row[target] <= 2
    tokens = [weather.next_token("/t") is not None for _ in range(60)]
    assert not any(one and two for one, two in itertools.pairwise(tokens))


@pytest.mark.parametrize("seed", range(5))
def test_a_storm_brings_every_fault_and_tokens_only_theirs(seed):
    weather = Weather(STORM, seed)
    faults = [fault for _ in range(100) if (fault := weather.next("/a"))]
    assert set(faults) == set(Fault)
    assert faults[: len(Fault)] == list(Fault)
    assert set(faults[len(Fault) : 2 * len(Fault)]) == set(Fault)
    assert faults[len(Fault) : 3 * len(Fault)] != 2 * list(Fault)
    tokens = {fault for _ in range(200) if (fault := weather.next_token("/t"))}
    assert tokens == set(STORM.token_faults)


def test_busy_spares_the_first_requests_of_each_target():
    weather = Weather(BUSY, 1)
    assert not any(weather.next(f"/{n}") for n in range(300) for _ in range(BUSY.spared))
    assert any(weather.next("/a") for _ in range(1_000))


def test_what_is_remembered_of_targets_is_bounded():
    weather = Weather(STORM, 1)
    for number in range(MOST_TARGETS + 50):
        weather.next(f"/{number}")
    assert len(weather._seen) == MOST_TARGETS


def test_slow_answers_stay_below_a_reader_s_patience():
    weather = Weather(STORM, 1)
    times = [weather.slow_s(number) for number in range(50)]
    assert len(set(times)) == 50
    assert all(1.0 <= seconds <= 2.5 for seconds in times)


@pytest.mark.parametrize("number", range(8))
def test_retry_after_comes_in_both_forms(number):
    seconds = refusal(Fault.THROTTLED_SECONDS, chance(number), NOW)
    date = refusal(Fault.THROTTLED_DATE, chance(number), NOW)
    assert seconds is not None
    assert date is not None
    assert seconds.status == date.status == 429
    assert 0 <= float(seconds.retry_after) <= 2
    wait = parsedate_to_datetime(date.retry_after) - NOW
    assert timedelta(0) < wait <= timedelta(seconds=3)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.SERVER_ERROR, 500),
        (Fault.BAD_GATEWAY_PAGE, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.GATEWAY_TIMEOUT, 504),
    ],
)
def test_server_errors_have_bodies_of_every_kind(fault, status):
    given = refusal(fault, chance(1), NOW)
    assert given is not None
    assert given.status == status
    assert (b"<title>" in given.body) == (status == 502)
    assert (given.body == b"") == (status == 504)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.CUT, Fault.SLOW])
def test_other_faults_are_no_answers(fault):
    assert refusal(fault, chance(1), NOW) is None
