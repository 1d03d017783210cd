"""How states look: always a sign and a word, a tone beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.states import ConnectionState, HealthState, Outcome, RunStatus, WatchState
from .ink import Tone

if TYPE_CHECKING:
    from ..core.models import ActionHealth, RunView

Sign = tuple[str, str, Tone]

_STATUS: dict[RunStatus, Sign] = {
    RunStatus.QUEUED: ("◷", "queued", "dim"),
    RunStatus.RUNNING: ("▶", "running", "busy"),
    RunStatus.COMPLETED: ("✔", "completed", "good"),
    RunStatus.FAILED: ("✖", "failed", "bad"),
    RunStatus.CANCELLED: ("■", "cancelled", "dim"),
    RunStatus.EXPIRED: ("■", "expired", "warn"),
    RunStatus.UNKNOWN: ("?", "unknown", "warn"),
}

_WATCH: dict[WatchState, Sign] = {
    WatchState.THROTTLED: ("▲", "throttled", "warn"),
    WatchState.TROUBLED: ("▲", "no answer", "warn"),
    WatchState.STALLED: ("▶", "stalled", "warn"),
}

_CONNECTION: dict[ConnectionState, Sign] = {
    ConnectionState.CONNECTING: ("◷", "connecting", "dim"),
    ConnectionState.LIVE: ("●", "live", "good"),
    ConnectionState.PAUSED: ("‖", "paused", "warn"),
    ConnectionState.OFFLINE: ("▲", "offline", "bad"),
    ConnectionState.DENIED: ("✖", "denied", "bad"),
    ConnectionState.SNAPSHOT: ("■", "snapshot", "warn"),
}

_HEALTH: dict[HealthState, Sign] = {
    HealthState.UNKNOWN: ("?", "no calls", "dim"),
    HealthState.HEALTHY: ("✔", "healthy", "good"),
    HealthState.PENDING: ("◷", "pending", "warn"),
    HealthState.ABOVE: ("▲", "above", "bad"),
    HealthState.SILENCED: ("■", "silenced", "warn"),
}

_OUTCOMES: dict[Outcome, str] = {
    Outcome.OK: "ok",
    Outcome.AUTH_EXPIRED: "not authenticated",
    Outcome.FORBIDDEN: "forbidden",
    Outcome.RATE_LIMITED: "throttled",
    Outcome.SERVER_ERROR: "server error",
    Outcome.CLIENT_ERROR: "client error",
    Outcome.EMPTY_BODY: "empty body",
    Outcome.NOT_JSON: "not JSON",
    Outcome.NOT_OBJECT: "no object",
    Outcome.ACTION_ERRORS: "action errors",
    Outcome.NULL_RESULT: "null result",
    Outcome.STRINGIFIED_RESULT: "JSON in a string",
    Outcome.RAW_TOKEN: "raw token",
    Outcome.SCHEMA_DRIFT: "schema drift",
    Outcome.EXCEPTION: "exception",
    Outcome.DISCONNECTED: "disconnected",
    Outcome.UNREACHABLE: "unreachable",
}


def outcome_sign(outcome: Outcome) -> Sign:
    """The sign of what an answer was."""
    word = _OUTCOMES[outcome]
    if outcome is Outcome.OK:
        return "✔", word, "good"
    if outcome.good:
        return "✔", word, "warn"
    return ("▲", word, "warn") if outcome is Outcome.RATE_LIMITED else ("✖", word, "bad")


def status_sign(status: RunStatus, raw: str = "") -> Sign:
    """The sign of a run's status; the platform's own word where cxtop does not know it."""
    sign, word, tone = _STATUS[status]
    return sign, (raw or word) if status is RunStatus.UNKNOWN else word, tone


def run_sign(view: RunView) -> Sign:
    """The sign of a watched run: trouble in watching goes before what the platform last said."""
    if view.state in _WATCH:
        return _WATCH[view.state]
    if view.run is None:
        return "◷", "asking", "dim"
    return status_sign(view.run.status, view.run.raw_status)


def connection_sign(state: ConnectionState) -> Sign:
    """The sign of the connection to the platform."""
    return _CONNECTION[state]


def health_sign(health: ActionHealth) -> Sign:
    """The sign of an action's health; that nothing is known yet is not the same as no calls."""
    if health.report is None:
        return ("▲", "no answer", "warn") if health.trouble else ("◷", "asking", "dim")
    return _HEALTH[health.state]
