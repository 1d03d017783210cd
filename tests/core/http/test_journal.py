"""The record of a call as it grows."""

from __future__ import annotations

from datetime import UTC, datetime

from cxtop.core.http.journal import Journal
from cxtop.core.models import Attempt, Call, CallState, WaitReason

from .server import GET


def test_every_change_is_handed_on_whole():
    changes: list[Call] = []
    journal = Journal(GET, "https://h/x?access_token=canary&a=1", changes.append)
    attempt = Attempt(number=1, started_at=datetime.now(UTC), duration_ms=1.0, outcome="503")
    assert journal.next_number == 1
    journal.tried(attempt)
    assert changes == []
    journal.waits(2.0, WaitReason.RETRY_AFTER)
    journal.goes_on()
    journal.tried(attempt.model_copy(update={"number": 2, "outcome": "200"}))
    journal.ended(CallState.DONE)
    waiting, running, done = changes
    assert (waiting.state, running.state, done.state) == ("waiting", "running", "done")
    assert waiting.next_attempt_at is not None
    assert running.next_attempt_at is None
    assert [a.outcome for a in done.attempts] == ["503", "200"]
    assert (done.attempts[0].wait_s, done.attempts[0].wait_reason) == (2.0, "retry-after")
    assert done.attempts[1].wait_s is None
    assert {change.call_id for change in changes} == {journal.call_id}
    assert "canary" not in done.url
    assert Call.model_validate_json(done.model_dump_json()) == done


def test_trace_contexts_are_of_the_w3c_form():
    journal = Journal(GET, "https://h/x", lambda call: None)
    version, trace, span, flags = journal.traceparent().split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
    assert journal.traceparent().split("-")[1] == trace
