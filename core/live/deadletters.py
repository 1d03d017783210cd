"""Dead letters on their way to the webhook: a queue in the store (contract §5)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from ..errors import ConfigError, CxtopError, StoreError
from ..models import (
    AuditEntry,
    AuditEvent,
    DeadLetter,
    Directive,
    LetterState,
    Recovery,
    Resolution,
    Stretch,
)
from ..store import Store, audit, deadletters, recoveries
from ..store import leases as kept
from ..store.leases import Lease
from .leases import LEASE_S, Workbench
from .outbound import Outbound

BASE_S = 2.0
SLOWEST_S = 900.0
"""A webhook that stays away is tried again and again, at last this often."""

_ALL = tuple(LetterState)


class DeadLetters:
    """The queue of one store; `run` delivers what is due, where there is a `webhook`.

    `on_change` hears whenever a letter changes, `on_trouble` of a store that fails. `base_s` is
    the wait after the first failed delivery; each further one is twice as long.
    """

    def __init__(
        self,
        store: Store,
        webhook: SecretStr | None,
        outbound: Outbound,
        *,
        on_change: Callable[[str], None] = lambda error_id: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
        base_s: float = BASE_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._webhook = webhook
        self._outbound = outbound
        self._on_change = on_change
        self._base_s = base_s
        self._lease_s = lease_s
        self._bench: Workbench[DeadLetter] = Workbench(
            store,
            next_due=deadletters.next_due,
            claim=deadletters.claim,
            do=self._deliver,
            on_trouble=on_trouble,
            lease_s=lease_s,
        )

    @property
    def can_deliver(self) -> bool:
        """Whether there is a webhook."""
        return self._webhook is not None

    def wake(self) -> None:
        """Something may be due."""
        self._bench.wake()

    async def run(self) -> None:
        """Delivers until it is cancelled; without a webhook it waits for ever."""
        if self._webhook is None:
            await asyncio.Event().wait()
        await self._bench.run()

    # What there is

    async def stretch(
        self,
        states: Sequence[LetterState] = _ALL,
        *,
        before: int | None = None,
        limit: int = 50,
    ) -> Stretch[DeadLetter]:
        """Letters in these states, newest first; `before` is the `more` of the stretch before."""
        return await self._store.readers.read(
            lambda c: deadletters.stretch(c, states=states, before=before, limit=limit)
        )

    async def letter(self, error_id: str) -> DeadLetter | None:
        """One letter."""
        return await self._store.readers.read(lambda c: deadletters.letter(c, error_id))

    async def counts(self) -> dict[LetterState, int]:
        """How many there are in each state."""
        return await self._store.readers.read(deadletters.counts)

    # Commands

    async def deliver(self, error_id: str) -> DeadLetter:
        """Sends a letter now, also one that was sent or discarded before; as it is after that.

        A delivery that fails is in the letter, which stays queued. Raises ConfigError without a
        webhook and for an unknown id, StoreError, and CxtopError while somebody else delivers
        it.
        """
        if self._webhook is None:
            raise ConfigError(
                "There is no webhook that dead letters could be delivered to.",
                fix="Set dead_letter_webhook in the profile, or CXTOP_DEAD_LETTER_WEBHOOK.",
            )
        taken = await self._store.writer.submit(
            lambda c: deadletters.claim_one(c, error_id, datetime.now(UTC), self._lease_s)
        )
        if taken is None:
            await self._known(error_id)
            raise CxtopError(
                f"The dead letter {error_id} is being delivered at this moment.",
                fix="Look again in a few seconds.",
            )
        letter, lease = taken
        await self._bench.hold(lease, self._deliver(letter, lease))
        return await self._known(error_id)

    async def redeliver(self, error_ids: Sequence[str]) -> int:
        """Has these letters sent as soon as can be; how many were put into the queue.

        Those that wait are sent now, those that were delivered or discarded once more.
        """
        now = datetime.now(UTC)
        count = 0
        for error_id in error_ids:
            count += await self._store.writer.submit(
                lambda c, error_id=error_id: self._queue(c, error_id, now)
            )
            self._on_change(error_id)
        self._bench.wake()
        return count

    async def discard(self, error_id: str, reason: str) -> DeadLetter:
        """Gives a letter up, for a reason that the audit log keeps.

        Raises ConfigError without a reason, for an unknown id, or for a letter that does not
        wait; StoreError.
        """
        if not reason.strip():
            raise ConfigError(
                "A dead letter is discarded for a reason.", fix="Say why it is not needed."
            )
        now = datetime.now(UTC)
        done = await self._store.writer.submit(
            lambda c: self._discard(c, error_id, reason.strip(), now)
        )
        if not done:
            letter = await self._known(error_id)
            raise ConfigError(f"The dead letter {error_id} is {letter.state.value} already.")
        self._on_change(error_id)
        return await self._known(error_id)

    async def _known(self, error_id: str) -> DeadLetter:
        letter = await self.letter(error_id)
        if letter is None:
            raise ConfigError(
                f"There is no dead letter {error_id}.",
                fix="cxtop deadletters list shows the ids of all.",
            )
        return letter

    # Jobs for the writer

    def _queue(self, connection: sqlite3.Connection, error_id: str, now: datetime) -> bool:
        letter = deadletters.letter(connection, error_id)
        if letter is None:
            return False
        if letter.state is not LetterState.WAITING:
            self._audit(connection, letter, AuditEvent.REQUEUED, now, f"It was {letter.state}.")
        again = letter.model_copy(
            update={
                "state": LetterState.WAITING,
                "next_at": now,
                "settled_at": None,
                "reason": "",
            }
        )
        deadletters.put(connection, again, self._store.redactor)
        return True

    def _discard(
        self, connection: sqlite3.Connection, error_id: str, reason: str, now: datetime
    ) -> bool:
        letter = deadletters.letter(connection, error_id)
        if letter is None or letter.state is not LetterState.WAITING:
            return False
        # Whoever delivers it at this moment finds that it is not theirs any more.
        kept.void(connection, deadletters.lease_name(error_id))
        gone = letter.model_copy(
            update={
                "state": LetterState.DISCARDED,
                "next_at": None,
                "settled_at": now,
                "reason": reason,
            }
        )
        deadletters.put(connection, gone, self._store.redactor)
        self._audit(connection, letter, AuditEvent.DISCARDED, now, reason)
        return True

    def _told(
        self, connection: sqlite3.Connection, letter: DeadLetter, lease: Lease, now: datetime
    ) -> None:
        kept.check(connection, lease)
        deadletters.put(connection, letter, self._store.redactor)
        if letter.state is LetterState.DELIVERED:
            detail = f"Delivery {letter.attempts}: {letter.last_answer}"
            self._audit(connection, letter, AuditEvent.DELIVERED, now, detail)

    def _audit(
        self,
        connection: sqlite3.Connection,
        letter: DeadLetter,
        event: AuditEvent,
        now: datetime,
        detail: str,
    ) -> None:
        error = recoveries.recovery(connection, letter.error_id)
        entry = entry_of(letter, error, event, now, detail)
        audit.add(connection, entry, self._store.redactor)

    # Delivering

    async def _deliver(self, letter: DeadLetter, lease: Lease) -> None:
        assert self._webhook is not None
        # A receiver that sees the key twice knows that it has the letter already.
        headers = {"idempotency-key": letter.error_id}
        url = self._webhook.get_secret_value()
        wait_s = min(SLOWEST_S, self._base_s * 2.0 ** min(letter.attempts, 64))
        state = LetterState.WAITING
        try:
            reply = await self._outbound.post(url, letter.payload(), headers)
        except CxtopError as error:
            answer = str(error)
        else:
            answer = str(reply)
            if reply.good:
                state = LetterState.DELIVERED
            wait_s = max(wait_s, min(SLOWEST_S, reply.retry_after_s or 0.0))
        now = datetime.now(UTC)
        delivered = state is LetterState.DELIVERED
        after = letter.model_copy(
            update={
                "state": state,
                "attempts": letter.attempts + 1,
                "last_answer": answer,
                "last_at": now,
                "settled_at": now if delivered else None,
                "next_at": None if delivered else now + timedelta(seconds=wait_s),
            }
        )
        await self._store.writer.submit(lambda c: self._told(c, after, lease, now))
        self._on_change(letter.error_id)


def entry_of(
    letter: DeadLetter, error: Recovery | None, event: AuditEvent, now: datetime, detail: str
) -> AuditEntry:
    """What the audit log tells of an event in the life of a letter."""
    since = letter.timestamp if error is None else error.created_at
    directive = None if error is None else error.recovery_directive
    return AuditEntry(
        event_type=event,
        error_id=letter.error_id,
        action_id=letter.action_id,
        error_code=letter.error_code,
        recovery_directive=directive or Directive.DEAD_LETTER,
        retry_count=0 if error is None else error.retry_count,
        max_retries=0 if error is None else error.max_retries,
        latency_seconds=(now - since).total_seconds(),
        resolved_at=now,
        resolution_rate=Resolution.EXHAUSTED,
        detail=detail,
    )
