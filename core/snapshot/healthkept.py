"""What the store keeps of the health of actions, as models."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from ..config import HealthSettings
from ..live.alarms import judged
from ..live.healthreports import HealthReports
from ..models import ActionHealth, HealthPoint, HealthReport, HealthSource, HealthState
from ..store import Store, health
from ..store.codec import raw

_STATES = {
    health.Level.CALM: HealthState.HEALTHY,
    health.Level.PENDING: HealthState.PENDING,
    health.Level.ABOVE: HealthState.ABOVE,
    health.Level.CLEARING: HealthState.ABOVE,
}
_MOST_POINTS = 5000
_ONLY_FIGURES = "These are the last figures that were kept; the error codes are not among them."


async def health_known(
    store: Store, actions: Iterable[str], settings: HealthSettings | None = None
) -> list[ActionHealth]:
    """The health of `actions`, and of those of which figures are kept, without asking a platform.

    Where exchanges of an action were captured in the time that figures are of, they tell it, with
    error codes; else the last figures that were kept do. Alarms are what these
    make of those that were kept; nothing is kept of that. Raises
    StoreError.
    """
    settings = settings or HealthSettings()
    known = {
        one.action_id: one for one in await store.readers.read(lambda c: health_of(c, settings))
    }
    reports = HealthReports(store, None)
    for action_id in dict.fromkeys((*actions, *known)):
        report = await reports.report(action_id, settings.interval)
        if report.executions:
            known[action_id] = await store.readers.read(
                lambda c, report=report: _captured(c, settings, report)
            )
    return list(known.values())


def health_of(
    connection: sqlite3.Connection, settings: HealthSettings | None = None
) -> list[ActionHealth]:
    """Every action of which figures are kept, as it was last known."""
    settings = settings or HealthSettings()
    found: list[ActionHealth] = []
    for kept in health.kept(connection):
        newest = _newest(connection, kept.action_id)
        if newest is None:
            continue
        interval, source = newest
        points = health.points(connection, kept.action_id, interval, source, _MOST_POINTS)
        report = _report(kept.action_id, interval, source, points[-1])
        found.append(_health(settings, report, kept.alarm, points))
    return found


def _captured(
    connection: sqlite3.Connection, settings: HealthSettings, report: HealthReport
) -> ActionHealth:
    """An action by a report of captures, and what is kept of it that is alike."""
    asked = report.action_id, report.interval, report.source.value
    points = health.points(connection, *asked, _MOST_POINTS)
    alarm = health.alarm(connection, report.action_id)
    return _health(settings, report, judged(alarm, report, settings, report.as_of), points)


def _health(
    settings: HealthSettings,
    report: HealthReport,
    alarm: health.Alarm,
    points: Sequence[HealthPoint],
) -> ActionHealth:
    return ActionHealth(
        action_id=report.action_id,
        threshold=settings.threshold_of(report.action_id),
        state=_STATES[alarm.level],
        report=report,
        history=tuple(points),
        since=alarm.since,
        silenced_until=alarm.silenced_until,
    )


def _newest(connection: sqlite3.Connection, action_id: str) -> tuple[str, str] | None:
    """Of which interval and source the newest figures are."""
    return connection.execute(
        "SELECT interval, source FROM health_points JOIN health_actions USING (action) "
        "WHERE action_id = CAST(? AS TEXT) ORDER BY at DESC LIMIT 1",
        (raw(action_id),),
    ).fetchone()


def _report(action_id: str, interval: str, source: str, point: HealthPoint) -> HealthReport:
    return HealthReport(
        action_id=action_id,
        interval=interval,
        source=HealthSource(source),
        executions=point.executions,
        errors=point.errors,
        error_rate=point.error_rate,
        average_ms=point.average_ms,
        as_of=point.at,
        warnings=(_ONLY_FIGURES,),
    )
