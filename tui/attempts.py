"""What the attempts of a call say, in words and signs, and when they were."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from ..core.models import Attempt, Call, CallState, WaitReason
from . import words
from .ink import Tone
from .signs import Sign

FORGOTTEN_S = 300.0
"""A call that should have gone on so long ago belongs to a cxtop that was ended meanwhile."""

_MEANINGS = {
    401: "not authenticated",
    403: "forbidden",
    404: "not found",
    408: "timed out",
    409: "conflict",
    410: "gone",
    422: "refused",
    429: "throttled",
    500: "server error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timeout",
}


def attempt_sign(attempt: Attempt) -> Sign:
    """How one attempt came out: a sign, its outcome with a word for it, and a tone."""
    status = attempt.status
    if status is None:
        cancelled = attempt.outcome == "CancelledError"
        return ("■", "cancelled", "dim") if cancelled else ("✖", attempt.outcome or "failed", "bad")
    if 200 <= status < 300:
        return "✔", str(status), "good"
    meaning = _MEANINGS.get(status)
    word = f"{status} {meaning}" if meaning else str(status)
    return ("▲", word, "warn") if status == 429 else ("✖", word, "bad")


def subject_of(call: Call) -> str:
    """The id of what the call is about: its run, or the action that it runs; empty for others."""
    if call.run_id or call.operation != "execute":
        return call.run_id or ""
    parts = urlsplit(call.url).path.split("/")
    return unquote(parts[-2]) if len(parts) > 2 and parts[-1] == "execute" else ""


def call_sign(call: Call, now: datetime) -> Sign:
    """How the call as a whole stands."""
    last = attempt_sign(call.attempts[-1])[1] if call.attempts else ""
    if is_forgotten(call, now):
        return "■", "broken off", "dim"
    match call.state:
        case CallState.DONE:
            return "✔", last or "done", "good"
        case CallState.FAILED:
            return "✖", f"gave up: {last}" if last else "failed", "bad"
        case CallState.CANCELLED:
            return "■", "cancelled", "dim"
        case CallState.WAITING:
            return "◷", "waiting", "warn"
        case CallState.RUNNING:
            return "▶", "asking", "busy"


def is_live(call: Call, now: datetime) -> bool:
    """Whether there is more to come."""
    under_way = call.state in (CallState.WAITING, CallState.RUNNING)
    return under_way and not is_forgotten(call, now)


def is_forgotten(call: Call, now: datetime) -> bool:
    """Whether the call was under way when the cxtop that made it ended."""
    if call.state not in (CallState.WAITING, CallState.RUNNING):
        return False
    due = call.next_attempt_at if call.state is CallState.WAITING else None
    return (now - (due or next_began_at(call))).total_seconds() > FORGOTTEN_S


def ended_at(attempt: Attempt) -> datetime:
    """When the attempt was over."""
    return attempt.started_at + timedelta(milliseconds=max(0.0, attempt.duration_ms))


def next_began_at(call: Call) -> datetime:
    """When the attempt after the recorded ones began, or is to begin."""
    if call.next_attempt_at is not None:
        return call.next_attempt_at
    if not call.attempts:
        return call.started_at
    last = call.attempts[-1]
    return ended_at(last) + timedelta(seconds=max(0.0, last.wait_s or 0.0))


def waited_s(call: Call) -> float:
    """The seconds that the call was told to wait between its attempts, all together."""
    return sum(max(0.0, attempt.wait_s or 0.0) for attempt in call.attempts)


def took_s(call: Call) -> float:
    """The seconds from the call's beginning to the end of its last recorded attempt."""
    ends = [ended_at(attempt) for attempt in call.attempts]
    return max(0.0, (max(ends, default=call.started_at) - call.started_at).total_seconds())


def wait_words(attempt: Attempt) -> str:
    """Why there was a wait after the attempt, and how long: `Retry-After 7 s`; or nothing."""
    if attempt.wait_s is None:
        return ""
    reason = "Retry-After" if attempt.wait_reason is WaitReason.RETRY_AFTER else "backoff"
    long = seconds(attempt.wait_s) if attempt.wait_s else "0 s"
    return f"{reason if attempt.wait_reason else 'wait'} {long}"


def seconds(amount: float) -> str:
    """A span with the tenths that matter, but no ` .0`: `7 s`, `2.3 s`, `1 m 30 s`."""
    return words.span(amount).replace(".0 s", " s")


def countdown(call: Call, now: datetime) -> str:
    """How long until the next attempt: `4.2 s`, `now`, or nothing when none is planned."""
    if call.state is not CallState.WAITING or call.next_attempt_at is None:
        return ""
    left = (call.next_attempt_at - now).total_seconds()
    if left <= 0:
        return "" if is_forgotten(call, now) else "now"
    # Below a minute with tenths, so that one sees it run.
    return f"{left:.1f} s" if left < 60 else words.whole_span(left)


def target(call: Call, width: int = 1000) -> str:
    """What was asked: method and path, its middle left out where there is no room."""
    path = call.url.partition("://")[2].partition("/")
    shown = f"{call.method} {path[1]}{path[2]}" if path[1] else f"{call.method} {call.url}"
    return words.short_id(shown.partition("?")[0], width)


def tone_of(call: Call, now: datetime) -> Tone:
    """The tone in which the call's number of attempts is shown."""
    return call_sign(call, now)[2]
