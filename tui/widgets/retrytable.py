"""How a retried call, and each of its attempts, looks as a row."""

from __future__ import annotations

from collections.abc import Callable

from ...core.models import Attempt, Call, CallState
from ...core.text import clip
from .. import words
from ..attempts import (
    attempt_sign,
    call_sign,
    countdown,
    is_live,
    seconds,
    subject_of,
    wait_words,
    waited_s,
)
from ..clock import Clock, time_of_day
from ..ink import Line
from .columns import Column


def retry_columns(clock: Clock) -> tuple[Column[Call], ...]:
    """The columns of the table of retried calls; `clock` moves the countdowns."""

    def state(call: Call, _width: int) -> Line:
        sign, word, tone = call_sign(call, clock())
        return ((f"{sign} {word}", tone),)

    def next_in(call: Call, _width: int) -> Line:
        left = countdown(call, clock()) if is_live(call, clock()) else ""
        return ((left or words.NOTHING, "accent" if left else "dim"),)

    def age(call: Call, _width: int) -> Line:
        return ((words.age(call.started_at, clock()), "dim"),)

    return (
        Column("started", "TIME", 8, _started),
        Column("call", "CALL", 20, _operation, flex=3, widest=40),
        Column("run", "RUN", 12, _run, flex=2, widest=40, drop=1),
        Column("tries", "TRIES", 5, _tries, right=True),
        Column("state", "STATE", 14, state, flex=2, widest=32),
        Column("waited", "WAITED", 9, _waited, right=True, drop=2),
        Column("next", "NEXT IN", 8, next_in, right=True),
        Column("outcomes", "OUTCOMES", 18, _outcomes, flex=2, widest=40, drop=4),
        Column("age", "AGE", 5, age, right=True, drop=3),
    )


def _started(call: Call, _width: int) -> Line:
    return ((words.clock(call.started_at), "dim"),)


def _operation(call: Call, width: int) -> Line:
    if call.service:
        # The end of the path tells one call from another; the service has no more than half.
        service = clip(call.service, max(4, width // 2))
        return (
            (f"{service} ", "accent"),
            (words.path_end(call.operation, width - len(service) - 1), ""),
        )
    return ((call.operation, ""),)


def _run(call: Call, width: int) -> Line:
    subject = subject_of(call)
    return ((words.short_id(subject or words.NOTHING, width), "" if subject else "dim"),)


def _tries(call: Call, _width: int) -> Line:
    return ((words.amount(len(call.attempts)), "warn" if len(call.attempts) > 1 else "dim"),)


def _waited(call: Call, _width: int) -> Line:
    waited = waited_s(call)
    return ((seconds(waited) if waited else words.NOTHING, "dim"),)


def _outcomes(call: Call, _width: int) -> Line:
    """Every attempt's sign and bare outcome, so that the course of the call is one glance."""
    return tuple(
        (f"{sign} {attempt.outcome} ", tone)
        for attempt in call.attempts
        for sign, _, tone in (attempt_sign(attempt),)
    )


def attempt_columns(call: Callable[[], Call]) -> tuple[Column[Attempt], ...]:
    """The columns of the attempts of `call`, which may grow."""

    def then(attempt: Attempt, _width: int) -> Line:
        if wait := wait_words(attempt):
            return ((wait, "warn"),)
        owner = call()
        is_last = bool(owner.attempts) and owner.attempts[-1].number == attempt.number
        if not is_last:
            return (("at once", "dim"),)
        if owner.gave_up:
            return ((owner.gave_up, "bad"),)
        return (("done" if owner.state is CallState.DONE else words.NOTHING, "dim"),)

    return (
        Column("number", "#", 3, _number, right=True),
        Column("started", "STARTED", 12, _moment),
        Column("took", "TOOK", 8, _took, right=True),
        Column("outcome", "OUTCOME", 15, _outcome, flex=1, widest=26),
        Column("then", "THEN", 17, then, flex=3, widest=60),
        Column("budget", "CALLS LEFT", 11, _budget, right=True, drop=2),
        Column("correlation", "CORRELATION ID", 14, _correlation, flex=1, widest=40, drop=1),
    )


def _number(attempt: Attempt, _width: int) -> Line:
    return ((str(attempt.number), "dim"),)


def _moment(attempt: Attempt, _width: int) -> Line:
    return ((time_of_day(attempt.started_at), ""),)


def _took(attempt: Attempt, _width: int) -> Line:
    return ((words.span(attempt.duration_ms / 1000), ""),)


def _outcome(attempt: Attempt, _width: int) -> Line:
    sign, word, tone = attempt_sign(attempt)
    return ((f"{sign} {word}", tone),)


def _budget(attempt: Attempt, _width: int) -> Line:
    # The room of calls is loaded by whoever opens a store, and not before.
    from ...core.http.budget import told_budget

    allowed, remaining, _ = told_budget(attempt.rate_limit)
    if remaining is None:
        return ((words.NOTHING, "dim"),)
    text = f"{words.amount(remaining)} / {words.amount(allowed)}"
    return ((text, "bad" if remaining == 0 else "dim"),)


def _correlation(attempt: Attempt, width: int) -> Line:
    found = attempt.correlation_id or ""
    return ((words.short_id(found, width) if found else words.NOTHING, "dim"),)
