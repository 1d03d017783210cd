"""The steps that a recovery takes: naming what failed, checking, submitting or asking again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from ..config import RecoverySettings
from ..errors import (
    AnswerError,
    CxtopError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RequestError,
    UnsupportedError,
)
from ..models import Recovery, RecoveryState, Submission
from ..platforms import StatusReading, Submitted
from ..store import Store, recoveries
from ..store.leases import Lease
from ..store.recoveries import Turn
from .endings import ending_in, ending_of, throttled
from .outbound import Outbound
from .rollback import Ask, check_rollback
from .rules import Rules

_LASTING = (AnswerError, ForbiddenError, NotFoundError, RequestError, UnsupportedError)
"""What makes no sense to submit again."""


class Submitter(Protocol):
    """What recovery needs of a platform."""

    async def run_status(self, run_id: str) -> StatusReading: ...

    async def submit(self, body: Any, idempotency_key: str) -> Submitted: ...


class Steps:
    """Takes one step of a recovery at a time, each by whoever holds its lease.

    `on_turn` hears of each that is kept; the rest is as for `Recoverer`.
    """

    def __init__(
        self,
        store: Store,
        platform: Submitter,
        outbound: Outbound,
        settings: RecoverySettings,
        rules: Rules,
        *,
        ask: Ask | None,
        follow: Callable[[str], Awaitable[None]],
        on_reading: Callable[[StatusReading], Awaitable[None]],
        on_turn: Callable[[Turn], None],
    ) -> None:
        self._store = store
        self._platform = platform
        self._outbound = outbound
        self._settings = settings
        self._rules = rules
        self._ask = ask
        self._follow = follow
        self._on_reading = on_reading
        self._on_turn = on_turn

    async def take(self, recovery: Recovery, lease: Lease) -> None:
        """Takes the next step, and writes it down with the lease. Raises StoreError."""
        match recovery.state:
            case RecoveryState.NEW:
                await self._name(recovery, lease)
            case RecoveryState.CHECKING:
                await self._check(recovery, lease)
            case _ if recovery.submitted:
                await self._submit_again(recovery, lease)
            case _:
                await self._poll_again(recovery, lease)

    async def _name(self, recovery: Recovery, lease: Lease) -> None:
        """The failed records that were fetched by now tell what went wrong."""
        groups = await self._store.error_groups(recovery.run_id, samples=1)
        ending = ending_in(recovery.run_id, groups)
        named = self._rules.named(recovery, ending)
        await self._advance(self._rules.directed(named, datetime.now(UTC)), lease)

    async def _check(self, recovery: Recovery, lease: Lease) -> None:
        check = self._settings.rollback_check
        if check is None:
            # The profile has changed since.
            await self._advance(self._rules.directed(recovery, datetime.now(UTC)), lease)
            return
        seen = await check_rollback(
            check, recovery.action_id, outbound=self._outbound, ask=self._ask
        )
        now = datetime.now(UTC)
        if seen.verified:
            turn = self._rules.closed(recovery, now, RecoveryState.VERIFIED, seen.note)
        else:
            turn = self._rules.put_off(recovery, now, seen.note) or self._rules.closed(
                recovery, now, RecoveryState.UNVERIFIED, seen.note
            )
        await self._advance(turn, lease)

    async def _submit_again(self, recovery: Recovery, lease: Lease) -> None:
        first = await self._store.submission(recovery.action_id)
        if first is None or not first.whole:
            note = "Its body held secrets, which are not kept, so it cannot be submitted again."
            await self._advance(self._rules.buried(recovery, datetime.now(UTC), note), lease)
            return
        if recovery.state is RecoveryState.WAITING:
            begun = self._rules.begun(recovery, datetime.now(UTC), first_key=first.idempotency_key)
            # Before anything is sent: whoever takes this up after a death uses the same key.
            await self._advance(begun, lease)
            recovery = begun.recovery
        attempt = recovery.attempts[-1]
        try:
            submitted = await self._platform.submit(first.body, attempt.idempotency_key)
        except CxtopError as error:
            await self._advance(self._not_taken(recovery, error), lease)
            return
        submission = Submission(
            run_id=submitted.run_id,
            idempotency_key=attempt.idempotency_key,
            body=first.body,
            submitted_at=datetime.now(UTC),
            retry_of=attempt.retry_of,
        )
        accepted = self._rules.accepted(recovery, submitted.run_id)
        await self._advance(Turn(accepted, submission=submission), lease)
        await self._follow(submitted.run_id)

    def _not_taken(self, recovery: Recovery, error: CxtopError) -> Turn:
        now = datetime.now(UTC)
        why = f"It could not be submitted again. {error}"
        later = None if isinstance(error, _LASTING) else self._rules.put_off(recovery, now, why)
        return later or self._rules.buried(recovery, now, why)

    async def _poll_again(self, recovery: Recovery, lease: Lease) -> None:
        begun = self._rules.begun(recovery, datetime.now(UTC)).recovery
        reading = None
        try:
            reading = await self._platform.run_status(recovery.run_id)
        except RateLimitError as error:
            turn = self._rules.failed_again(
                begun, throttled(recovery.run_id, error), datetime.now(UTC)
            )
        except CxtopError as error:
            turn = self._rules.no_answer(begun, str(error), datetime.now(UTC))
        else:
            ending = ending_of(reading.run, reading.errors)
            turn = self._rules.asked(begun, ending, datetime.now(UTC))
        await self._advance(turn, lease)
        if reading is not None:
            await self._on_reading(reading)

    async def _advance(self, turn: Turn, lease: Lease) -> None:
        await self._store.writer.submit(
            lambda c: recoveries.advance(c, turn, self._store.redactor, lease)
        )
        self._on_turn(turn)
