"""What the store keeps of the health of actions, as models."""

from __future__ import annotations

import sqlite3

from ..config import HealthSettings
from ..models import ActionHealth, HealthPoint, HealthReport, HealthSource, HealthState
from ..store import health
from ..store.codec import raw

_STATES = {
    health.Level.CALM: HealthState.HEALTHY,
    health.Level.PENDING: HealthState.PENDING,
    health.Level.ABOVE: HealthState.ABOVE,
    health.Level.CLEARING: HealthState.ABOVE,
}
_MOST_POINTS = 5000
_ONLY_FIGURES = "These are the last figures that were kept; the error codes are not among them."


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
        found.append(
            ActionHealth(
                action_id=kept.action_id,
                threshold=settings.threshold_of(kept.action_id),
                state=_STATES[kept.alarm.level],
                report=_report(kept.action_id, interval, source, points[-1]),
                history=tuple(points),
                since=kept.alarm.since,
                silenced_until=kept.alarm.silenced_until,
            )
        )
    return found


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
