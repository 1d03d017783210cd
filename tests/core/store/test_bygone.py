"""How long handled failures, dead letters and the audit log are kept."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.models import (
    AuditEvent,
    LetterState,
    Recovery,
    RecoveryState,
    RetryAttempt,
    Stretch,
    Submission,
)
from cxtop.core.store import audit, deadletters, recoveries
from cxtop.core.store.recoveries import Turn

from .support import make_run
from .test_recoveries import a_letter, an_entry, an_error, begin, of_run

NOW = datetime.now(UTC)
MONTH = timedelta(days=30)
OLD = NOW - timedelta(days=40)
PLENTY = 1 << 40


def over(number, **fields):
    known = {"state": RecoveryState.RECOVERED, "created_at": OLD, "resolved_at": OLD}
    return an_error(number, **{**known, **fields})


async def retain(store, audit_age=None):
    return await store.retain(max_age=MONTH, max_bytes=PLENTY, max_audit_age=audit_age)


async def kept(store) -> set[str]:
    found: Stretch[Recovery] = await store.readers.read(
        lambda c: recoveries.stretch(c, text="", only_open=False, before=None, limit=5000)
    )
    return {recovery.error_id for recovery in found.items}


async def put(store, letter):
    await store.writer.submit(lambda c: deadletters.put(c, letter, store.redactor))


async def letters(store) -> set[str]:
    found = await store.readers.read(
        lambda c: deadletters.stretch(c, states=tuple(LetterState), before=None, limit=50)
    )
    return {letter.error_id for letter in found.items}


async def write(store, number, at, event=AuditEvent.HANDLED):
    entry = an_entry(number, event).model_copy(update={"resolved_at": at})
    await store.writer.submit(lambda c: audit.add(c, entry, store.redactor))


async def audited(store) -> set[str]:
    found = await store.readers.read(
        lambda c: audit.audit_stretch(c, text="", before=None, limit=5000)
    )
    return {entry.error_id for entry in found.items}


async def test_recoveries_that_are_over_go_by_their_age(store):
    await begin(store, Turn(over(1)))
    await begin(store, Turn(over(2, resolved_at=NOW)))
    await begin(store, Turn(over(3, state=RecoveryState.DEAD_LETTER)))
    assert await retain(store) == 2
    assert await kept(store) == {"e2"}
    assert await of_run(store, "r1") is None


@pytest.mark.parametrize("state", [state for state in RecoveryState if not state.over])
async def test_what_is_in_work_stays_however_old_it_is(store, state):
    await begin(store, Turn(over(1, state=state, resolved_at=None)))
    assert await retain(store) == 0
    assert await kept(store) == {"e1"}


async def test_a_recovery_stays_as_long_as_one_of_its_runs(store):
    attempt = RetryAttempt(number=1, retry_of="r1", at=OLD, run_id="r1b")
    second = Submission(run_id="r1b", idempotency_key="k", body={}, submitted_at=OLD, retry_of="r1")
    await begin(store, Turn(over(1, attempts=(attempt,)), submission=second))
    await store.save_run(make_run("r1b", polled_at=OLD))
    await retain(store)
    assert await kept(store) == {"e1"}
    assert await store.submission("r1b") is not None
    await store.unwatch("r1b")
    await retain(store)
    assert await kept(store) == set()
    assert await store.submission("r1b") is None


async def test_submissions_go_when_their_runs_have(store):
    for run_id, at in (("old", OLD), ("watched", OLD), ("young", NOW)):
        made = Submission(run_id=run_id, idempotency_key="k", body={}, submitted_at=at)
        await store.save_submission(made)
    await store.watch("watched")
    await retain(store)
    assert await store.submission("old") is None
    assert await store.submission("watched") is not None
    assert await store.submission("young") is not None


async def test_letters_go_when_they_were_settled_long_ago_and_never_while_they_wait(store):
    sent, gone = LetterState.DELIVERED, LetterState.DISCARDED
    await put(store, a_letter(1, timestamp=OLD, next_at=OLD))
    await put(store, a_letter(2, timestamp=OLD, state=sent, settled_at=OLD))
    await put(store, a_letter(3, timestamp=OLD, state=gone, last_at=OLD, settled_at=NOW))
    await put(store, a_letter(4, timestamp=OLD, state=sent, last_at=OLD))
    await begin(store, Turn(over(1, state=RecoveryState.DEAD_LETTER)))
    assert await retain(store) == 2
    assert await letters(store) == {"e1", "e3"}
    assert await kept(store) == {"e1"}


async def test_the_audit_log_has_its_own_longer_time(store):
    await write(store, 1, NOW - timedelta(days=400))
    await write(store, 2, OLD)
    await write(store, 3, NOW)
    assert await retain(store) == 0
    assert await retain(store, timedelta(days=365)) == 1
    assert await audited(store) == {"e2", "e3"}


async def test_more_than_a_slice_goes_too(store):
    def fill(connection):
        for number in range(1201):
            recoveries.begin(connection, f"f{number}", Turn(over(number)), store.redactor, leads=1)
            entry = an_entry(number).model_copy(update={"resolved_at": OLD})
            audit.add(connection, entry, store.redactor)

    await store.writer.submit(fill)
    assert await retain(store, MONTH) == 2402
    assert await kept(store) == await audited(store) == set()


async def test_only_retention_takes_from_the_audit_log(store):
    await write(store, 1, OLD)
    await write(store, 2, OLD - timedelta(days=400))
    await retain(store, timedelta(days=365))
    other = sqlite3.connect(store.path)
    for statement in (
        "DELETE FROM audit",
        "DELETE FROM audit WHERE error_id = 'e1'",
        "UPDATE audit SET data = '{}'",
    ):
        with pytest.raises(sqlite3.Error, match="append-only"), other:
            other.execute(statement)
    other.close()
    assert await audited(store) == {"e1"}


async def test_the_name_of_a_time_opens_the_log_before_it_only(store):
    await write(store, 1, OLD)
    await write(store, 2, NOW)
    other = sqlite3.connect(store.path)
    horizon = int((NOW - MONTH).timestamp()) * 1_000_000
    other.execute("INSERT INTO audit_horizon VALUES (?)", (horizon,))
    other.execute("DELETE FROM audit WHERE error_id = 'e1'")
    with pytest.raises(sqlite3.Error, match="append-only"):
        other.execute("DELETE FROM audit WHERE error_id = 'e2'")
    other.rollback()
    other.close()
    assert await audited(store) == {"e1", "e2"}
