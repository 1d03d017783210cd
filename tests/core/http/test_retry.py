"""What is retried, and what a storm may cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cxtop.core.config import RetrySettings
from cxtop.core.http.answer import Answer
from cxtop.core.http.faults import Fault
from cxtop.core.http.journal import Journal
from cxtop.core.http.retry import Outcome, Retrier, RetryQuota, is_retried
from cxtop.core.models import Attempt, Call, WaitReason

from .server import GET, POST


def answered(status: int, retry_after_s: float | None = None) -> Outcome:
    answer = Answer(status, {}, b"", False, "call", "req", None, "https://h/x")
    return Outcome(answer=answer, retry_after_s=retry_after_s)


def fault(*, unsent: bool = False, lasting: bool = False) -> Outcome:
    return Outcome(fault=Fault("Name", "What.", "", "", unsent, lasting, True))


@pytest.mark.parametrize(
    ("outcome", "get", "post"),
    [
        (answered(200), False, False),
        (answered(404), False, False),
        (answered(429), True, True),
        (answered(500), True, False),
        (answered(501), False, False),
        (answered(503), True, False),
        (fault(), True, False),
        (fault(unsent=True), True, True),
        (fault(unsent=True, lasting=True), False, False),
        (Outcome(), False, False),
    ],
)
def test_the_table_of_what_is_retried(outcome: Outcome, get: bool, post: bool):
    assert is_retried(GET, outcome) is get
    assert is_retried(POST, outcome) is post
    assert is_retried(replace(POST, idempotent=True), outcome) is get


def test_the_quota_is_bounded_and_earned_back():
    quota = RetryQuota(2)
    assert [quota.take() for _ in range(3)] == [True, True, False]
    quota.succeeded(0)
    assert not quota.take()
    for _ in range(5):
        quota.succeeded(0)
    assert quota.take()
    quota.succeeded(1)
    quota.succeeded(50)
    assert [quota.take() for _ in range(3)] == [True, True, False]


async def test_backoff_is_jittered_over_its_full_range_and_grows_to_its_cap():
    settings = RetrySettings(base_s=0.001, cap_s=0.003, attempts=4, max_retry_after_s=1)
    retrier, waits = Retrier(settings, RetryQuota(1000)), []
    for _ in range(40):
        changes: list[Call] = []
        journal = Journal(GET, "https://h/x", changes.append)

        async def once(journal: Journal = journal) -> Outcome:
            number = journal.next_number
            journal.tried(
                Attempt(number=number, started_at=datetime.now(UTC), duration_ms=1.0, outcome="503")
            )
            return answered(503)

        outcome, gave_up = await retrier.run(GET, journal, once)
        assert outcome.name == "503"
        assert gave_up == "Attempt 4 of 4 failed too."
        waits.append([a.wait_s or 0.0 for a in journal.call.attempts[:-1]])
        assert {a.wait_reason for a in journal.call.attempts[:-1]} == {WaitReason.BACKOFF}
    for step, highest in enumerate((0.001, 0.002, 0.003)):
        column = [wait[step] for wait in waits]
        assert 0 <= min(column) < highest / 2 < max(column) <= highest
