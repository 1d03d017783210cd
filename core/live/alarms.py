"""When an action counts as ill, and when as well again: a pure function of its rate over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..config import HealthSettings
from ..models import HealthReport, HealthState
from ..store.health import Alarm, Level

UNTIL_WELL = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a silence that ends when the action is well again."""

LOOKS = 3
PATIENCE = timedelta(minutes=5)
"""Whoever did not look for three times its pace, or for five minutes where that is longer, knows
nothing of the time between."""


def judged(
    alarm: Alarm,
    report: HealthReport,
    settings: HealthSettings,
    now: datetime,
    *,
    pace_s: float = 0.0,
) -> Alarm:
    """How the alarm stands after `report`; looks are `pace_s` seconds apart where that is more
    than the settings say.

    Between the threshold and the rate that counts as well again it stays as it is. So few
    executions that they say nothing leave it as it is, too, but none at all are no illness.
    """
    enough = report.executions >= settings.least
    above = enough and report.error_rate > settings.threshold_of(report.action_id)
    clear = (enough or not report.executions) and (
        report.error_rate < settings.clear_of(report.action_id)
    )
    wait = timedelta(seconds=settings.for_s)
    pace = timedelta(seconds=max(pace_s, settings.refresh_s))
    patience = max(LOOKS * pace, wait, PATIENCE)
    if alarm.looked is None or now - alarm.looked > patience:
        alarm = replace(alarm, turn=None)
    alarm = replace(alarm, looked=now)
    if alarm.level in (Level.CALM, Level.PENDING):
        return _while_well(alarm, wait, now, above=above)
    return _while_ill(alarm, wait, now, clear=clear)


def _while_well(alarm: Alarm, wait: timedelta, now: datetime, *, above: bool) -> Alarm:
    if not above:
        return replace(alarm, level=Level.CALM, turn=None, since=alarm.since or now)
    turn = min(alarm.turn or now, now)
    if now - turn < wait:
        return replace(alarm, level=Level.PENDING, turn=turn)
    return replace(alarm, level=Level.ABOVE, turn=None, since=turn, raised=turn)


def _while_ill(alarm: Alarm, wait: timedelta, now: datetime, *, clear: bool) -> Alarm:
    if not clear:
        return replace(alarm, level=Level.ABOVE, turn=None)
    turn = min(alarm.turn or now, now)
    if now - turn < wait:
        return replace(alarm, level=Level.CLEARING, turn=turn)
    silent = None if alarm.silenced_until == UNTIL_WELL else alarm.silenced_until
    return replace(alarm, level=Level.CALM, turn=None, since=turn, silenced_until=silent)


def is_ill(alarm: Alarm) -> bool:
    """Whether the action is above its threshold, for long enough to be told."""
    return alarm.level in (Level.ABOVE, Level.CLEARING)


def is_silenced(alarm: Alarm, now: datetime) -> bool:
    """Whether nobody is to be told of it now."""
    return alarm.silenced_until is not None and alarm.silenced_until > now


def state_of(alarm: Alarm, report: HealthReport | None, now: datetime) -> HealthState:
    """The alarm as a screen tells it."""
    if is_ill(alarm):
        return HealthState.SILENCED if is_silenced(alarm, now) else HealthState.ABOVE
    if report is None or not report.executions:
        return HealthState.UNKNOWN
    return HealthState.PENDING if alarm.level is Level.PENDING else HealthState.HEALTHY


def since_of(alarm: Alarm) -> datetime | None:
    """Since when it is in that state."""
    return alarm.turn if alarm.level is Level.PENDING else alarm.since
