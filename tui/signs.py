"""How states look: always a sign and a word, a tone beside them."""

from __future__ import annotations

from ..core.models import ConnectionState, RunStatus, RunView, WatchState
from .ink import Tone

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
}


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
