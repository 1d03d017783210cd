"""What actions did in a time: the platform's figures, or those of the captured exchanges."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ..durations import duration, iso
from ..errors import RequestError, UnsupportedError
from ..models import CodeShare, HealthReport, HealthSource, Outcome, RisenCode
from ..platforms import Analytics
from ..store import Store, figures
from ..store.figures import Figures, Group
from .flights import Flights

FRESH_S = 60.0
"""The platform is not asked again for the same figures for this long (contract §2, analytics)."""

CAPTURES_FRESH_S = 2.0
"""The same for figures of captured exchanges, which cost no call."""

LEAST_RISE = 0.5
"""Percentage points by which the share of a code must have grown to be called risen."""

_MOST_KEPT = 500
_GOOD = frozenset(outcome.value for outcome in Outcome if outcome.good)

Question = tuple[str, str]


class Analyst(Protocol):
    """What tells figures of actions: a platform, or a link to one."""

    async def analytics(self, action_id: str, interval: str) -> Analytics: ...


class HealthReports:
    """Reports of the actions of one profile; `store` is that profile's.

    A report is good for a minute (`captures_fresh_s` where it is of captures), and those who ask
    at the same time share one asking. Without a `platform`, and where it has no analytics,
    figures come from the captured exchanges that the store has indexed.
    """

    def __init__(
        self,
        store: Store,
        platform: Analyst | None,
        *,
        captures_fresh_s: float = CAPTURES_FRESH_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._captures_fresh_s = captures_fresh_s
        self._store = store
        self._platform = platform
        self._now = now
        self._flights: Flights[Question, HealthReport] = Flights()
        self._kept: dict[Question, tuple[float, HealthReport]] = {}

    async def report(self, action_id: str, interval: str = "PT24H") -> HealthReport:
        """What the action did in the time `interval` up to now.

        Raises InputError for an interval that is none, RequestError for an empty id, and what a
        call or the store raises.
        """
        duration(interval)
        question = checked_id(action_id), interval.strip().upper()
        clock = asyncio.get_running_loop().time
        asked_at, kept = self._kept.get(question, (0.0, None))
        if kept is not None and clock() - asked_at < self._fresh_s(kept):
            return kept

        async def ask() -> HealthReport:
            began = clock()
            report = await self._ask(*question)
            self._keep(question, began, report)
            return report

        return await self._flights.join(question, ask)

    async def risen(self, report: HealthReport) -> tuple[RisenCode, ...]:
        """The codes that weigh more than in the period before, the greatest rise first.

        The platform tells figures up to now only. So it is asked for twice the time, and what the
        report has is taken off: one more walk. Raises as `report`.
        """
        if not report.codes:
            return ()
        length = duration(report.interval)
        if report.source is HealthSource.CAPTURES:
            ends = report.as_of - length
            found = await self._figures(report.action_id, ends - length, ends)
            before = _Sums.of_captures(found.groups)
        else:
            longer = await self.report(report.action_id, iso(2 * length))
            before = _Sums.of_report(longer).without(_Sums.of_report(report))
        return risen_codes(before, report)

    def _fresh_s(self, report: HealthReport) -> float:
        own = report.source is HealthSource.ANALYTICS
        return FRESH_S if own else self._captures_fresh_s

    def _keep(self, question: Question, asked_at: float, report: HealthReport) -> None:
        self._kept.pop(question, None)
        self._kept[question] = asked_at, report
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    async def _ask(self, action_id: str, interval: str) -> HealthReport:
        if self._platform is not None:
            try:
                told = await self._platform.analytics(action_id, interval)
            except UnsupportedError:
                pass  # the captured exchanges have to do
            else:
                return self._of_analytics(action_id, interval, told)
        now = self._now()
        found = await self._figures(action_id, now - duration(interval), now)
        return _of_captures(action_id, interval, found, now)

    async def _figures(self, action_id: str, begins: datetime, ends: datetime) -> Figures:
        low, high = (int(moment.timestamp() * 1000) for moment in (begins, ends))
        return await self._store.readers.read(
            lambda connection: figures.figures(connection, action_id, low, high)
        )

    def _of_analytics(self, action_id: str, interval: str, told: Analytics) -> HealthReport:
        sums, clean = _Sums(), self._store.redactor.text
        for row in told.rows:
            took = None if row.average_ms is None else row.average_ms * row.executions
            timed = 0 if took is None else row.executions
            sums.add(clean(row.code), row.executions, row.errors, timed, took or 0.0)
        report = sums.report(action_id, interval, HealthSource.ANALYTICS, self._now())
        return report.model_copy(update={"warnings": told.warnings})


def _of_captures(action_id: str, interval: str, found: Figures, now: datetime) -> HealthReport:
    sums = _Sums.of_captures(found.groups)
    warnings = ()
    if found.blurred:
        warnings = (
            f"{found.blurred:,} captured exchanges are too varied for the index to tell their "
            "action; they are not counted.",
        )
    p95_ms = None if found.p95_us is None else found.p95_us / 1000
    report = sums.report(action_id, interval, HealthSource.CAPTURES, now)
    return report.model_copy(update={"p95_ms": p95_ms, "warnings": warnings})


def checked_id(action_id: str) -> str:
    """`action_id`, if it can be one. Raises RequestError."""
    if not action_id.strip() or action_id.encode("utf-8", "ignore").decode() != action_id:
        raise RequestError(
            f"{action_id!r} cannot be the id of an action.",
            fix="Give the id as the platform, or a captured exchange, shows it.",
        )
    return action_id


def risen_codes(before: _Sums, report: HealthReport) -> tuple[RisenCode, ...]:
    """The codes of `report` whose share of the executions has grown since `before`."""
    if not before.executions or not report.executions:
        return ()
    found = [
        RisenCode(
            code=share.code,
            before=_percent(before.errors_by_code[share.code], before.executions),
            now=_percent(share.count, report.executions),
        )
        for share in report.codes
    ]
    risen = [one for one in found if one.now - one.before >= LEAST_RISE]
    return tuple(sorted(risen, key=lambda one: (one.before - one.now, one.code)))


@dataclass(slots=True)
class _Part:
    errors: int = 0
    timed: int = 0
    took_ms: float = 0.0

    @property
    def average_ms(self) -> float | None:
        return round(self.took_ms / self.timed, 3) if self.timed else None


class _Sums:
    """Executions, errors and durations, in all and by error code."""

    def __init__(self) -> None:
        self.executions = 0
        self.errors = 0
        self._whole = _Part()
        self._parts: dict[str, _Part] = {}

    @classmethod
    def of_captures(cls, groups: Iterable[Group]) -> _Sums:
        """The sums of captured exchanges, each of which is an execution."""
        sums = cls()
        for group in groups:
            code = code_of(group)
            errors = group.count if code else 0
            sums.add(code, group.count, errors, group.timed, group.took_us / 1000)
        return sums

    @classmethod
    def of_report(cls, report: HealthReport) -> _Sums:
        """The counts of a report, without durations."""
        sums = cls()
        sums.executions = report.executions
        for share in report.codes:
            sums.add(share.code, 0, share.count, 0, 0.0)
        return sums

    @property
    def errors_by_code(self) -> Counter[str]:
        """How many errors each code has."""
        return Counter({code: part.errors for code, part in self._parts.items()})

    @property
    def rate(self) -> float:
        """Errors in percent of executions, with two decimals."""
        return _percent(self.errors, self.executions)

    @property
    def average_ms(self) -> float | None:
        """The average duration, weighted by executions."""
        return self._whole.average_ms

    def add(self, code: str, executions: int, errors: int, timed: int, took_ms: float) -> None:
        """Executions, `errors` of which failed with `code`; `timed` of them took `took_ms`."""
        self.executions += executions
        self.errors += errors
        parts = [self._whole]
        if errors:
            parts.append(self._parts.setdefault(code, _Part()))
        for part in parts:
            part.errors += errors
            part.timed += timed
            part.took_ms += took_ms

    def without(self, other: _Sums) -> _Sums:
        """What is left without the counts of `other`, which are a part of these."""
        left = _Sums()
        left.executions = max(0, self.executions - other.executions)
        gone = other.errors_by_code
        for code, count in self.errors_by_code.items():
            left.add(code, 0, max(0, count - gone[code]), 0, 0.0)
        return left

    def report(
        self, action_id: str, interval: str, source: HealthSource, as_of: datetime
    ) -> HealthReport:
        """The sums as a report, without what only its source can tell."""
        return HealthReport(
            action_id=action_id,
            interval=interval,
            source=source,
            executions=self.executions,
            errors=self.errors,
            error_rate=self.rate,
            codes=self.shares(),
            average_ms=self.average_ms,
            as_of=as_of,
        )

    def shares(self) -> tuple[CodeShare, ...]:
        """The codes, those with most errors first."""
        found = [
            CodeShare(code=code, count=part.errors, average_ms=part.average_ms)
            for code, part in self._parts.items()
        ]
        return tuple(sorted(found, key=lambda share: (-share.count, share.code)))


def code_of(group: Group) -> str:
    """The error code of exchanges, empty where they went well."""
    refused = group.status is not None and group.status >= 400
    if group.outcome in _GOOD and not refused:
        return ""
    if group.code:
        return group.code
    return f"HTTP_{group.status}" if refused else group.outcome.upper() or "UNKNOWN_ERROR"


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
