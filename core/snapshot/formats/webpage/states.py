"""How the page shows states: the tone that its style colours, and the word beside it."""

from __future__ import annotations

from ....models import (
    HealthState,
    LetterState,
    Outcome,
    RecoveryState,
    Resolution,
    RunStatus,
)
from ..wordings import word

State = list[str]
"""A tone and a word, as the script reads them."""

_STATUS = {
    RunStatus.QUEUED: "dim",
    RunStatus.RUNNING: "busy",
    RunStatus.COMPLETED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELLED: "dim",
    RunStatus.EXPIRED: "warn",
    RunStatus.UNKNOWN: "warn",
}
_HEALTH = {
    HealthState.UNKNOWN: "dim",
    HealthState.HEALTHY: "good",
    HealthState.PENDING: "warn",
    HealthState.ABOVE: "bad",
    HealthState.SILENCED: "warn",
}
_RECOVERY = {
    RecoveryState.RECOVERED: "good",
    RecoveryState.VERIFIED: "good",
    RecoveryState.UNVERIFIED: "warn",
    RecoveryState.DEAD_LETTER: "bad",
}
_LETTERS = {
    LetterState.WAITING: "warn",
    LetterState.DELIVERED: "good",
    LetterState.DISCARDED: "dim",
}


def outcome_tone(outcome: Outcome) -> str:
    """The tone of what an answer was."""
    if outcome is Outcome.OK:
        return "good"
    return "warn" if outcome.good or outcome is Outcome.RATE_LIMITED else "bad"


def run_state(status: RunStatus, raw: str = "") -> State:
    """Where a run stands; the platform's own word where it is not known."""
    return [_STATUS[status], raw if status is RunStatus.UNKNOWN and raw else word(status)]


def health_state(state: HealthState) -> State:
    """How an action stands."""
    return [_HEALTH[state], "above threshold" if state is HealthState.ABOVE else word(state)]


def recovery_state(state: RecoveryState) -> State:
    """How far the handling of a failure is."""
    return [_RECOVERY.get(state, "busy"), word(state)]


def letter_state(state: LetterState) -> State:
    """How far a dead letter is."""
    return [_LETTERS[state], word(state)]


def resolution_state(resolution: Resolution) -> State:
    """How the handling of a failure ended."""
    return ["good" if resolution is Resolution.SUCCESS else "bad", word(resolution)]
