from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.config import HealthSettings
from cxtop.core.live.alarms import UNTIL_WELL, is_ill, judged, since_of, state_of
from cxtop.core.models import HealthReport, HealthSource, HealthState
from cxtop.core.store.health import Alarm, Level

from .support import after

SETTINGS = HealthSettings(threshold=10, clear_below=6, for_s=60, refresh_s=30, least=10)


def report(rate: float, executions: int = 100) -> HealthReport:
    return HealthReport(
        action_id="a",
        interval="PT1H",
        source=HealthSource.CAPTURES,
        executions=executions,
        errors=round(rate * executions / 100),
        error_rate=rate,
        as_of=after(0),
    )


def course(*rates: float, every_s: float = 30, begin: Alarm | None = None) -> list[Alarm]:
    alarm, found = begin or Alarm(), []
    for number, rate in enumerate(rates):
        alarm = judged(alarm, report(rate), SETTINGS, after(number * every_s))
        found.append(alarm)
    return found


def test_above_for_long_enough_is_ill_since_it_began():
    alarms = course(0, 12, 12, 12, 30)
    assert [alarm.level for alarm in alarms] == [
        Level.CALM,
        Level.PENDING,
        Level.PENDING,
        Level.ABOVE,
        Level.ABOVE,
    ]
    assert alarms[1].turn == alarms[3].since == alarms[3].raised == after(30)
    assert since_of(alarms[1]) == after(30)
    assert since_of(alarms[-1]) == after(30)


def test_a_short_rise_is_no_illness():
    alarms = course(12, 12, 10, 12)
    assert [alarm.level for alarm in alarms][2:] == [Level.CALM, Level.PENDING]
    assert alarms[-1].turn == after(90)
    assert alarms[-1].raised is None


def test_only_well_below_for_as_long_is_well_again():
    ill = course(12, 12, 12)[-1]
    alarms = course(8, 5, 8, 5, 5, 5, begin=replace(ill, looked=after(-1)))
    assert [alarm.level for alarm in alarms] == [
        Level.ABOVE,
        Level.CLEARING,
        Level.ABOVE,
        Level.CLEARING,
        Level.CLEARING,
        Level.CALM,
    ]
    assert all(is_ill(alarm) for alarm in alarms[:-1])
    assert alarms[-1].since == after(90)
    assert alarms[-1].raised == after(0)


def test_without_a_duration_it_is_told_at_once():
    settings = SETTINGS.model_copy(update={"for_s": 0})
    ill = judged(Alarm(), report(12), settings, after(0))
    assert ill.level is Level.ABOVE
    assert judged(ill, report(1), settings, after(1)).level is Level.CALM


def test_what_nobody_looked_at_does_not_count():
    pending = course(12)[-1]
    later = judged(pending, report(12), SETTINGS, after(3600))
    assert (later.level, later.turn) == (Level.PENDING, after(3600))
    ill = course(12, 12, 12)[-1]
    assert judged(ill, report(12), SETTINGS, after(3600)).level is Level.ABOVE
    # Unless so much is captured that nobody looks more often.
    slow = judged(pending, report(12), SETTINGS, after(3600), pace_s=1800)
    assert (slow.level, slow.since) == (Level.ABOVE, after(0))


def test_a_clock_that_goes_back_does_no_harm():
    pending = course(12)[-1]
    earlier = judged(pending, report(12), SETTINGS, after(-10))
    assert (earlier.level, earlier.turn) == (Level.PENDING, after(-10))


def test_few_executions_say_nothing_and_none_are_no_illness():
    assert judged(Alarm(), report(100, executions=9), SETTINGS, after(0)).level is Level.CALM
    ill = course(12, 12, 12)[-1]
    assert judged(ill, report(0, executions=9), SETTINGS, after(61)).level is Level.ABOVE
    assert judged(ill, report(0, executions=0), SETTINGS, after(61)).level is Level.CLEARING


@pytest.mark.parametrize(
    ("alarm", "told", "state"),
    [
        (Alarm(), None, HealthState.UNKNOWN),
        (Alarm(), report(0, executions=0), HealthState.UNKNOWN),
        (Alarm(), report(0), HealthState.HEALTHY),
        (Alarm(Level.PENDING), report(20), HealthState.PENDING),
        (Alarm(Level.ABOVE), report(20), HealthState.ABOVE),
        (Alarm(Level.CLEARING), None, HealthState.ABOVE),
        (Alarm(Level.ABOVE, silenced_until=after(9)), report(20), HealthState.SILENCED),
        (Alarm(Level.ABOVE, silenced_until=after(-9)), report(20), HealthState.ABOVE),
        (Alarm(silenced_until=after(9)), report(0), HealthState.HEALTHY),
    ],
)
def test_the_state_that_is_shown(alarm, told, state):
    assert state_of(alarm, told, after(0)) is state


@settings(max_examples=60)
@given(st.lists(st.sampled_from([0.0, 5.0, 8.0, 12.0, 50.0]), max_size=30))
def test_an_illness_is_never_shorter_nor_nearer_than_the_duration(rates):
    alarms = course(*rates)
    for number, alarm in enumerate(alarms):
        if alarm.level is Level.ABOVE and (number == 0 or not is_ill(alarms[number - 1])):
            assert all(rate > 10 for rate in rates[number - 2 : number + 1])
            assert alarm.since == after((number - 2) * 30)
        if number and alarm.level is Level.CALM and is_ill(alarms[number - 1]):
            assert all(rate < 6 for rate in rates[number - 2 : number + 1])
            assert after(number * 30) - (alarm.since or after(0)) == timedelta(seconds=60)


def test_a_silence_until_it_is_well_ends_with_the_illness_and_any_other_does_not():
    ill = course(12, 12, 12)[-1]
    for until, left in ((UNTIL_WELL, None), (after(9000), after(9000))):
        silent = replace(ill, silenced_until=until, looked=after(-1))
        alarms = course(12, 5, 5, 5, begin=silent)
        assert [alarm.silenced_until for alarm in alarms] == [until, until, until, left]
        assert alarms[-1].level is Level.CALM
