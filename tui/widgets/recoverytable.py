"""How failures, dead letters and entries of the audit log look as rows."""

from __future__ import annotations

from datetime import datetime

from ...core.models import (
    AuditEntry,
    AuditEvent,
    DeadLetter,
    Directive,
    LetterState,
    Recovery,
    RecoveryState,
    Resolution,
)
from .. import words
from ..clock import Clock
from ..ink import Line, Tone
from ..signs import Sign
from .columns import Column

_STATES: dict[RecoveryState, Sign] = {
    RecoveryState.NEW: ("◷", "finding the code", "busy"),
    RecoveryState.WAITING: ("◷", "waiting", "warn"),
    RecoveryState.SUBMITTING: ("▶", "submitting", "busy"),
    RecoveryState.WATCHING: ("▶", "running again", "busy"),
    RecoveryState.CHECKING: ("◷", "checking", "busy"),
    RecoveryState.RECOVERED: ("✔", "recovered", "good"),
    RecoveryState.VERIFIED: ("✔", "rolled back", "good"),
    RecoveryState.UNVERIFIED: ("?", "UNVERIFIED", "warn"),
    RecoveryState.DEAD_LETTER: ("✖", "dead letter", "bad"),
}

_LETTERS: dict[LetterState, Sign] = {
    LetterState.WAITING: ("◷", "waiting", "warn"),
    LetterState.DELIVERED: ("✔", "delivered", "good"),
    LetterState.DISCARDED: ("■", "discarded", "dim"),
}

_EVENTS: dict[AuditEvent, str] = {
    AuditEvent.HANDLED: "error handled",
    AuditEvent.DELIVERED: "letter delivered",
    AuditEvent.REQUEUED: "letter queued anew",
    AuditEvent.DISCARDED: "letter discarded",
}


def recovery_sign(state: RecoveryState) -> Sign:
    """The sign of how far the handling of a failure is."""
    return _STATES[state]


def attempt_words(recovery: Recovery) -> str:
    """Which attempt of how many it is."""
    if recovery.recovery_directive is not Directive.RETRY and not recovery.retry_count:
        return words.NOTHING
    return f"{recovery.retry_count} of {recovery.max_retries}"


def lineage_words(recovery: Recovery, width: int) -> str:
    """The runs of a lineage, the first and the newest where there is no room for all."""
    runs = recovery.lineage
    if len(runs) == 1:
        return words.NOTHING
    whole = " → ".join(runs[1:])
    if len(whole) <= width:
        return whole
    head = f"{len(runs) - 1} × → " if len(runs) > 2 else ""
    return head + words.short_id(recovery.run_id, width - len(head))


def delivery_words(letter: DeadLetter, *, deliverable: bool) -> Line:
    """What became of a letter, or what keeps it; `deliverable`: there is a webhook."""
    if letter.reason:
        return (("discarded: ", "dim"), (letter.reason, ""))
    if letter.last_answer:
        when = words.clock(letter.last_at)
        return ((f"the webhook at {when}: ", "dim"), (letter.last_answer, ""))
    if not deliverable:
        return (("▲ ", "warn"), ("Set dead_letter_webhook in the profile to deliver it.", ""))
    return (("It is on its way to the webhook.", "dim"),)


def letter_text(letter: DeadLetter) -> str:
    """All that a filter looks for in a letter."""
    parts = (letter.error_id, letter.action_id, letter.error_code, letter.state, letter.message)
    return " ".join((*parts, letter.last_answer, letter.reason)).lower()


def entry_key(entry: AuditEntry) -> str:
    """What tells an entry of the audit log from all others."""
    return f"{entry.error_id} {entry.event_type} {entry.resolved_at.isoformat()}"


def due_words(due_at: datetime | None, now: datetime) -> Line:
    """How long until something is done."""
    if due_at is None:
        return ((words.NOTHING, "dim"),)
    left = (due_at - now).total_seconds()
    return (("now" if left <= 0 else words.whole_span(left), "warn"),)


