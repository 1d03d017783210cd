"""What deserves a notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cxtop.core.config import NotifySettings
from cxtop.core.live.notify import Occasion
from cxtop.core.live.notify.judging import (
    Event,
    of_budget,
    of_letter,
    of_recovery,
    of_run,
)
from cxtop.core.models import (
    ActionRun,
    DeadLetter,
    RateBudget,
    Recovery,
    RecoveryState,
    RunStatus,
    RunView,
)

NOW = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)
SETTINGS = NotifySettings(error_share=0.1)


def view(status: RunStatus, **fields: Any) -> RunView:
    kept = fields.pop("errors_kept", 0)
    values = {"polled_at": NOW} | fields
    run = ActionRun(run_id="r", platform="genesys", status=status, **values)
    return RunView(run_id="r", run=run, errors_kept=kept)


def only(events: list[Event]) -> Event:
    (event,) = events
    return event


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus.FAILED, "r failed with 3 errors."),
        (RunStatus.CANCELLED, "r was cancelled with 3 errors."),
        (RunStatus.EXPIRED, "r expired with 3 errors."),
    ],
)
def test_a_run_that_ended_badly(status: RunStatus, words: str) -> None:
    event = only(of_run(view(status, errors=3), SETTINGS, NOW))
    assert event.occasion is Occasion.ENDED
    assert event.sentence == words
    assert event.status == status.value
    assert event.key == f"ended r {status.value}"


@pytest.mark.parametrize(
    ("processed", "errors", "kept", "told"),
    [(100, 10, 0, True), (100, 9, 0, False), (19, 19, 0, False), (100, None, 50, True)],
)
def test_the_share_of_errors(processed: int, errors: int | None, kept: int, told: bool) -> None:
    events = of_run(
        view(RunStatus.RUNNING, processed=processed, errors=errors, errors_kept=kept), SETTINGS, NOW
    )
    assert [event.occasion is Occasion.ERROR_SHARE for event in events] == [True] * told
    if told:
        assert "which is not below 10%" in events[0].sentence


def test_a_run_that_is_well_again_is_told_only_after_an_alarm() -> None:
    for one in (view(RunStatus.COMPLETED), view(RunStatus.RUNNING, processed=100, errors=4)):
        event = only(of_run(one, SETTINGS, NOW))
        assert event.occasion is Occasion.RECOVERED
        assert "share r" in event.after
        assert "ended r FAILED" in event.after
    assert of_run(view(RunStatus.RUNNING, processed=100, errors=6), SETTINGS, NOW) == []


def test_what_is_old_or_unknown_is_no_news() -> None:
    old = view(RunStatus.FAILED, polled_at=NOW - timedelta(hours=2))
    assert of_run(old, SETTINGS, NOW) == []
    long_over = view(RunStatus.FAILED, updated_at=NOW - timedelta(days=3))
    assert of_run(long_over, SETTINGS, NOW) == []
    assert of_run(RunView(run_id="r"), SETTINGS, NOW) == []


def test_the_budget_is_told_once_an_hour() -> None:
    empty = RateBudget(remaining=0)
    assert of_budget(RateBudget(remaining=1), NOW) == []
    first = only(of_budget(empty, NOW)).key
    assert only(of_budget(empty, NOW + timedelta(minutes=10))).key == first
    assert only(of_budget(empty, NOW + timedelta(hours=1))).key != first


def test_a_dead_letter() -> None:
    letter = DeadLetter(
        error_id="e",
        action_id="r",
        error_code="TIMEOUT",
        message="read timed out",
        retry_exhausted=True,
        timestamp=NOW,
    )
    event = only(of_letter(letter))
    assert event.sentence == (
        "r became a dead letter after all its retries with TIMEOUT: read timed out"
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RecoveryState.RECOVERED, "r recovered after 2 retries."),
        (RecoveryState.VERIFIED, "r was rolled back after 2 retries."),
        (RecoveryState.WAITING, None),
        (RecoveryState.DEAD_LETTER, None),
    ],
)
def test_what_recovery_did(state: RecoveryState, words: str | None) -> None:
    found = of_recovery(
        Recovery(error_id="e", action_id="r", created_at=NOW, retry_count=2, state=state)
    )
    assert [event.sentence for event in found] == ([words] if words else [])
