"""Failures, dead letters, submissions and the audit log as they are kept."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.errors import StoreError
from cxtop.core.models import (
    AuditEntry,
    AuditEvent,
    DeadLetter,
    Directive,
    ErrorFrame,
    LetterState,
    Recovery,
    RecoveryState,
    Resolution,
    RetryAttempt,
    Submission,
)
from cxtop.core.store import audit, deadletters, leases, recoveries
from cxtop.core.store.leases import LeaseLostError
from cxtop.core.store.recoveries import Turn

NOW = datetime(2026, 3, 4, 14, tzinfo=UTC)
SECRET = "password=hush-hush"


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def an_error(number=1, **fields):
    known = {
        "error_id": f"e{number}",
        "action_id": f"r{number}",
        "error_code": "TIMEOUT",
        "recovery_directive": Directive.RETRY,
        "created_at": later(number),
        "state": RecoveryState.WAITING,
    }
    return Recovery.model_validate({**known, **fields})


def a_letter(number=1, **fields):
    known = {
        "error_id": f"e{number}",
        "action_id": f"r{number}",
        "error_code": "BAD",
        "timestamp": NOW,
    }
    return DeadLetter.model_validate({**known, **fields})


def an_entry(number=1, event=AuditEvent.HANDLED, detail=""):
    return AuditEntry(
        event_type=event,
        error_id=f"e{number}",
        action_id=f"r{number}",
        error_code="BAD",
        recovery_directive=Directive.DEAD_LETTER,
        retry_count=0,
        max_retries=5,
        latency_seconds=1.5,
        resolved_at=NOW,
        resolution_rate=Resolution.EXHAUSTED,
        detail=detail,
    )


async def begin(store, turn, failure=None, *, leads=True):
    name = failure or f"run {turn.recovery.action_id}"
    return await store.writer.submit(
        lambda c: recoveries.begin(c, name, turn, store.redactor, leads=leads)
    )


async def of_run(store, run_id):
    return await store.readers.read(lambda c: recoveries.of_run(c, run_id))


async def test_a_failure_begins_once(store):
    assert await begin(store, Turn(an_error()))
    assert not await begin(store, Turn(an_error(error_id="other")))
    assert (await of_run(store, "r1")).error_id == "e1"
    assert await of_run(store, "r2") is None


async def test_a_failure_comes_back_as_it_was_without_secrets(store):
    frames = (ErrorFrame(frame_index=0, function="f", file="x.py", line=3, message=SECRET),)
    attempt = RetryAttempt(number=1, retry_of="r\ud800", at=NOW, idempotency_key="k.retry-1")
    error = an_error(
        action_id="r\ud800",
        message=SECRET,
        note=SECRET,
        stack_trace_matrix=frames,
        attempts=(attempt,),
        due_at=later(5),
    )
    await begin(store, Turn(error))
    kept = await of_run(store, "r\ud800")
    assert kept.due_at == later(5)
    assert kept.attempts == (attempt,)
    assert "hush-hush" not in repr(kept)
    assert kept.stack_trace_matrix[0].line == 3
    assert b"hush-hush" not in store.path.read_bytes()


async def test_the_longest_due_is_claimed_by_one(store):
    await begin(store, Turn(an_error(1, due_at=later(20))))
    await begin(store, Turn(an_error(2, due_at=later(10))))
    await begin(store, Turn(an_error(3)))

    async def claim(at):
        return await store.writer.submit(lambda c: recoveries.claim(c, at, 30))

    async def due(at):
        return await store.readers.read(lambda c: recoveries.next_due(c, at))

    assert await due(NOW) == later(10)
    assert await claim(NOW) is None
    first, lease = await claim(later(25))
    assert first.error_id == "e2"
    assert await due(later(25)) == later(20)
    second, _ = await claim(later(25))
    assert second.error_id == "e1"
    assert await claim(later(25)) is None
    assert await due(later(25)) is None
    again, heir = await claim(later(60))
    assert again.error_id == "e2"
    assert heir.token == lease.token + 1
    with pytest.raises(LeaseLostError):
        await store.writer.submit(
            lambda c: recoveries.advance(c, Turn(first), store.redactor, lease)
        )


async def test_a_turn_is_kept_with_all_that_comes_with_it_or_not_at_all(store):
    await begin(store, Turn(an_error(due_at=NOW)))
    _, lease = await store.writer.submit(lambda c: recoveries.claim(c, NOW, 30))
    submission = Submission(
        run_id="r1-again", idempotency_key="k", body={"a": 1}, submitted_at=NOW, retry_of="r1"
    )
    turn = Turn(
        an_error(state=RecoveryState.DEAD_LETTER),
        letter=a_letter(),
        entry=an_entry(),
        submission=submission,
    )
    await store.writer.submit(lambda c: leases.void(c, lease.name))
    with pytest.raises(LeaseLostError):
        await store.writer.submit(lambda c: recoveries.advance(c, turn, store.redactor, lease))
    assert await store.submission("r1-again") is None
    assert await store.watched() == []
    await store.writer.submit(lambda c: recoveries.advance(c, turn, store.redactor))
    assert await store.submission("r1-again") == submission
    assert await store.watched() == ["r1-again"]
    assert (await of_run(store, "r1-again")).state is RecoveryState.DEAD_LETTER
    assert await store.readers.read(lambda c: deadletters.letter(c, "e1")) == a_letter()


async def test_only_what_waits_for_its_code_is_hurried(store):
    await begin(store, Turn(an_error(1, state=RecoveryState.NEW, due_at=later(60))))
    await begin(store, Turn(an_error(2, due_at=later(60))))

    async def hurry(run_id):
        return await store.writer.submit(lambda c: recoveries.hurry(c, run_id, NOW))

    assert await hurry("r1")
    assert not await hurry("r2")
    assert not await hurry("unknown")
    assert await store.readers.read(lambda c: recoveries.next_due(c, NOW)) == NOW


async def test_runs_that_are_waited_for_are_told_while_they_are_watched(store):
    await begin(store, Turn(an_error(1, state=RecoveryState.WATCHING)))
    await begin(store, Turn(an_error(2, state=RecoveryState.WATCHING)))
    await store.watch("r2")
    assert await store.readers.read(recoveries.watching) == ["r2"]


async def stretches(ask):
    """Every item, page by page, newest first."""
    found, before = [], None
    while True:
        page = await ask(before)
        found += page.items
        if page.more is None:
            return found, page.total
        before = page.more


async def test_lists_come_in_stretches_and_are_filtered(store):
    for number in range(7):
        state = RecoveryState.RECOVERED if number % 2 else RecoveryState.WAITING
        await begin(store, Turn(an_error(number, state=state, message=f"Müller {number}")))

    def ask(text="", *, only_open=False, limit=3):
        async def one(before):
            return await store.readers.read(
                lambda c: recoveries.stretch(
                    c, text=text, only_open=only_open, before=before, limit=limit
                )
            )

        return one

    found, total = await stretches(ask())
    assert [error.error_id for error in found] == [f"e{n}" for n in range(6, -1, -1)]
    assert total == 7
    found, total = await stretches(ask(only_open=True, limit=2))
    assert ([error.error_id for error in found], total) == (["e6", "e4", "e2", "e0"], 4)
    found, total = await stretches(ask("MÜLLER 5"))
    assert ([error.error_id for error in found], total) == (["e5"], 1)


async def test_letters_by_state(store):
    for number in range(5):
        state = LetterState.DELIVERED if number == 3 else LetterState.WAITING
        letter = a_letter(number, state=state, message=SECRET, next_at=later(number))
        await store.writer.submit(
            lambda c, letter=letter: deadletters.put(c, letter, store.redactor)
        )

    def ask(*states):
        async def one(before):
            return await store.readers.read(
                lambda c: deadletters.stretch(c, states=states, before=before, limit=2)
            )

        return one

    found, total = await stretches(ask(LetterState.WAITING))
    assert ([letter.error_id for letter in found], total) == (["e4", "e2", "e1", "e0"], 4)
    assert await stretches(ask()) == ([], 0)
    assert "hush-hush" not in found[0].message
    counts = await store.readers.read(deadletters.counts)
    assert counts == {
        LetterState.WAITING: 4,
        LetterState.DELIVERED: 1,
        LetterState.DISCARDED: 0,
    }
    letter, _ = await store.writer.submit(lambda c: deadletters.claim(c, later(9), 30))
    assert letter.error_id == "e0"
    assert await store.writer.submit(lambda c: deadletters.claim_one(c, "e0", NOW, 30)) is None
    assert await store.writer.submit(lambda c: deadletters.claim_one(c, "no", NOW, 30)) is None
    due = await store.readers.read(lambda c: deadletters.next_due(c, NOW))
    assert due == later(1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET data = ''",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, error_id, event_type, folded, data) "
        "VALUES (1, 'x', 'x', '', '')",
    ],
)
async def test_the_audit_log_is_only_added_to(store, statement):
    await store.writer.submit(lambda c: audit.add(c, an_entry(detail=SECRET), store.redactor))
    with pytest.raises(StoreError):
        await store.writer.submit(lambda c: c.execute(statement) and None)
    other = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.Error, match="append-only"), other:
        other.execute(statement)
    other.close()
    page = await store.readers.read(lambda c: audit.audit_stretch(c, text="", before=None, limit=9))
    assert [entry.error_id for entry in page.items] == ["e1"]
    assert "hush-hush" not in page.items[0].detail


async def test_that_an_error_was_handled_is_written_once(store):
    for event in (AuditEvent.HANDLED, AuditEvent.HANDLED, AuditEvent.DELIVERED):
        entry = an_entry(event=event)
        await store.writer.submit(lambda c, entry=entry: audit.add(c, entry, store.redactor))
    page = await store.readers.read(lambda c: audit.audit_stretch(c, text="", before=None, limit=9))
    assert [entry.event_type for entry in page.items] == [
        AuditEvent.DELIVERED,
        AuditEvent.HANDLED,
    ]


async def test_the_audit_log_in_stretches(store):
    for number in range(5):
        entry = an_entry(number, detail="odd" if number % 2 else "even")
        await store.writer.submit(lambda c, entry=entry: audit.add(c, entry, store.redactor))

    def ask(text):
        async def one(before):
            return await store.readers.read(
                lambda c: audit.audit_stretch(c, text=text, before=before, limit=1)
            )

        return one

    found, total = await stretches(ask("ODD"))
    assert ([entry.error_id for entry in found], total) == (["e3", "e1"], 2)
    found, total = await stretches(ask(""))
    assert (len(found), total) == (5, 5)


async def test_a_body_that_holds_secrets_is_not_kept(store):
    submission = Submission(run_id="r", idempotency_key="k", submitted_at=NOW)
    kept = submission.model_copy(update={"body": {"a": [1, None, "ü\ud800"]}})
    assert await store.save_submission(kept)
    assert await store.submission("r") == kept
    again = submission.model_copy(update={"idempotency_key": "other"})
    await store.save_submission(again)
    assert (await store.submission("r")).idempotency_key == "k"
    secret = submission.model_copy(update={"run_id": "s", "body": {"password": "hush-hush"}})
    assert not await store.save_submission(secret)
    found = await store.submission("s")
    assert (found.whole, found.body) == (False, None)
    assert b"hush-hush" not in store.path.read_bytes()
