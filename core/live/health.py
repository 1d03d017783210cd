"""How healthy actions are: looked at again and again, judged, and kept (contract §2, analytics)."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ..config import HealthSettings
from ..errors import (
    AuthenticationError,
    ConfigError,
    CxtopError,
    ForbiddenError,
    InputError,
    StoreError,
)
from ..models import (
    ActionHealth,
    HealthPoint,
    HealthReport,
    HealthSource,
    HealthState,
    RateBudget,
)
from ..store import Store
from ..store import health as table
from ..store.health import Alarm
from . import alarms
from .allowance import RESERVE, WINDOW_S
from .connection import Line
from .healthreports import HealthReports, checked_id
from .keeping import Keeper
from .roster import Followed, Roster

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Actions that are looked at at a time."""

SHARE = 0.05
"""The share of the time that counting the captured exchanges of all actions may take."""

RISEN_EVERY_S = 600.0
"""What rose on the platform costs a walk of its own, and is asked for so often."""

LASTING_S = 300.0
"""What the platform denies is asked for again after this long."""

ACTIONS_EVERY_S = 5.0
"""How often it is looked which actions are captured, or followed elsewhere."""

LONGEST_SILENCE_S = 366 * 86_400.0

_LASTING = (AuthenticationError, ConfigError, ForbiddenError)
_SLACK_S = 0.25  # beyond the time for which an answer counts as fresh


