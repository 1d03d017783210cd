from datetime import timedelta

import pytest

from cxtop.core.config import RecoverySettings, RollbackCheck
from cxtop.core.live.rules import LONGEST_KEY, Ending, Rules, lineage_key
from cxtop.core.models import Directive, Recovery, RecoveryState, Resolution, RunStatus

from .support import after

CHECK = RollbackCheck(url="/x/{actionId}", field="state", value="DONE")


def rules(**settings):
    return Rules(RecoverySettings(**settings))


def an_error(code="TIMEOUT", **fields):
    return Recovery(error_id="e", action_id="r", error_code=code, created_at=after(0), **fields)


def failing(run_id, code="TIMEOUT", status=RunStatus.FAILED):
    return Ending(run_id=run_id, status=status, code=code, message=f"{run_id} failed")


@pytest.mark.parametrize(
    ("code", "directive"),
    [
        ("TIMEOUT", Directive.RETRY),
        ("service_unavailable", Directive.RETRY),
        ("CONFLICT", Directive.RETRY),
        ("PARTIAL", Directive.ROLLBACK),
        ("ELSE", Directive.DEAD_LETTER),
    ],
)
def test_the_code_says_what_is_done(code, directive):
    turn = rules(rollback_codes=["PARTIAL"]).directed(an_error(code), after(1))
    assert turn.recovery.recovery_directive is directive


def test_waits_double_up_to_the_cap_and_then_it_is_buried():
    by, recovery, waits = rules(), an_error(submitted=True), []
    for number in range(1, 6):
        turn = by.directed(recovery, after(100))
        assert turn.recovery.state is RecoveryState.WAITING
        assert turn.recovery.due_at is not None
        waits.append((turn.recovery.due_at - after(100)).total_seconds())
        begun = by.begun(turn.recovery, after(100), first_key="k").recovery
        assert begun.state is RecoveryState.SUBMITTING
        assert begun.attempts[-1].idempotency_key == f"k.retry-{number}"
        recovery = by.accepted(begun, f"r{number}")
        again = by.ended(recovery, failing(f"r{number}"), after(100))
        assert again is not None
        recovery = again.recovery
    assert waits == [2, 4, 8, 16, 30]
    assert recovery.state is RecoveryState.DEAD_LETTER
    assert again.letter is not None
    assert again.letter.retry_exhausted
    assert again.entry is not None
    assert again.entry.resolution_rate is Resolution.EXHAUSTED
    assert again.entry.retry_count == 5
    assert again.entry.latency_seconds == 100
    assert recovery.lineage == ("r", "r1", "r2", "r3", "r4", "r5")
    assert [attempt.retry_of for attempt in recovery.attempts] == ["r", "r1", "r2", "r3", "r4"]


def test_another_code_has_another_directive():
    by = rules(rollback_codes=["PARTIAL"], rollback_check=CHECK)
    begun = by.begun(by.directed(an_error(), after(1)).recovery, after(2), first_key="k").recovery
    turn = by.ended(by.accepted(begun, "r1"), failing("r1", "PARTIAL"), after(3))
    assert turn is not None
    assert turn.recovery.state is RecoveryState.CHECKING
    assert turn.recovery.error_code == "PARTIAL"


@pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.EXPIRED])
def test_an_attempt_that_ends_otherwise_is_no_success(status):
    by = rules()
    begun = by.begun(an_error(), after(2), first_key="k").recovery
    turn = by.ended(by.accepted(begun, "r1"), failing("r1", "", status), after(3))
    assert turn is not None
    assert turn.recovery.state is RecoveryState.DEAD_LETTER
    assert turn.recovery.error_code == status.value


def test_an_end_that_nobody_waits_for_means_nothing():
    by = rules()
    waiting = by.directed(an_error(), after(1)).recovery
    assert by.ended(waiting, failing("r"), after(2)) is None
    assert by.ended(waiting, failing("other"), after(2)) is None
    submitting = by.begun(waiting, after(2), first_key="k").recovery
    assert by.ended(submitting, Ending("r", RunStatus.COMPLETED), after(3)) is None
    buried = by.buried(waiting, after(2), "why").recovery
    assert by.ended(buried, Ending("r", RunStatus.COMPLETED), after(3)) is None


def test_a_watched_run_that_completes_while_it_waits_is_recovered():
    by = rules()
    waiting = by.directed(an_error(), after(1)).recovery
    turn = by.ended(waiting, Ending("r", RunStatus.COMPLETED), after(2))
    assert turn is not None
    assert turn.recovery.state is RecoveryState.RECOVERED
    assert turn.entry is not None
    assert turn.entry.resolution_rate is Resolution.SUCCESS


def test_an_end_without_a_code_waits_for_its_records():
    by = rules()
    begun = by.begun(an_error(), after(2), first_key="k").recovery
    turn = by.ended(by.accepted(begun, "r1"), failing("r1", ""), after(3))
    assert turn is not None
    assert turn.recovery.state is RecoveryState.NEW
    assert turn.recovery.due_at == after(3) + timedelta(seconds=60)
    named = by.named(turn.recovery, failing("r1", "TIMEOUT"))
    assert named.attempts[-1].outcome == "TIMEOUT"


def test_polling_again_without_a_move_counts_as_an_attempt():
    by = rules(max_retries=2)
    recovery = by.directed(an_error(message="slow", max_retries=2), after(1)).recovery
    begun = by.begun(recovery, after(2)).recovery
    turn = by.asked(begun, failing("r", ""), after(3))
    assert turn.recovery.state is RecoveryState.WAITING
    assert turn.recovery.error_code == "TIMEOUT"
    begun = by.begun(turn.recovery, after(4)).recovery
    turn = by.no_answer(begun, "It is down.", after(5))
    assert turn.recovery.state is RecoveryState.DEAD_LETTER
    assert [attempt.outcome for attempt in turn.recovery.attempts] == ["TIMEOUT", "no answer"]
    assert turn.recovery.lineage == ("r",)


def test_a_step_is_put_off_as_often_as_there_are_retries():
    by, recovery = rules(max_retries=2), an_error()
    for _ in range(2):
        turn = by.put_off(recovery, after(1), "why")
        assert turn is not None
        recovery = turn.recovery
    assert by.put_off(recovery, after(1), "why") is None


def test_no_retries_at_all():
    turn = rules(max_retries=0).directed(an_error(max_retries=0), after(1))
    assert turn.letter is not None
    assert not turn.letter.retry_exhausted


def test_without_a_check_nothing_is_verified():
    turn = rules(rollback_codes=["X"]).directed(an_error("X"), after(1))
    assert turn.recovery.state is RecoveryState.UNVERIFIED
    assert turn.letter is None
    assert turn.entry is not None
    assert turn.entry.resolution_rate is Resolution.EXHAUSTED


def test_keys_of_a_lineage_differ_and_fit():
    long = "k" * 500
    keys = {lineage_key(long, number) for number in range(1, 101)}
    assert len(keys) == 100
    assert max(map(len, keys)) == LONGEST_KEY
