"""Which actions' health is followed, and what is known of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ..config import HealthSettings
from ..errors import CxtopError
from ..models import ActionHealth, HealthPoint, HealthReport, HealthSource, RisenCode
from ..store import Store, figures
from ..store import health as table
from ..store.health import Alarm
from . import alarms
from .keeping import Keeper

MOST_SEEN = 200
"""So many captured actions are followed without being asked for, those with most exchanges."""

MOST_ASKED = 20
"""The same where each look at an action costs a call."""


@dataclass(eq=False)
class Followed:
    """An action as last known. `due` and `risen_due` are in the loop's time; looks are `pace_s`
    seconds apart where counting takes long."""

    action_id: str
    alarm: Alarm
    report: HealthReport | None = None
    history: tuple[HealthPoint, ...] = ()
    risen: tuple[RisenCode, ...] = ()
    trouble: CxtopError | None = None
    due: float = 0.0
    pace_s: float = 0.0
    risen_due: float = 0.0
    busy: bool = False

    def view(self, threshold: float, now: datetime) -> ActionHealth:
        """The action as it is shown; `threshold` is in percent."""
        alarm, trouble = self.alarm, self.trouble
        return ActionHealth(
            action_id=self.action_id,
            threshold=threshold,
            state=alarms.state_of(alarm, self.report, now),
            report=self.report,
            history=self.history,
            risen=self.risen,
            since=alarms.since_of(alarm),
            silenced_until=alarm.silenced_until if alarms.is_silenced(alarm, now) else None,
            trouble="" if trouble is None else _told(trouble),
            remedy="" if trouble is None else trouble.fix,
        )


class Roster:
    """The followed actions: those of the settings, those that the user follows, and those that are
    captured, except what the user wants no more.

    `post` is called with the id of an action that may have changed, `wake` when actions came.
    `asks` says whether looking at an action costs a call. A store that fails is the keeper's
    trouble.
    """

    def __init__(
        self,
        settings: HealthSettings,
        store: Store,
        keeper: Keeper,
        *,
        post: Callable[[str], None],
        wake: Callable[[], None],
        asks: bool,
    ) -> None:
        self._settings = settings
        self._store = store
        self._keeper = keeper
        self._post = post
        self._wake = wake
        self._asks = asks
        self._followed: dict[str, Followed] = {}
        self._unwanted: set[str] = set()

    def all(self) -> list[Followed]:
        """Every followed action."""
        return list(self._followed.values())

    def get(self, action_id: str) -> Followed | None:
        """One followed action, `None` when it is not followed."""
        return self._followed.get(action_id)

    async def follow(self, action_id: str) -> None:
        """Follows an action from now on, also after a restart."""
        self._unwanted.discard(action_id)
        await self._add([action_id])
        await self._keep(lambda c: table.follow(c, action_id, wanted=True))

    async def unfollow(self, action_id: str) -> None:
        """Follows the action no more, also after a restart; what is known of it stays."""
        self._unwanted.add(action_id)
        if self._followed.pop(action_id, None) is not None:
            self._post(action_id)
        await self._keep(lambda c: table.follow(c, action_id, wanted=False))

    async def silence(self, action_id: str, until: datetime | None) -> None:
        """Tells nobody of the action until then, also after a restart; `None` tells again."""

        def change(alarm: Alarm) -> Alarm:
            return replace(alarm, silenced_until=until)

        one = self._followed.get(action_id)
        if one is not None:
            one.alarm = change(one.alarm)
        await self._keep(lambda c: table.step(c, action_id, change))
        self._post(action_id)

    async def seek(self) -> None:
        """Looks which actions are captured by now, and what was said of them elsewhere."""
        limit = MOST_ASKED if self._asks else MOST_SEEN
        read = self._store.readers.read
        kept = await self._keeper.keep(read(table.kept), otherwise=[])
        seen = await self._keeper.keep(read(lambda c: figures.actions(c, limit)), otherwise=[])
        self._unwanted |= {one.action_id for one in kept if one.followed is False}
        self._unwanted -= {one.action_id for one in kept if one.followed}
        wanted = [one.action_id for one in kept if one.followed]
        await self._add([*self._settings.actions, *wanted, *seen])
        for one in kept:
            known = self._followed.get(one.action_id)
            # Another cxtop on the same store may have silenced it.
            if known is not None and known.alarm.silenced_until != one.alarm.silenced_until:
                known.alarm = replace(known.alarm, silenced_until=one.alarm.silenced_until)
                self._post(one.action_id)

    async def _add(self, action_ids: Iterable[str]) -> None:
        fresh = [
            action_id
            for action_id in dict.fromkeys(action_ids)
            if action_id not in self._followed and action_id not in self._unwanted
        ]
        if not fresh:
            return
        nothing = [(Alarm(), ()) for _ in fresh]
        recalled = self._store.readers.read(lambda connection: self._recall(connection, fresh))
        known = await self._keeper.keep(recalled, otherwise=nothing)
        for action_id, (alarm, history) in zip(fresh, known, strict=True):
            one = Followed(action_id, alarm=alarm, history=history)
            self._followed.setdefault(action_id, one)
            self._post(action_id)
        self._wake()

    def _recall(
        self, connection: sqlite3.Connection, action_ids: Iterable[str]
    ) -> list[tuple[Alarm, tuple[HealthPoint, ...]]]:
        """How their alarms stood, and their history."""
        source = HealthSource.ANALYTICS if self._asks else HealthSource.CAPTURES
        interval = self._settings.interval
        return [
            (
                table.alarm(connection, one),
                tuple(table.points(connection, one, interval, source.value)),
            )
            for one in action_ids
        ]

    async def _keep(self, job: Callable[[sqlite3.Connection], object]) -> None:
        await self._keeper.kept(self._store.writer.submit(job))


def _told(error: CxtopError) -> str:
    return " ".join(part for part in (error.what, error.why) if part)
