"""How healthy actions were: who is followed, how their alarms stand, and points of their history.

Functions of a connection: those that write are jobs for the writer; the others are queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..models import HealthPoint, HealthReport
from .codec import micros, moment, raw

# followed: 1 the user wants it, 0 the user wants it not, NULL nobody has said.
HEALTH = """
CREATE TABLE health_actions (
    action INTEGER PRIMARY KEY,
    action_id TEXT NOT NULL UNIQUE,
    followed INTEGER,
    silenced_until INTEGER,
    level TEXT NOT NULL DEFAULT 'calm',
    since INTEGER,
    turn INTEGER,
    raised INTEGER,
    looked INTEGER
);
CREATE TABLE health_points (
    action INTEGER NOT NULL,
    at INTEGER NOT NULL,
    interval TEXT NOT NULL,
    source TEXT NOT NULL,
    executions INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    rate REAL NOT NULL,
    average_ms REAL,
    PRIMARY KEY (action, at)
) WITHOUT ROWID;
CREATE INDEX health_points_by_age ON health_points (at);
"""

# Beyond an age, one point in so much time is enough.
_THINNED = (
    (timedelta(hours=6), timedelta(minutes=10)),
    (timedelta(days=2), timedelta(hours=1)),
)
_MOST_SHOWN = 500


class Level(StrEnum):
    """How far an alarm has gone."""

    CALM = "calm"
    PENDING = "pending"  # above the threshold since `turn`, not yet for long enough
    ABOVE = "above"
    CLEARING = "clearing"  # below again since `turn`, not yet for long enough


@dataclass(frozen=True, slots=True)
class Alarm:
    """How an action stands against its threshold.

    `since` is when it became ill, or well again; `turn` when the change began that is not yet
    certain; `raised` the `since` of the last time that it was ill. Nobody is told until
    `silenced_until`. `looked` is when it was last judged.
    """

    level: Level = Level.CALM
    since: datetime | None = None
    turn: datetime | None = None
    raised: datetime | None = None
    silenced_until: datetime | None = None
    looked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an action; `followed` is `None` where the user said nothing of it."""

    action_id: str
    followed: bool | None
    alarm: Alarm


def kept(connection: sqlite3.Connection) -> list[Kept]:
    """Every action of which anything is kept."""
    rows = connection.execute(
        "SELECT CAST(action_id AS BLOB), followed, level, since, turn, raised, silenced_until, "
        "looked FROM health_actions ORDER BY action"
    )
    return [
        Kept(
            name.decode("utf-8", "surrogatepass"),
            None if followed is None else bool(followed),
            _alarm(*rest),
        )
        for name, followed, *rest in rows
    ]


def alarm(connection: sqlite3.Connection, action_id: str) -> Alarm:
    """How the alarm of an action stands."""
    row = connection.execute(
        "SELECT level, since, turn, raised, silenced_until, looked FROM health_actions "
        "WHERE action_id = CAST(? AS TEXT)",
        (raw(action_id),),
    ).fetchone()
    return Alarm() if row is None else _alarm(*row)


def step(connection: sqlite3.Connection, action_id: str, change: Callable[[Alarm], Alarm]) -> Alarm:
    """Let `change` make the alarm of an action what it is now, and keep that.

    In one transaction, so that of several processes each sees what the others made of it.
    """
    before = alarm(connection, action_id)
    after = change(before)
    if after != before:
        connection.execute(
            "UPDATE health_actions SET level = ?, since = ?, turn = ?, raised = ?, "
            "silenced_until = ?, looked = ? WHERE action = ?",
            (
                after.level.value,
                _micros(after.since),
                _micros(after.turn),
                _micros(after.raised),
                _micros(after.silenced_until),
                _micros(after.looked),
                _number(connection, action_id),
            ),
        )
    return after


def follow(connection: sqlite3.Connection, action_id: str, *, wanted: bool) -> None:
    """Keep whether the user wants an action to be followed."""
    connection.execute(
        "UPDATE health_actions SET followed = ? WHERE action = ?",
        (int(wanted), _number(connection, action_id)),
    )


def add_point(connection: sqlite3.Connection, report: HealthReport, *, gap_s: float) -> bool:
    """Keep what a report said, unless there is a point `gap_s` seconds before; thin out old ones.

    Says whether it was kept.
    """
    number, at = _number(connection, report.action_id), micros(report.as_of)
    near = connection.execute(
        "SELECT 1 FROM health_points WHERE action = ? AND at > ? AND interval = ? AND source = ?",
        (number, at - round(gap_s * 1e6), report.interval, report.source.value),
    ).fetchone()
    if near is not None:
        return False
    connection.execute(
        "INSERT OR REPLACE INTO health_points "
        "(action, at, interval, source, executions, errors, rate, average_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            at,
            report.interval,
            report.source.value,
            report.executions,
            report.errors,
            report.error_rate,
            report.average_ms,
        ),
    )
    for age, gap in _THINNED:
        connection.execute(
            "DELETE FROM health_points WHERE action = ?1 AND at < ?2 AND at NOT IN "
            "(SELECT max(at) FROM health_points WHERE action = ?1 GROUP BY at / ?3)",
            (number, micros(report.as_of - age), gap // timedelta(microseconds=1)),
        )
    return True


def points(
    connection: sqlite3.Connection,
    action_id: str,
    interval: str,
    source: str,
    limit: int = _MOST_SHOWN,
) -> list[HealthPoint]:
    """The newest points of an action that are of such figures, the oldest first."""
    rows = connection.execute(
        "SELECT at, executions, errors, rate, average_ms FROM health_points "
        "WHERE action = (SELECT action FROM health_actions WHERE action_id = CAST(? AS TEXT)) "
        "AND interval = ? AND source = ? ORDER BY at DESC LIMIT ?",
        (raw(action_id), interval, source, limit),
    ).fetchall()
    return [
        HealthPoint(
            at=moment(at), executions=executions, errors=errors, error_rate=rate, average_ms=average
        )
        for at, executions, errors, rate, average in reversed(rows)
    ]


def _number(connection: sqlite3.Connection, action_id: str) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO health_actions (action_id) VALUES (CAST(? AS TEXT))",
        (raw(action_id),),
    )
    return connection.execute(
        "SELECT action FROM health_actions WHERE action_id = CAST(? AS TEXT)", (raw(action_id),)
    ).fetchone()[0]


def _alarm(level: str, *moments: int | None) -> Alarm:
    """`moments` are in the order of the fields of `Alarm`."""
    return Alarm(Level(level), *map(_moment, moments))


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _micros(value: datetime | None) -> int | None:
    return None if value is None else micros(value)