def recovery_columns(now: Clock) -> tuple[Column[Recovery], ...]:
    """The columns of failures; `now` gives the present for the countdown."""

    def state(row: Recovery, _width: int) -> Line:
        sign, word, tone = _STATES[row.state]
        return ((f"{sign} {word}", tone),)

    def due(row: Recovery, _width: int) -> Line:
        return due_words(row.due_at, now())

    return (
        Column("time", "FAILED", 8, lambda row, _w: ((words.clock(row.created_at), "dim"),)),
        Column("state", "STATE", 14, state, flex=1, widest=18),
        Column("directive", "DIRECTIVE", 11, _directive, drop=4),
        Column("code", "CODE", 14, lambda row, _w: _code(row.error_code), flex=1, widest=26),
        Column("run", "RUN", 12, lambda row, w: _id(row.action_id, w), flex=2, widest=38),
        Column("attempt", "ATTEMPT", 7, lambda row, _w: ((attempt_words(row), ""),), drop=1),
        Column("due", "NEXT IN", 7, due, right=True, drop=2),
        Column("lineage", "TRIED AGAIN AS", 14, _lineage, flex=2, widest=42, drop=3),
        Column("message", "MESSAGE", 20, lambda row, _w: _first_line(row.message), flex=2, drop=5),
    )


def letter_columns(now: Clock) -> tuple[Column[DeadLetter], ...]:
    """The columns of dead letters; `now` gives the present for the countdown."""

    def state(row: DeadLetter, _width: int) -> Line:
        sign, word, tone = _LETTERS[row.state]
        return ((f"{sign} {word}", tone),)

    def due(row: DeadLetter, _width: int) -> Line:
        waits = row.state is LetterState.WAITING
        return due_words(row.next_at if waits else None, now())

    def answer(row: DeadLetter, _width: int) -> Line:
        if row.reason:
            return ((f"discarded: {row.reason}", "dim"),)
        tone: Tone = "" if row.state is LetterState.DELIVERED else "warn"
        return ((row.last_answer or "not tried yet", tone if row.last_answer else "dim"),)

    return (
        Column("time", "SINCE", 8, lambda row, _w: ((words.clock(row.timestamp), "dim"),)),
        Column("state", "STATE", 11, state),
        Column("code", "CODE", 14, lambda row, _w: _code(row.error_code), flex=1, widest=26),
        Column("run", "RUN", 12, lambda row, w: _id(row.action_id, w), flex=1, widest=38),
        Column("tries", "TRIES", 5, _tries, right=True, drop=1),
        Column("due", "NEXT IN", 7, due, right=True, drop=2),
        Column("answer", "LAST ANSWER", 18, answer, flex=4),
    )


def _tries(row: DeadLetter, _width: int) -> Line:
    return ((words.amount(row.attempts), "warn" if row.attempts > 1 else "dim"),)


def _resolution(row: AuditEntry, _width: int) -> Line:
    good = row.resolution_rate is Resolution.SUCCESS
    return (("✔ success" if good else "✖ exhausted", "good" if good else "bad"),)


def _retries(row: AuditEntry, _width: int) -> Line:
    return ((f"{row.retry_count} of {row.max_retries}", "dim"),)


AUDIT_COLUMNS: tuple[Column[AuditEntry], ...] = (
    Column("time", "TIME", 8, lambda row, _w: ((words.clock(row.resolved_at), "dim"),)),
    Column("event", "EVENT", 18, lambda row, _w: ((_EVENTS[row.event_type], ""),)),
    Column("resolution", "RESOLUTION", 11, _resolution),
    Column(
        "directive",
        "DIRECTIVE",
        11,
        lambda row, _w: ((row.recovery_directive.value, "dim"),),
        drop=2,
    ),
    Column("code", "CODE", 12, lambda row, _w: _code(row.error_code), flex=1, widest=26),
    Column("run", "RUN", 10, lambda row, w: _id(row.action_id, w), flex=1, widest=38),
    Column("retries", "RETRIES", 7, _retries, drop=3),
    Column(
        "latency",
        "TOOK",
        8,
        lambda row, _w: ((words.span(row.latency_seconds), ""),),
        right=True,
        drop=1,
    ),
    Column("detail", "DETAIL", 16, lambda row, _w: _first_line(row.detail), flex=3, drop=4),
)


def _directive(row: Recovery, _width: int) -> Line:
    return ((row.recovery_directive or words.NOTHING, "dim"),)


def _code(code: str) -> Line:
    return ((code or words.NOTHING, "" if code else "dim"),)


def _id(run_id: str, width: int) -> Line:
    return ((words.short_id(run_id, width), "strong"),)


def _lineage(row: Recovery, width: int) -> Line:
    return ((lineage_words(row, width), "dim"),)


def _first_line(text: str) -> Line:
    return ((text.split("\n", 1)[0], "dim"),)
