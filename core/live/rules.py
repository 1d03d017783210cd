"""What becomes of a failure: pure decisions from what is known of it (contract §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..config import RecoverySettings
from ..models import (
    AuditEntry,
    DeadLetter,
    Directive,
    ErrorFrame,
    Recovery,
    RecoveryState,
    Resolution,
    RetryAttempt,
    RunStatus,
)
from ..store.recoveries import Turn

LONGEST_KEY = 200
"""Characters of an idempotency key; platforms cut or refuse longer ones."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `code` is empty where nothing told it yet."""

    run_id: str
    status: RunStatus
    code: str = ""
    message: str = ""
    status_code: int | None = None
    frames: tuple[ErrorFrame, ...] = ()


def lineage_key(first: str, number: int) -> str:
    """The idempotency key of attempt `number` in the lineage of the key `first`.

    The same for whoever makes that attempt, however often, so that it starts one run.
    """
    tail = f".retry-{number}"
    return first[: LONGEST_KEY - len(tail)] + tail


class Rules:
    """The decisions under the settings of one profile. Nothing here looks at a clock or a store."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._settings = settings

    def directed(self, recovery: Recovery, now: datetime) -> Turn:
        """What is done about the failure whose code is known now."""
        code = recovery.error_code
        directive = Directive(self._settings.directive(code))
        recovery = _with(recovery, recovery_directive=directive)
        if directive is Directive.RETRY:
            return self._retried(recovery, now)
        if directive is Directive.DEAD_LETTER:
            return self.buried(recovery, now, f"The code {code} is not recovered by rule.")
        if self._settings.rollback_check is None:
            note = "No rollback_check is configured, so nothing shows that it was rolled back."
            return self.closed(recovery, now, RecoveryState.UNVERIFIED, note)
        note = "Asking whether it was rolled back."
        state = RecoveryState.CHECKING
        return Turn(_with(recovery, state=state, due_at=now, failures=0, note=note))

    def _retried(self, recovery: Recovery, now: datetime) -> Turn:
        if recovery.retry_count >= recovery.max_retries:
            note = f"Attempt {recovery.retry_count} of {recovery.max_retries} failed too."
            if not recovery.max_retries:
                note = "The profile allows no retries."
            return self.buried(recovery, now, note)
        wait_s = self._settings.wait_s(recovery.retry_count + 1)
        way = "submitted" if recovery.submitted else "polled"
        return Turn(
            _with(
                recovery,
                state=RecoveryState.WAITING,
                due_at=now + timedelta(seconds=wait_s),
                failures=0,
                note=f"It is {way} again after {wait_s:g} s.",
            )
        )

    def begun(self, recovery: Recovery, now: datetime, *, first_key: str = "") -> Turn:
        """The next attempt as it is kept before anything is sent; `first_key` is of the first run.

        Without a key it is an attempt that only asks.
        """
        number = recovery.retry_count + 1
        attempt = RetryAttempt(
            number=number,
            retry_of=recovery.run_id,
            at=now,
            idempotency_key=lineage_key(first_key, number) if first_key else "",
            run_id=None if first_key else recovery.run_id,
        )
        return Turn(
            _with(
                recovery,
                state=RecoveryState.SUBMITTING if first_key else RecoveryState.WAITING,
                attempts=(*recovery.attempts, attempt),
                retry_count=number,
                due_at=now,
                failures=0,
                note="",
            )
        )

    def accepted(self, recovery: Recovery, run_id: str) -> Recovery:
        """The newest attempt runs on the platform under this id."""
        attempts = _last(recovery, run_id=run_id)
        note = "The platform has taken it; its end is awaited."
        return _with(
            recovery,
            state=RecoveryState.WATCHING,
            attempts=attempts,
            due_at=None,
            failures=0,
            note=note,
        )

    def put_off(self, recovery: Recovery, now: datetime, why: str) -> Turn | None:
        """The same step once more, later; `None` when that was done often enough."""
        failures = recovery.failures + 1
        if failures > self._settings.max_retries:
            return None
        due_at = now + timedelta(seconds=self._settings.wait_s(failures))
        return Turn(_with(recovery, failures=failures, due_at=due_at, note=why))

    def ended(self, recovery: Recovery, ending: Ending, now: datetime) -> Turn | None:
        """What the end of the run `ending` means for its recovery; `None` if nothing.

        A run that is only watched may be told of out of turn, when somebody has it polled.
        """
        if recovery.state.over or ending.run_id != recovery.run_id:
            return None
        awaited = recovery.state is RecoveryState.WATCHING
        if ending.status is RunStatus.COMPLETED:
            if not awaited and recovery.state is not RecoveryState.WAITING:
                return None
            if awaited:
                recovery = _with(recovery, attempts=_last(recovery, now, outcome="COMPLETED"))
            note = f"The run {recovery.run_id} is completed."
            return self.closed(recovery, now, RecoveryState.RECOVERED, note)
        return self.failed_again(recovery, ending, now) if awaited else None

    def failed_again(self, recovery: Recovery, ending: Ending, now: datetime) -> Turn:
        """The newest attempt ended badly."""
        known = ending.code or ("" if ending.status is RunStatus.FAILED else ending.status.value)
        recovery = _with(
            recovery,
            attempts=_last(recovery, now, outcome=known, message=ending.message),
            error_code=known,
            message=ending.message,
            status_code=ending.status_code,
            stack_trace_matrix=ending.frames,
        )
        return self.directed(recovery, now) if known else Turn(self.unknown(recovery, now))

    def unknown(self, recovery: Recovery, now: datetime, *, patience_s: float = 60.0) -> Recovery:
        """The failure while its failed records are fetched, which tell its code."""
        return _with(
            recovery,
            state=RecoveryState.NEW,
            due_at=now + timedelta(seconds=patience_s),
            note="Its failed records tell what went wrong; they are being fetched.",
        )

    def named(self, recovery: Recovery, ending: Ending) -> Recovery:
        """The failure once its failed records have told its code."""
        attempts = recovery.attempts
        if attempts and not attempts[-1].outcome:
            attempts = _last(recovery, outcome=ending.code, message=ending.message)
        return _with(
            recovery,
            error_code=ending.code,
            message=ending.message,
            status_code=ending.status_code,
            stack_trace_matrix=ending.frames,
            attempts=attempts,
        )

    def asked(self, recovery: Recovery, ending: Ending, now: datetime) -> Turn:
        """What the answer means when a run that is only watched was polled again."""
        moving = self.accepted(recovery, ending.run_id)
        if not ending.status.terminal:
            return Turn(_with(moving, note="It moves again; its end is awaited."))
        if ending.status is RunStatus.COMPLETED:
            attempts = _last(moving, now, outcome="COMPLETED")
            note = f"The run {ending.run_id} is completed."
            return self.closed(_with(moving, attempts=attempts), now, RecoveryState.RECOVERED, note)
        if ending.status is RunStatus.FAILED and not ending.code:
            # Its failed records are the same as before, and so is what they told.
            return self._still(recovery, now, recovery.error_code, recovery.message)
        return self.failed_again(recovery, ending, now)

    def no_answer(self, recovery: Recovery, why: str, now: datetime) -> Turn:
        """The poll of the newest attempt failed."""
        return self._still(recovery, now, "no answer", why)

    def _still(self, recovery: Recovery, now: datetime, outcome: str, message: str) -> Turn:
        attempts = _last(recovery, now, outcome=outcome, message=message)
        return self.directed(_with(recovery, attempts=attempts), now)

    def buried(self, recovery: Recovery, now: datetime, note: str) -> Turn:
        """Nothing recovers it: it becomes a dead letter."""
        turn = self.closed(recovery, now, RecoveryState.DEAD_LETTER, note)
        letter = DeadLetter(
            error_id=recovery.error_id,
            action_id=recovery.action_id,
            error_code=recovery.error_code,
            message=recovery.message,
            retry_exhausted=0 < recovery.max_retries <= recovery.retry_count,
            stack_trace=recovery.stack_trace_matrix,
            timestamp=now,
        )
        return Turn(turn.recovery, letter=letter, entry=turn.entry)

    def closed(self, recovery: Recovery, now: datetime, state: RecoveryState, note: str) -> Turn:
        """It is over, and the audit log tells how."""
        good = state in (RecoveryState.RECOVERED, RecoveryState.VERIFIED)
        recovery = _with(recovery, state=state, due_at=None, resolved_at=now, failures=0, note=note)
        entry = AuditEntry(
            error_id=recovery.error_id,
            action_id=recovery.action_id,
            error_code=recovery.error_code,
            recovery_directive=recovery.recovery_directive or Directive.DEAD_LETTER,
            retry_count=recovery.retry_count,
            max_retries=recovery.max_retries,
            latency_seconds=(now - recovery.created_at).total_seconds(),
            resolved_at=now,
            resolution_rate=Resolution.SUCCESS if good else Resolution.EXHAUSTED,
        )
        return Turn(recovery, entry=entry)


def _with(recovery: Recovery, **changes: Any) -> Recovery:
    return recovery.model_copy(update=changes)


def _last(
    recovery: Recovery, ended_at: datetime | None = None, **changes: Any
) -> tuple[RetryAttempt, ...]:
    """The attempts with these changes to the newest."""
    *before, last = recovery.attempts
    if ended_at is not None:
        changes["ended_at"] = ended_at
    return (*before, last.model_copy(update=changes))
