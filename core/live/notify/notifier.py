"""Giving notice of what a monitor sees, each event once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ...config import Profile
from ...errors import CxtopError, StoreError
from ...models import LetterState, RateBudget, RunView
from ...store import Store, deadletters, notices, recoveries
from ..changes import Change, Changes
from ..leases import LEASE_S, Workbench
from ..outbound import Outbound
from .judging import FRESH, Event, errors_of, of_budget, of_letter, of_recovery, of_run
from .notice import SAMPLES, CodeCount, Notice, Occasion, Sample
from .sending import BASE_S, Sender, targets_of

T = TypeVar("T")

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
            do=self._sender.deliver,
            on_trouble=self._store_failed,
            lease_s=lease_s,
        )
        self._given: set[str] = set()
        self._calm: set[str] = set()  # keys of events that need an alarm, and there was none
        self._runs: set[str] = set()
        self._errors: set[str] = set()
        self._budget = False
        self._held: dict[str, float] = {}
        self._wake = asyncio.Event()
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

    # What changes

    def _changed(self, changes: frozenset[Change]) -> None:
        for kind, key in changes:
            if kind == "run" or kind == "errors":
                self._runs.add(key)
            elif kind == "budget":
                self._budget = True
            elif kind == "recovery":
                self._errors.add(key)
        self._wake.set()

    async def _judge(self) -> None:
        await self._letters_before()
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            for event in await self._events():
                await self._give(event)

    def _patience(self) -> float | None:
        """Seconds until a run that is held back is told in any case."""
        now = asyncio.get_running_loop().time()
        return max(0.0, min(self._held.values()) - now) if self._held else None

    async def _letters_before(self) -> None:
        """What became a dead letter a short while ago, with nobody there to tell it."""

        def ask() -> Awaitable[Sequence[str]]:
            states = (LetterState.WAITING,)
            return self._monitor.store.readers.read(
                lambda c: [
                    letter.error_id
                    for letter in deadletters.stretch(c, states=states, before=None, limit=50).items
                    if letter.timestamp > self._since - FRESH
                ]
            )

        self._errors.update(await self._asked(ask, otherwise=()))

    async def _events(self) -> list[Event]:
        runs, self._runs = self._runs | self._held.keys(), set()
        errors, self._errors = self._errors, set()
        found: list[Event] = []
        for run_id in runs:
            if (view := self._monitor.view(run_id)) is None:
                self._held.pop(run_id, None)
                continue
            found += [
                event
                for event in of_run(view, self._settings, self._since)
                if self._is_wanted(event) and not self._holds(event, view)
            ]
        if self._budget:
            self._budget = False
            found += of_budget(self._monitor.budget, datetime.now(UTC))
        for error_id in errors:
            found += await self._of_error(error_id)
        return [event for event in found if self._is_wanted(event)]

    def _is_wanted(self, event: Event) -> bool:
        told = self._given | self._calm
        return event.occasion.value in self._settings.on and event.key not in told

    def _holds(self, event: Event, view: RunView) -> bool:
        """Whether to wait for the failed records, which come after the end of their run."""
        now = asyncio.get_running_loop().time()
        if event.occasion is Occasion.ENDED and not view.errors_complete:
            return self._held.setdefault(view.run_id, now + self._settle_s) > now
        self._held.pop(view.run_id, None)
        return False

    async def _of_error(self, error_id: str) -> list[Event]:
        read = self._monitor.store.readers.read
        letter = await self._asked(
            lambda: read(lambda c: deadletters.letter(c, error_id)), otherwise=None
        )
        recovery = await self._asked(
            lambda: read(lambda c: recoveries.recovery(c, error_id)), otherwise=None
        )
        found = of_letter(letter) if letter and letter.state is LetterState.WAITING else []
        return found + (of_recovery(recovery) if recovery else [])

    # Giving notice

    async def _give(self, event: Event) -> None:
        self._held.pop(event.subject, None)
        if event.after and not await self._was_told(event.after):
            self._calm.add(event.key)
            return
        notice = await self._notice(event)
        # In memory too: a store that fails must not have it repeated with every poll.
        self._given.add(event.key)
        self._calm.clear()
        data = notice.model_dump(mode="json")

        def keep() -> Awaitable[bool]:
            return self._monitor.store.writer.submit(
                lambda c: notices.add(c, event.key, self._sender.living, data, notice.at)
            )

        if await self._asked(keep, otherwise=True):
            log.debug("Notice: %s", notice.headline)
            self._bench.wake()
            for heard, _ in self._listeners:
                heard(notice)

    async def _was_told(self, keys: Sequence[str]) -> bool:
        if self._given.intersection(keys):
            return True

        def ask() -> Awaitable[set[str]]:
            return self._monitor.store.readers.read(lambda c: notices.known(c, keys))

        return bool(await self._asked(ask, otherwise=set()))

    async def _notice(self, event: Event) -> Notice:
        profile, clean = self._monitor.profile, self._monitor.store.redactor
        codes: tuple[CodeCount, ...] = ()
        if event.view is not None and not event.occasion.good:
            codes = await self._codes(event.view.run_id)
        name = event.view.run.name if event.view and event.view.run else None
        return Notice(
            key=event.key,
            occasion=event.occasion,
            status=event.status,
            sentence=clean.text(event.sentence),
            platform=profile.platform,
            profile=profile.name,
            subject=event.subject,
            name=None if name is None else clean.text(name),
            at=datetime.now(UTC),
            total_errors=None if event.view is None else errors_of(event.view),
            codes=codes,
        )

    async def _codes(self, run_id: str) -> tuple[CodeCount, ...]:
        # What is kept holds no secret, and of a record only its id and the message are told.
        groups = await self._asked(
            lambda: self._monitor.store.error_groups(run_id, samples=SAMPLES), otherwise=[]
        )
        return tuple(
            CodeCount(
                code=group.code,
                count=group.count,
                samples=tuple(
                    Sample(record_id=error.record_id, message=error.message)
                    for error in group.samples
                ),
            )
            for group in groups
        )

    async def _asked(self, ask: Callable[[], Awaitable[T]], *, otherwise: T) -> T:
        try:
            return await ask()
        except StoreError as error:
            self._store_failed(error)
            return otherwise

    # What fails

    def _store_failed(self, error: StoreError) -> None:
        # The monitor tells of a store that fails; here it is enough to have it in the log.
        log.warning("A notice could not be kept: %s", error)

    def _trouble(self, error: CxtopError) -> None:
        log.warning("%s", error)
        for _, troubled in self._listeners:
            troubled(error)


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("Notices have stopped", exc_info=fault)


def trial_notice(profile: Profile) -> Notice:
    """A notice that says that notices arrive."""
    now = datetime.now(UTC)
    return Notice(
        key=f"test {now.isoformat()}",
        occasion=Occasion.TEST,
        status="TEST",
        sentence="This is a test of cxtop: notices arrive here.",
        platform=profile.platform,
        profile=profile.name,
        at=now,
    )
