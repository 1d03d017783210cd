"""What becomes of runs that fail: tried again, checked, or buried, by rule (contract §5)."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..config import Profile
from ..errors import (
    RateLimitError,
    StoreError,
)
from ..models import (
    ActionRun,
    AuditEntry,
    DeadLetter,
    LetterState,
    RecordError,
    Recovery,
    RunStatus,
    Stretch,
)
from ..platforms import StatusReading
from ..store import Store, audit, recoveries, submissions
from ..store.codec import micros
from ..store.recoveries import Turn
from .deadletters import DeadLetters
from .endings import ending_of, throttled
from .leases import LEASE_S, Workbench
from .outbound import Outbound
from .rollback import Ask
from .rules import Ending, Rules
from .steps import Steps, Submitter


async def _nowhere(_what: Any) -> None:
    """For those who do not want to be told."""


class Recoverer:
    """Handles the failures of one store; several processes may do so at once.

    What is to be done lies in the store, and each piece is done by whoever has its lease. What
    is sent to the platform is kept before, with its idempotency key, so that whoever takes it up
    after a death sends the same once more, which starts nothing twice.

    `follow` is to watch a run from now on, `on_reading` takes in an answer about a run,
    `on_change` hears the error's id whenever something changes, `on_trouble` of a store that
    fails. `ask` sends a request to the platform, for a rollback check by path. It works while
    `run` does, in one event loop.
    """

    def __init__(
        self,
        profile: Profile,
        store: Store,
        platform: Submitter,
        outbound: Outbound,
        *,
        ask: Ask | None = None,
        follow: Callable[[str], Awaitable[None]] = _nowhere,
        on_reading: Callable[[StatusReading], Awaitable[None]] = _nowhere,
        on_change: Callable[[str], None] = lambda error_id: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._settings = profile.recovery
        self._rules = Rules(profile.recovery)
        self._follow = follow
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._throttled: dict[str, str] = {}
        self._came: asyncio.Queue[str] = asyncio.Queue()
        self.dead_letters = DeadLetters(
            store,
            profile.dead_letter_webhook,
            outbound,
            on_change=on_change,
            on_trouble=on_trouble,
            base_s=profile.recovery.base_s,
            lease_s=lease_s,
        )
        self._bench: Workbench[Recovery] = Workbench(
            store,
            next_due=recoveries.next_due,
            claim=recoveries.claim,
            do=Steps(
                store,
                platform,
                outbound,
                profile.recovery,
                self._rules,
                ask=ask,
                follow=follow,
                on_reading=on_reading,
                on_turn=self._tell,
            ).take,
            on_trouble=on_trouble,
            look=self._adopt,
            lease_s=lease_s,
        )

    # What there is

    async def recoveries(
        self,
        text: str = "",
        *,
        only_open: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> Stretch[Recovery]:
        """Failures that hold `text`, newest first; `before` is the `more` of the stretch before."""
        return await self._store.readers.read(
            lambda c: recoveries.stretch(
                c, text=text, only_open=only_open, before=before, limit=limit
            )
        )

    async def recovery(self, error_id: str) -> Recovery | None:
        """One failure."""
        return await self._store.readers.read(lambda c: recoveries.recovery(c, error_id))

    async def of_run(self, run_id: str) -> Recovery | None:
        """The recovery to whose lineage a run belongs."""
        return await self._store.readers.read(lambda c: recoveries.of_run(c, run_id))

    async def letters(
        self,
        states: Sequence[LetterState] = tuple(LetterState),
        *,
        before: int | None = None,
        limit: int = 50,
    ) -> Stretch[DeadLetter]:
        """Dead letters in these states, newest first."""
        return await self.dead_letters.stretch(states, before=before, limit=limit)

    async def audit(
        self, text: str = "", *, before: int | None = None, limit: int = 50
    ) -> Stretch[AuditEntry]:
        """Entries of the audit log that hold `text`, newest first."""
        return await self._store.readers.read(
            lambda c: audit.audit_stretch(c, text=text, before=before, limit=limit)
        )

    # Commands

    async def redeliver(self, error_ids: Sequence[str]) -> int:
        """See `DeadLetters.redeliver`."""
        return await self.dead_letters.redeliver(error_ids)

    async def discard(self, error_id: str, reason: str) -> DeadLetter:
        """See `DeadLetters.discard`."""
        return await self.dead_letters.discard(error_id, reason)

    def pause(self) -> None:
        """Asks the platform nothing more until `resume`; letters are delivered on."""
        self._bench.pause()

    def resume(self) -> None:
        """Goes on."""
        self._bench.resume()

    # What happens

    async def saw(self, run: ActionRun, errors: Sequence[RecordError] = ()) -> None:
        """Takes in where a run stands; to be called before that is kept as the run's end.

        The first to tell that a run has failed begins its recovery, whichever process it is in.
        Raises StoreError: then it is to be told again.
        """
        if not run.status.terminal:
            self._throttled.pop(run.run_id, None)
            return
        ending = ending_of(run, errors)
        now = datetime.now(UTC)
        turn = await self._store.writer.submit(lambda c: self._take_in(c, ending, now))
        if turn is not None:
            self._tell(turn)
            self._bench.wake()

    async def refused(self, run_id: str, error: RateLimitError, since: datetime | None) -> None:
        """Takes in that the polls of a run are throttled beyond the retries (429).

        It is a failure once, until the run is heard of again; `since` is when it last was. The
        watching goes on. Raises StoreError.
        """
        failure = f"throttled {run_id} {0 if since is None else micros(since)}"
        if self._throttled.get(run_id) == failure:
            return
        now = datetime.now(UTC)
        turn = self._first(throttled(run_id, error), now, submitted=False)
        new = await self._store.writer.submit(
            lambda c: recoveries.begin(c, failure, turn, self._store.redactor, leads=False)
        )
        self._throttled[run_id] = failure
        if new:
            self._tell(turn)
            self._bench.wake()

    def records_came(self, run_id: str) -> None:
        """Takes in that all failed records of a run that has ended are in the store."""
        self._came.put_nowait(run_id)

    async def run(self) -> None:
        """Recovers and delivers until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._bench.run(), name="recovery")
            tasks.create_task(self.dead_letters.run(), name="dead letters")
            tasks.create_task(self._hurry(), name="recovery codes")

    async def _hurry(self) -> None:
        while True:
            run_id = await self._came.get()
            try:
                now = datetime.now(UTC)
                due = await self._store.writer.submit(
                    lambda c, run_id=run_id, now=now: recoveries.hurry(c, run_id, now)
                )
            except StoreError as error:
                # It becomes due by itself a little later.
                self._on_trouble(error)
            else:
                if due:
                    self._bench.wake()

    async def _adopt(self) -> None:
        """Watch the runs that a process which is gone had begun to watch."""
        for run_id in await self._store.readers.read(recoveries.watching):
            await self._follow(run_id)

    # Jobs for the writer

    def _take_in(
        self, connection: sqlite3.Connection, ending: Ending, now: datetime
    ) -> Turn | None:
        known = recoveries.of_run(connection, ending.run_id)
        if known is not None:
            turn = self._rules.ended(known, ending, now)
            if turn is not None:
                recoveries.advance(connection, turn, self._store.redactor)
            return turn
        if ending.status is not RunStatus.FAILED:
            return None
        submitted = submissions.submission(connection, ending.run_id) is not None
        turn = self._first(ending, now, submitted=submitted)
        failure = f"run {ending.run_id}"
        recoveries.begin(connection, failure, turn, self._store.redactor, leads=True)
        return turn

    def _first(self, ending: Ending, now: datetime, *, submitted: bool) -> Turn:
        recovery = Recovery(
            error_id=str(uuid.uuid4()),
            action_id=ending.run_id,
            status_code=ending.status_code,
            error_code=ending.code,
            message=ending.message,
            stack_trace_matrix=ending.frames,
            max_retries=self._settings.max_retries,
            created_at=now,
            submitted=submitted,
        )
        if ending.code:
            return self._rules.directed(recovery, now)
        return Turn(self._rules.unknown(recovery, now))

    def _tell(self, turn: Turn) -> None:
        recovery = turn.recovery
        self._on_change(recovery.error_id)
        if turn.letter is not None:
            self.dead_letters.wake()
