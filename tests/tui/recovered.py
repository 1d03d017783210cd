"""A store with failures in every state, at times that the clock of the tests knows.

They lie far ahead, so that nothing in them is due while a test runs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.config import RecoverySettings, RollbackCheck
from cxtop.core.live.deadletters import entry_of
from cxtop.core.live.rules import Ending, Rules
from cxtop.core.models import (
    AuditEvent,
    DeadLetter,
    ErrorFrame,
    LetterState,
    Recovery,
    RecoveryState,
    RunStatus,
    Submission,
)
from cxtop.core.store import Store, audit, deadletters, recoveries
from cxtop.core.store.recoveries import Turn

from .stage import HOSTILE

LATER = datetime(2099, 3, 4, 14, 32, 7, tzinfo=UTC)
RULES = Rules(
    RecoverySettings(
        rollback_codes=("PARTIAL_WRITE",),
        rollback_check=RollbackCheck(url="/check/{actionId}", field="state", value="DONE"),
    )
)
FRAMES = (
    ErrorFrame(frame_index=0, message="java.net.SocketTimeoutException: Read timed out"),
    ErrorFrame(frame_index=1, function="com.acme.Client.call", file="Client.java", line=42),
)


def ago(seconds: float) -> datetime:
    return LATER - timedelta(seconds=seconds)


def error(number: int, action_id: str, code: str, message: str = "", **more: Any) -> Recovery:
    return Recovery(
        error_id=f"5f0c8b1e-4d0a-4c39-9d55-{number:012}",
        action_id=action_id,
        error_code=code,
        message=message,
        created_at=ago(600 - 60 * number),
        **more,
    )


def tried(recovery: Recovery, count: int) -> Recovery:
    """After `count` attempts, of which all but the last failed."""
    for number in range(1, count + 1):
        begun = RULES.begun(recovery, ago(200 - 20 * number), first_key="5a0e").recovery
        recovery = RULES.accepted(begun, f"{recovery.action_id}-{number}")
        if number < count:
            ending = Ending(recovery.run_id, RunStatus.FAILED, "TIMEOUT", "The CRM is slow.")
            recovery = RULES.failed_again(recovery, ending, ago(190 - 20 * number)).recovery
    return recovery


def turns() -> list[Turn]:
    crm = error(
        1, "crm-backfill", "TIMEOUT", "The CRM is slow.", submitted=True, stack_trace_matrix=FRAMES
    )
    survey = RULES.directed(error(2, "survey-push", "TIMEOUT", submitted=True), ago(9)).recovery
    waiting = survey.model_copy(update={"due_at": ago(-12)})
    loyalty = RULES.directed(error(3, "loyalty-sync", "CONFLICT", submitted=True), ago(300))
    recovered = tried(loyalty.recovery, 1)
    moved = Ending(recovered.run_id, RunStatus.COMPLETED)
    rolled = RULES.directed(error(4, "gdpr-erasure-0412", "PARTIAL_WRITE"), ago(100)).recovery
    other = RULES.directed(error(5, "contact-merge", "PARTIAL_WRITE"), ago(90)).recovery
    hostile = error(6, HOSTILE, "[b]BAD[/b]", HOSTILE)
    ended = RULES.ended(recovered, moved, ago(250))
    assert ended is not None
    return [
        Turn(tried(RULES.directed(crm, ago(400)).recovery, 3)),
        Turn(waiting),
        ended,
        RULES.closed(rolled, ago(50), RecoveryState.VERIFIED, "The check found state = DONE."),
        RULES.closed(other, ago(40), RecoveryState.UNVERIFIED, "The check found state = BUSY."),
        RULES.directed(hostile, ago(30)),
        RULES.directed(error(7, "nightly-import", "SCHEMA_MISMATCH", "No such field."), ago(20)),
        RULES.directed(error(8, "nightly-import-2", "SCHEMA_MISMATCH"), ago(10)),
    ]


async def prepare(folder: Path) -> None:
    """The store of `staged`, with these failures."""
    async with await Store.open(folder / "store.sqlite3") as store:

        def keep(connection: Any) -> None:
            for turn in turns():
                name = turn.recovery.error_id
                recoveries.begin(connection, name, turn, store.redactor, leads=True)
            bad, taken, fresh = (turn.letter for turn in turns()[5:])
            put(connection, store, bad, 4, "503 Service Unavailable: try later")
            put(connection, store, taken, 1, "200 OK", LetterState.DELIVERED)
            put(connection, store, fresh, 0, "")

        await store.writer.submit(keep)
        await store.save_submission(
            Submission(run_id="crm-backfill", idempotency_key="5a0e", submitted_at=ago(900))
        )


def put(
    connection: Any,
    store: Store,
    letter: DeadLetter | None,
    attempts: int,
    answer: str,
    state: LetterState = LetterState.WAITING,
) -> None:
    assert letter is not None
    waits = state is LetterState.WAITING
    after = letter.model_copy(
        update={
            "state": state,
            "attempts": attempts,
            "last_answer": answer,
            "last_at": ago(5) if answer else None,
            "next_at": ago(-11) if waits else None,
        }
    )
    deadletters.put(connection, after, store.redactor)
    if not waits:
        found = recoveries.recovery(connection, letter.error_id)
        detail = f"Delivery {attempts}: {answer}"
        entry = entry_of(after, found, AuditEvent.DELIVERED, ago(5), detail)
        audit.add(connection, entry, store.redactor)