class Health:
    """The health of the followed actions: those of the settings, those that the user follows, and
    those that are captured, except what the user wants no more.

    Reports come from `reports`. While `run` does, each action is looked at, kept and judged every
    `refresh_s`; `post` is called with the id of an action that may have changed. `asks` says
    whether looking costs calls: then it waits while paused, or while calls are scarce. Trouble
    never raises but in the commands; it is in the views.
    """

    def __init__(
        self,
        settings: HealthSettings,
        store: Store,
        reports: HealthReports,
        *,
        keeper: Keeper,
        line: Line,
        post: Callable[[str], None],
        budget: Callable[[], RateBudget],
        asks: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.reports = reports
        self._store = store
        self._keeper = keeper
        self._line = line
        self._wake = asyncio.Event()
        self._roster = Roster(settings, store, keeper, post=post, wake=self._wake.set, asks=asks)
        self._post = post
        self._budget = budget
        self._asks = asks
        self._now = now
        self._paused = False

    # What there is to see

    async def report(self, action_id: str, interval: str = "PT24H") -> HealthReport:
        """What the action did in the time `interval` up to now; see `HealthReports.report`.

        Raises InputError, RequestError, ConfigError, PlatformError, NetworkError, StoreError.
        """
        return await self.reports.report(action_id, interval)

    def threshold(self, action_id: str) -> float:
        """The error rate in percent above which the action is ill."""
        return self.settings.threshold_of(action_id)

    def actions(self) -> list[ActionHealth]:
        """Every followed action as last known: those above their threshold first, then by rate."""
        return sorted(map(self._view, self._roster.all()), key=_badness)

    def action(self, action_id: str) -> ActionHealth | None:
        """One followed action, `None` when it is not followed."""
        one = self._roster.get(action_id)
        return None if one is None else self._view(one)

    def alarm(self, action_id: str) -> Alarm:
        """How the alarm of the action stands, as far as is known here."""
        one = self._roster.get(action_id)
        return Alarm() if one is None else one.alarm

    def _view(self, one: Followed) -> ActionHealth:
        return one.view(self.threshold(one.action_id), self._now())

    # Commands

    async def follow(self, action_id: str) -> None:
        """Follows an action from now on, also after a restart. Raises RequestError for no id."""
        await self._roster.follow(checked_id(action_id))

    async def unfollow(self, action_id: str) -> None:
        """Follows the action no more, also after a restart; what is known of it stays."""
        await self._roster.unfollow(action_id)

    def refresh(self, action_id: str | None = None) -> None:
        """Looks now: at one action, or at all; what the platform said a minute ago still holds."""
        for one in self._roster.all():
            if action_id in (None, one.action_id):
                one.due = one.risen_due = 0.0
        self._wake.set()

    async def silence(self, action_id: str, for_s: float) -> None:
        """Tells nobody of the action for so many seconds, also after a restart.

        Infinitely many end when it is well again. Raises InputError for a time that is none.
        """
        if for_s == math.inf:
            await self._roster.silence(action_id, alarms.UNTIL_WELL)
            return
        if not 0 < for_s <= LONGEST_SILENCE_S:
            raise InputError(
                f"{for_s:g} seconds are no time to be silent.",
                fix="Give a number of seconds above 0, and no more than a year.",
            )
        await self._roster.silence(action_id, self._now() + timedelta(seconds=for_s))

    async def unsilence(self, action_id: str) -> None:
        """Tells of the action again."""
        await self._roster.silence(action_id, None)

    # Going on

    def pause(self) -> None:
        """Asks the platform nothing more until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Asks again."""
        self._paused = False
        self._wake.set()

    async def begin(self) -> None:
        """Knows the actions that are followed, as they were last known."""
        await self._roster.seek()

    async def run(self) -> None:
        """Looks at what is due, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_seeking(), name="actions")
            for number in range(AT_ONCE):
                tasks.create_task(self._work(), name=f"health {number}")

    async def _keep_seeking(self) -> None:
        while True:
            await asyncio.sleep(ACTIONS_EVERY_S)
            await self._roster.seek()

    async def _work(self) -> None:
        while True:
            one = await self._next()
            one.busy = True
            try:
                await self._look(one)
            finally:
                one.busy = False
                self._wake.set()

    async def _next(self) -> Followed:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            free = [one for one in self._roster.all() if not one.busy]
            first = min(free, key=lambda one: one.due, default=None)
            if first is None or (self._paused and self._asks):
                wait = None
            else:
                wait = max(first.due - loop.time(), self._scarce_s())
                if wait <= 0:
                    return first
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    def _scarce_s(self) -> float:
        """Seconds until the platform has calls to spare again."""
        budget = self._budget()
        if not self._asks or budget.remaining > RESERVE * budget.allowed:
            return 0.0
        if budget.resets_at is None:
            return WINDOW_S
        return (budget.resets_at - self._now()).total_seconds()

    # Looking

    async def _look(self, one: Followed) -> None:
        loop = asyncio.get_running_loop()
        began, refresh_s = loop.time(), self.settings.refresh_s
        one.due = began + refresh_s + _SLACK_S
        try:
            report = await self.reports.report(one.action_id, self.settings.interval)
        except CxtopError as error:
            self._failed(one, error)
        else:
            await self._took(one, report)
        if not self._asks:
            # So that however much is captured, counting it never fills a core.
            took_s = (loop.time() - began) * len(self._roster.all())
            one.pace_s = took_s / SHARE
            one.due = max(one.due, began + one.pace_s)
        if self._roster.get(one.action_id) is one:
            self._post(one.action_id)

    def _failed(self, one: Followed, error: CxtopError) -> None:
        one.trouble = error
        if isinstance(error, StoreError):
            self._line.store_failed(error)
        elif self._asks:
            self._line.failed(error)
        if isinstance(error, _LASTING):
            loop = asyncio.get_running_loop()
            one.due = max(one.due, loop.time() + LASTING_S)

    async def _took(self, one: Followed, report: HealthReport) -> None:
        if report.source is HealthSource.ANALYTICS:
            self._line.answered()
        one.report, one.trouble = report, None
        await self._find_risen(one, report)

        def judge(alarm: Alarm) -> Alarm:
            return alarms.judged(alarm, report, self.settings, report.as_of, pace_s=one.pace_s)

        def keep(connection: sqlite3.Connection) -> tuple[Alarm, tuple[HealthPoint, ...]]:
            table.add_point(connection, report, gap_s=self.settings.refresh_s / 2)
            alarm = table.step(connection, one.action_id, judge)
            source = report.source.value
            points = table.points(connection, one.action_id, report.interval, source)
            return alarm, tuple(points)

        unkept = judge(one.alarm), one.history
        writing = self._store.writer.submit(keep)
        one.alarm, one.history = await self._keeper.keep(writing, otherwise=unkept)

    async def _find_risen(self, one: Followed, report: HealthReport) -> None:
        now = asyncio.get_running_loop().time()
        if self._asks and now < one.risen_due:
            return
        one.risen_due = now + RISEN_EVERY_S
        try:
            one.risen = await self.reports.risen(report)
        except CxtopError as error:
            log.warning("It is not known what rose of %s: %s", one.action_id, error)


def _badness(one: ActionHealth) -> tuple[bool, float, str]:
    rate = one.report.error_rate if one.report else -1.0
    ill = one.state in (HealthState.ABOVE, HealthState.SILENCED) or rate > one.threshold
    return not ill, -rate, one.action_id
