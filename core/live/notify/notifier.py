"""Giving notice of what a monitor sees, each event once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from ...config import Profile
from ...errors import CxtopError
from ...models import (
    RATE_LIMIT_EXHAUSTED,
    DeadLetter,
    LetterState,
    RateBudget,
    Recovery,
    RecoveryState,
    RunStatus,
    RunView,
)
from ...store import Store, notices
from ...store.leases import Lease
from ..changes import Change, Changes
from ..health import Health
from ..leases import LEASE_S, Workbench
from ..outbound import Outbound
from .composing import notice_of
from .judging import (
    FRESH,
    Event,
    of_action,
    of_budget,
    of_letter,
    of_recovery,
    of_run,
    with_its_failure,
)
from .kept import Kept, store_failed
from .notice import Notice, Occasion
from .sending import BASE_S, Sender, targets_of

log = logging.getLogger(__name__)

SETTLE_S = 20.0
"""A run that ended badly is told when its failed records are here, or after this time."""

NoticeListener = Callable[[Notice], None]
TroubleListener = Callable[[CxtopError], None]


class Watching(Protocol):
    """What a notifier needs of a monitor."""

    @property
    def profile(self) -> Profile: ...
    @property
    def store(self) -> Store: ...
    @property
    def changes(self) -> Changes: ...
    @property
    def budget(self) -> RateBudget: ...
    @property
    def health(self) -> Health | None: ...
    def views(self) -> list[RunView]: ...
    def view(self, run_id: str) -> RunView | None: ...


class Notifier:
    """Looks at what changes, and gives notice of what the profile wants to be told.

    Used in `async with`, inside the monitor's own. A notice is kept in the store before it goes
    anywhere, so that no restart and no second cxtop repeats it, and none that is on its way to a
    webhook is lost. `hear` is for faces: the bell, the title.
    """

    def __init__(
        self,
        monitor: Watching,
        *,
        base_s: float = BASE_S,
        settle_s: float = SETTLE_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._monitor = monitor
        self._settings = monitor.profile.notify
        self._settle_s = settle_s
        self._since = datetime.now(UTC)
        self._kept = Kept(monitor.store)
        self._outbound = Outbound()
        self._listeners: list[tuple[NoticeListener, TroubleListener]] = []
        self._sender = Sender(
            monitor.store,
            targets_of(monitor.profile),
            self._outbound,
            on_trouble=self._trouble,
            base_s=base_s,
        )
        self._bench: Workbench[notices.Pending] = Workbench(
            monitor.store,
            next_due=lambda c, now: notices.next_due(c, now, self._sender.living),
            claim=lambda c, now, ttl_s: notices.claim(c, now, ttl_s, self._sender.living),
            do=self._post,
            on_trouble=store_failed,
            lease_s=lease_s,
        )
        self._given: set[str] = set()
        self._calm: set[str] = set()  # keys of events that need an alarm, and there was none
        self._runs: set[str] = set()
        self._errors: set[str] = set()
        self._actions: set[str] = set()
        self._with_run: dict[str, str] = {}  # letters that are told with the end of their run
        self._budget = False
        self._held: dict[str, float] = {}
        self._held_letters: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._posted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ignore: Callable[[], None] = lambda: None

    def hear(self, on_notice: NoticeListener, on_trouble: TroubleListener) -> None:
        """From now on tells of every notice, and of webhooks that fail."""
        self._listeners.append((on_notice, on_trouble))

    async def __aenter__(self) -> Self:
        self._ignore = self._monitor.changes.subscribe(self._changed)
        self._runs = {view.run_id for view in self._monitor.views()}
        self._wake.set()
        self._tasks = [
            asyncio.create_task(self._judge(), name="notices"),
            asyncio.create_task(self._bench.run(), name="notices delivered"),
        ]
        for task in self._tasks:
            task.add_done_callback(_log_fault)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ignore()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._outbound.__aexit__(kind, error, trace)

    async def finish(self, within_s: float) -> None:
        """Gives at once all notices that there are to give, and waits until they were posted.

        Not longer than `within_s` seconds, and once each: what is on its way then stays in the
        store, for the next cxtop.
        """
        self._settle_s = 0.0
        self._held.clear()
        self._errors.update(self._held_letters)
        self._held_letters.clear()
        for view in self._monitor.views():
            self._runs.add(view.run_id)
            recovery = await self._kept.recovery_of(view.run_id)
            if recovery is not None:
                self._errors.add(recovery.error_id)
        while self._runs or self._errors:
            await self._look()
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self._posted.clear()
                    if not await self._kept.untried(self._since, self._sender.living):
                        return
                    await self._posted.wait()
        except TimeoutError:
            return

    async def _post(self, pending: notices.Pending, lease: Lease) -> None:
        await self._sender.deliver(pending, lease)
        self._posted.set()

    # What changes

    def _changed(self, changes: frozenset[Change]) -> None:
        for kind, key in changes:
            if kind == "run" or kind == "errors":
                self._runs.add(key)
            elif kind == "budget":
                self._budget = True
            elif kind == "recovery":
                self._errors.add(key)
            elif kind == "health":
                self._actions.add(key)
        self._wake.set()

    async def _judge(self) -> None:
        # What became a dead letter a short while ago, with nobody there to tell it.
        self._errors.update(await self._kept.letters_since(self._since - FRESH))
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self._look()

    async def _look(self) -> None:
        async with self._looking:
            for event in await self._events():
                await self._give(event)

    def _patience(self) -> float | None:
        """Seconds until a run or a letter that is held back is told in any case."""
        now = asyncio.get_running_loop().time()
        until = (*self._held.values(), *self._held_letters.values())
        return max(0.0, min(until) - now) if until else None

    async def _events(self) -> list[Event]:
        runs, self._runs = self._runs | self._held.keys(), set()
        errors, self._errors = self._errors | self._overdue(), set()
        found: list[Event] = []
        for run_id in runs:
            if (view := self._monitor.view(run_id)) is None:
                self._held.pop(run_id, None)
                self._tell_letter(run_id)
            else:
                found += await self._of_run(view)
        if self._budget:
            self._budget = False
            found += of_budget(self._monitor.budget, datetime.now(UTC))
        for error_id in errors:
            found += await self._of_error(error_id)
        actions, self._actions = self._actions, set()
        for action_id in actions:
            found += self._of_action(action_id)
        return [event for event in found if self._is_wanted(event)]

    def _overdue(self) -> set[str]:
        """The letters that were held back for long enough."""
        now = asyncio.get_running_loop().time()
        return {error_id for error_id, until in self._held_letters.items() if until <= now}

    def _is_wanted(self, event: Event) -> bool:
        told = self._given | self._calm
        return event.occasion.value in self._settings.on and event.key not in told

    async def _of_run(self, view: RunView) -> list[Event]:
        found: list[Event] = []
        for event in self._wanted_of(view):
            if event.occasion is not Occasion.ENDED:
                found.append(event)
                continue
            recovery = await self._kept.recovery_of(view.run_id)
            decided = recovery is None or recovery.state is not RecoveryState.NEW
            if self._holds(view, decided=decided):
                return found
            if recovery is not None and view.run and view.run.status is RunStatus.FAILED:
                wanted = Occasion.DEAD_LETTER.value in self._settings.on
                letter = await self._kept.letter(recovery.error_id) if wanted else None
                event = with_its_failure(event, recovery, letter)
            found.append(event)
        self._held.pop(view.run_id, None)
        if not any(self._is_wanted(event) for event in found):
            self._tell_letter(view.run_id)
        return found

    def _wanted_of(self, view: RunView) -> list[Event]:
        events = of_run(view, self._settings, self._since)
        return [event for event in events if self._is_wanted(event)]

    def _holds(self, view: RunView, *, decided: bool) -> bool:
        """Whether to wait for the failed records, and with them for what is done about the end."""
        if view.errors_complete and decided:
            return False
        now = asyncio.get_running_loop().time()
        return self._held.setdefault(view.run_id, now + self._settle_s) > now

    def _of_action(self, action_id: str) -> list[Event]:
        watched = self._monitor.health
        health = None if watched is None else watched.action(action_id)
        if watched is None or health is None:
            return []
        return of_action(health, watched.alarm(action_id), self._since, datetime.now(UTC))

    async def _of_error(self, error_id: str) -> list[Event]:
        letter = await self._kept.letter(error_id)
        recovery = await self._kept.recovery(error_id)
        found: list[Event] = [] if recovery is None else of_recovery(recovery)
        if letter is None or not self._is_news(letter):
            self._held_letters.pop(error_id, None)
            return found
        if recovery is not None and self._comes_with_its_run(recovery):
            return found
        self._held_letters.pop(error_id, None)
        return found + of_letter(letter)

    def _is_news(self, letter: DeadLetter) -> bool:
        """Whether it waits, or was delivered so soon that nobody has heard of it."""
        if letter.state is LetterState.DELIVERED:
            return letter.timestamp > self._since - FRESH
        return letter.state is LetterState.WAITING

    def _comes_with_its_run(self, recovery: Recovery) -> bool:
        """Whether the end of a run is about to be told, which then tells of the letter too."""
        for run_id in recovery.lineage:
            view = self._monitor.view(run_id)
            ends = [] if view is None else self._wanted_of(view)
            if any(self._is_new_end(event, recovery) for event in ends):
                self._with_run[run_id] = recovery.error_id
                self._held_letters.pop(recovery.error_id, None)
                self._runs.add(run_id)
                self._wake.set()
                return True
        return self._end_is_coming(recovery)

    def _end_is_coming(self, recovery: Recovery) -> bool:
        """Whether the end that recovery has seen is not in the view of the run yet."""
        view = self._monitor.view(recovery.run_id)
        ended = view is None or (view.run is not None and view.run.status.terminal)
        # A run whose polls are throttled has not ended.
        if ended or recovery.error_code == RATE_LIMIT_EXHAUSTED:
            return False
        if Occasion.ENDED.value not in self._settings.on:
            return False
        self._with_run[recovery.run_id] = recovery.error_id
        now = asyncio.get_running_loop().time()
        return self._held_letters.setdefault(recovery.error_id, now + self._settle_s) > now

    def _is_new_end(self, event: Event, recovery: Recovery) -> bool:
        ended = event.occasion is Occasion.ENDED
        return ended and self._is_wanted(with_its_failure(event, recovery, None))

    def _tell_letter(self, run_id: str) -> None:
        """The end of the run is told, or is not to be: what waited for it is told by itself."""
        if (error_id := self._with_run.pop(run_id, None)) is not None:
            self._errors.add(error_id)
            self._wake.set()

    # Giving notice

    async def _give(self, event: Event) -> None:
        self._held.pop(event.subject, None)
        if event.after and not await self._was_told(event.after):
            self._calm.add(event.key)
            return
        monitor = self._monitor
        notice = await notice_of(event, monitor.profile, self._kept, monitor.store.redactor)
        # In memory too: a store that fails must not have it repeated with every poll.
        self._given.add(event.key)
        self._calm.clear()
        first = await self._kept.add(event, notice, self._sender.living)
        if first:
            self._given.update(event.also)
        if event.occasion is Occasion.ENDED:
            self._tell_letter(event.subject)
        if first:
            log.debug("Notice: %s", notice.headline)
            self._bench.wake()
            for heard, _ in self._listeners:
                heard(notice)

    async def _was_told(self, keys: Sequence[str]) -> bool:
        return bool(self._given.intersection(keys)) or await self._kept.known(keys)

    # What fails

    def _trouble(self, error: CxtopError) -> None:
        log.warning("%s", error)
        for _, troubled in self._listeners:
            troubled(error)


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("Notices have stopped", exc_info=fault)
