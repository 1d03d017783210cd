"""What of all that changes deserves a notice, and when: some of it waits for what belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from ...config import Profile
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
from ...store import Store
from ..changes import Change, Changes
from ..health import Health
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
from .kept import Kept
from .notice import Occasion

SETTLE_S = 20.0
"""A run that ended badly is told when its failed records are here, or after this time."""


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


class Events:
    """The events of a monitor's changes.

    The end of a run waits up to `settle_s` seconds for its failed records, and a dead letter as
    long for the end of its run, which tells of it too. What was over long before `since` is no
    news. `is_told` says of an event's key whether it is settled already. `noted` is set whenever
    there is something to look at; `runs` and `errors` are the ids of what is looked at next.
    """

    def __init__(
        self,
        monitor: Watching,
        kept: Kept,
        is_told: Callable[[str], bool],
        *,
        since: datetime,
        settle_s: float,
    ) -> None:
        self.noted = asyncio.Event()
        self.runs: set[str] = set()
        self.errors: set[str] = set()
        self._monitor = monitor
        self._settings = monitor.profile.notify
        self._kept = kept
        self._is_told = is_told
        self._since = since
        self._settle_s = settle_s
        self._actions: set[str] = set()
        self._budget = False
        self._held: dict[str, float] = {}
        self._held_letters: dict[str, float] = {}
        self._with_run: dict[str, str] = {}  # letters that are told with the end of their run

    def note(self, changes: frozenset[Change]) -> None:
        """Something changed, which is looked at by the next `found`."""
        for kind, key in changes:
            if kind == "run" or kind == "errors":
                self.runs.add(key)
            elif kind == "budget":
                self._budget = True
            elif kind == "recovery":
                self.errors.add(key)
            elif kind == "health":
                self._actions.add(key)
        self.noted.set()

    def hold_nothing(self) -> None:
        """From now on nothing waits any more."""
        self._settle_s = 0.0
        self._held.clear()
        self.errors.update(self._held_letters)
        self._held_letters.clear()

    def release(self, subject: str) -> None:
        """The run is held back no more."""
        self._held.pop(subject, None)

    def patience(self) -> float | None:
        """Seconds until a run or a letter that is held back is told in any case."""
        now = asyncio.get_running_loop().time()
        until = (*self._held.values(), *self._held_letters.values())
        return max(0.0, min(until) - now) if until else None

    async def found(self) -> list[Event]:
        """The events of all that was noted and is not held back, of those that are wanted."""
        runs, self.runs = self.runs | self._held.keys(), set()
        errors, self.errors = self.errors | self._overdue(), set()
        found: list[Event] = []
        for run_id in runs:
            if (view := self._monitor.view(run_id)) is None:
                self._held.pop(run_id, None)
                self.end_told(run_id)
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
        return event.occasion.value in self._settings.on and not self._is_told(event.key)

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
            self.end_told(view.run_id)
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
                self.runs.add(run_id)
                self.noted.set()
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

    def end_told(self, run_id: str) -> None:
        """The end of the run is told, or is not to be: what waited for it is told by itself."""
        if (error_id := self._with_run.pop(run_id, None)) is not None:
            self.errors.add(error_id)
            self.noted.set()
