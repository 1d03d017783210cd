"""What attempts say, in words and signs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cxtop.core.models import CallState
from cxtop.tui import attempts

from .retried import CALLS, WAITING, attempt, call
from .stage import NOW


@pytest.mark.parametrize(
    ("outcome", "sign"),
    [
        (200, ("✔", "200", "good")),
        (429, ("▲", "429 throttled", "warn")),
        (503, ("✖", "503 unavailable", "bad")),
        (418, ("✖", "418", "bad")),
        ("ReadTimeout", ("✖", "ReadTimeout", "bad")),
        ("", ("✖", "failed", "bad")),
        ("CancelledError", ("■", "cancelled", "dim")),
    ],
)
def test_every_outcome_has_a_sign_and_a_word(outcome: int | str, sign: tuple[str, ...]) -> None:
    assert attempts.attempt_sign(attempt(1, 0, 1, outcome)) == sign


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (CallState.DONE, "200"),
        (CallState.FAILED, "gave up: 200"),
        (CallState.CANCELLED, "cancelled"),
        (CallState.WAITING, "waiting"),
        (CallState.RUNNING, "asking"),
    ],
)
def test_every_state_has_a_word(state: CallState, word: str) -> None:
    one = call("r", (attempt(1, -1, 1, 200),), state=state)
    assert attempts.call_sign(one, NOW)[1] == word


def test_a_call_of_a_cxtop_that_ended_is_broken_off() -> None:
    later = NOW + timedelta(seconds=attempts.FORGOTTEN_S + 5)
    assert attempts.is_live(WAITING, NOW)
    assert not attempts.is_live(WAITING, later)
    assert attempts.call_sign(WAITING, later)[1] == "broken off"
    assert attempts.countdown(WAITING, later) == ""
    bare = CALLS[0].model_copy(update={"attempts": (), "state": CallState.RUNNING})
    assert attempts.is_forgotten(bare, NOW)
    assert attempts.call_sign(bare.model_copy(update={"state": CallState.DONE}), NOW)[1] == "done"


def test_the_countdown() -> None:
    assert attempts.countdown(WAITING, NOW) == "4.2 s"
    assert attempts.countdown(WAITING, NOW + timedelta(seconds=4.1)) == "0.1 s"
    assert attempts.countdown(WAITING, NOW + timedelta(seconds=5)) == "now"
    assert attempts.countdown(WAITING, NOW - timedelta(seconds=120)) == "2 m 4 s"
    assert attempts.countdown(CALLS[0], NOW) == ""


def test_waits_have_their_reason() -> None:
    words = [attempts.wait_words(one) for one in WAITING.attempts]
    assert words == ["Retry-After 2 s", "backoff 1.4 s", "Retry-After 8.4 s"]
    assert attempts.wait_words(attempt(1, 0, 1, 503, wait_s=90)) == "wait 1 m 30 s"
    assert attempts.wait_words(attempt(1, 0, 1, 503)) == ""
    assert attempts.waited_s(WAITING) == pytest.approx(11.76)
    assert attempts.took_s(CALLS[1]) == pytest.approx(0.395)


def test_what_was_asked_is_method_and_path() -> None:
    assert attempts.target(CALLS[1]) == "GET /api/v2/data-actions/gdpr-erasure-0412/status"
    assert len(attempts.target(CALLS[1], 20)) == 20
    odd = CALLS[1].model_copy(update={"url": "nowhere"})
    assert attempts.target(odd) == "GET nowhere"


@pytest.mark.parametrize(
    ("operation", "run_id", "path", "subject"),
    [
        ("run status", "r-1", "/api/v2/data-actions/r-1/status", "r-1"),
        ("execute", None, "/api/v2/data/actions/find%2Fcustomer/execute", "find/customer"),
        ("execute", None, "/elsewhere", ""),
        ("token", None, "/oauth/token", ""),
    ],
)
def test_what_a_call_is_about(operation: str, run_id: str | None, path: str, subject: str) -> None:
    one = CALLS[0].model_copy(
        update={
            "operation": operation,
            "run_id": run_id,
            "url": f"https://api.example{path}",
        }
    )
    assert attempts.subject_of(one) == subject
