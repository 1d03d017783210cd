"""How healthy an action is: its executions, errors and their codes in a time (contract §2, §6)."""

from __future__ import annotations

from datetime import datetime

from ..states import HealthSource, HealthState
from .base import Model

TOP = 5
"""How many error codes a report names."""


class CodeShare(Model):
    """The executions that ended with one error code: how many errors, and how long they took.

    `average_ms` is weighted by executions, `None` where nothing tells it.
    """

    code: str
    count: int
    average_ms: float | None = None


class HealthReport(Model):
    """What an action did in the time `interval` (ISO 8601, such as `PT24H`) before `as_of`.

    `error_rate` is in percent with two decimals, 0 without executions. `average_ms` is weighted by
    executions; `p95_ms` is known of captures only. `codes` holds every code, the most errors
    first. `warnings` says in sentences what may be wrong with the figures.
    """

    action_id: str
    interval: str
    source: HealthSource
    executions: int
    errors: int
    error_rate: float
    codes: tuple[CodeShare, ...] = ()
    average_ms: float | None = None
    p95_ms: float | None = None
    as_of: datetime
    warnings: tuple[str, ...] = ()

    @property
    def top(self) -> tuple[CodeShare, ...]:
        """The codes with the most errors, five at most."""
        return self.codes[:TOP]


class HealthPoint(Model):
    """What a report said at one time: a point of an action's history."""

    at: datetime
    executions: int
    errors: int
    error_rate: float
    average_ms: float | None = None


class RisenCode(Model):
    """An error code that weighs more than in the period before: its share of executions in percent,
    then and now. `before` is 0 for a code that is new."""

    code: str
    before: float
    now: float


class ActionHealth(Model):
    """An action as a screen shows it.

    `threshold` is in percent. `history` is oldest first. `risen` is against the period of the same
    length before, the greatest rise first. `since` says since when it is in `state`,
    `silenced_until` until when nobody is told. `trouble` and `remedy` say why there are no new
    figures.
    """

    action_id: str
    threshold: float
    state: HealthState = HealthState.UNKNOWN
    report: HealthReport | None = None
    history: tuple[HealthPoint, ...] = ()
    risen: tuple[RisenCode, ...] = ()
    since: datetime | None = None
    silenced_until: datetime | None = None
    trouble: str = ""
    remedy: str = ""
