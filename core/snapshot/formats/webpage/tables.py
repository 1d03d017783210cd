"""What the tables of the page show of each kind of record, and what unfolds beneath a row.

A cell is text, a number, a time in milliseconds since 1970, or a state: its tone and its word.
Texts are made safe here, so that the script only ever shows what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ....models import (
    ActionHealth,
    AuditEntry,
    DeadLetter,
    Directive,
    RecordError,
    Recovery,
)
from ....text import clip, safe
from ...records import KeptRun, RunPoll
from ...scope import Part
from ..jsontext import pretty
from ..wordings import percent, word
from .states import State, health_state, letter_state, recovery_state, resolution_state, run_state

Cell = str | float | None | State
Section = tuple[str, str]
Kind = Literal["text", "mono", "number", "time", "state"]

_LONGEST_CELL = 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `minor` ones are left out where there is little room."""

    title: str
    kind: Kind = "text"
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """How records of a part are shown. `order` is the column to sort by at first, and whether
    downwards; `None` keeps the order of the records."""

    title: str
    columns: tuple[Column, ...]
    cells: Callable[[Any], Sequence[Cell]]
    sections: Callable[[Any], Sequence[Section]]
    order: tuple[int, bool] | None = None

    def row(self, record: object) -> list[Cell]:
        """The cells of a record."""
        return [_safe(cell) for cell in self.cells(record)]

    def told(self, record: object, longest: int) -> list[Section]:
        """What unfolds beneath: titles and texts of at most `longest` characters."""
        return [
            (clip(safe(title), _LONGEST_CELL), _cut(safe(content, keep_newlines=True), longest))
            for title, content in self.sections(record)
            if content
        ]

    def described(self) -> dict[str, Any]:
        """The columns as the script reads them."""
        columns = [
            {"title": column.title, "kind": column.kind, "minor": column.minor}
            for column in self.columns
        ]
        return {"title": self.title, "columns": columns, "order": self.order}


def millis_of(at: datetime | None) -> float | None:
    """A time as the script reads it."""
    return None if at is None else round(at.timestamp() * 1000)


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return clip(safe(cell), _LONGEST_CELL)
    return [safe(part) for part in cell] if isinstance(cell, list) else cell


def _cut(content: str, longest: int) -> str:
    if len(content) <= longest:
        return content
    return f"{content[:longest]}\n… {len(content) - longest:,} more characters are not in this page"


def _json(value: object) -> str:
    return "" if value in (None, {}, ()) else pretty(value)


def _run(run: KeptRun) -> Sequence[Cell]:
    return (
        run.run_id,
        run.name or "",
        run_state(run.status, run.raw_status),
        run.processed,
        run.total,
        run.errors,
        run.warnings,
        millis_of(run.created_at),
        millis_of(run.polled_at),
    )


def _poll(poll: RunPoll) -> Sequence[Cell]:
    state = run_state(poll.status)
    return millis_of(poll.polled_at), poll.run_id, state, poll.processed, poll.total, poll.errors


def _error(error: RecordError) -> Sequence[Cell]:
    return error.run_id, error.record_id, error.code, error.message, error.status


def _recovery(recovery: Recovery) -> Sequence[Cell]:
    return (
        millis_of(recovery.created_at),
        recovery.action_id,
        recovery.error_code,
        recovery_state(recovery.state),
        _directive(recovery.recovery_directive),
        recovery.retry_count,
        recovery.note,
        millis_of(recovery.resolved_at),
    )


def _letter(letter: DeadLetter) -> Sequence[Cell]:
    return (
        millis_of(letter.timestamp),
        letter.action_id,
        letter.error_code,
        letter.message,
        letter_state(letter.state),
        letter.attempts,
        letter.last_answer,
    )


def _audit(entry: AuditEntry) -> Sequence[Cell]:
    return (
        millis_of(entry.resolved_at),
        entry.event_type.value,
        entry.action_id,
        entry.error_code,
        _directive(entry.recovery_directive),
        resolution_state(entry.resolution_rate),
        entry.retry_count,
        entry.latency_seconds,
    )


def _directive(directive: Directive | None) -> str:
    return "" if directive is None else word(directive)


def _health(action: ActionHealth) -> Sequence[Cell]:
    report = action.report
    return (
        action.action_id,
        health_state(action.state),
        None if report is None else report.error_rate,
        action.threshold,
        None if report is None else report.executions,
        None if report is None else report.errors,
        None if report is None else report.average_ms,
        None if report is None else report.p95_ms,
    )


def _codes(action: ActionHealth) -> Sequence[Section]:
    report = action.report
    if report is None:
        return (("Why there are no figures", action.trouble),)
    shares = [f"{each.count:>9,}  {each.code}" for each in report.codes]
    risen = [f"{each.code}: {percent(each.before)} → {percent(each.now)}" for each in action.risen]
    return (
        ("Error codes", "\n".join(shares)),
        ("Risen since the period before", "\n".join(risen)),
        ("What may be wrong with the figures", "\n".join(report.warnings)),
    )


_WHEN = Column("when (UTC)", "time")
_NUMBERS = tuple(Column(name, "number") for name in ("processed", "total", "failed"))

TABLES: Mapping[Part, Table] = {
    Part.RUNS: Table(
        "Runs",
        (
            Column("run", "mono"),
            Column("name"),
            Column("status", "state"),
            *_NUMBERS,
            Column("warnings", "number", minor=True),
            Column("created (UTC)", "time", minor=True),
            Column("last seen (UTC)", "time", minor=True),
        ),
        _run,
        lambda run: (
            ("Fields that cxtop does not know", _json(run.extra)),
            ("Answer", _json(run.raw)),
        ),
    ),
    Part.POLLS: Table(
        "Polls",
        (_WHEN, Column("run", "mono"), Column("status", "state"), *_NUMBERS),
        _poll,
        lambda _: (),
    ),
    Part.ERRORS: Table(
        "Failed records",
        (
            Column("run", "mono", minor=True),
            Column("record", "mono"),
            Column("code", "mono"),
            Column("message"),
            Column("status", minor=True),
        ),
        _error,
        lambda error: (
            ("Message", error.message),
            ("Record", _json(error.record)),
            ("Further fields", _json(error.extra)),
        ),
    ),
    Part.RECOVERIES: Table(
        "Recovery",
        (
            _WHEN,
            Column("run", "mono"),
            Column("code", "mono"),
            Column("state", "state"),
            Column("directive", minor=True),
            Column("retries", "number"),
            Column("note", minor=True),
            Column("resolved (UTC)", "time", minor=True),
        ),
        _recovery,
        lambda recovery: (("Message", recovery.message), ("All of it", pretty(recovery))),
        order=(0, True),
    ),
    Part.DEAD_LETTERS: Table(
        "Dead letters",
        (
            _WHEN,
            Column("run", "mono"),
            Column("code", "mono"),
            Column("message", minor=True),
            Column("state", "state"),
            Column("deliveries", "number"),
            Column("last answer", minor=True),
        ),
        _letter,
        lambda letter: (("What is posted", _json(letter.payload())), ("Discarded", letter.reason)),
        order=(0, True),
    ),
    Part.AUDIT: Table(
        "Audit",
        (
            _WHEN,
            Column("event", "mono"),
            Column("run", "mono"),
            Column("code", "mono"),
            Column("directive", minor=True),
            Column("ended", "state"),
            Column("retries", "number", minor=True),
            Column("latency s", "number", minor=True),
        ),
        _audit,
        lambda entry: (("Detail", entry.detail),),
        order=(0, True),
    ),
    Part.HEALTH: Table(
        "Health",
        (
            Column("action", "mono"),
            Column("state", "state"),
            Column("error rate %", "number"),
            Column("threshold %", "number"),
            Column("executions", "number"),
            Column("errors", "number"),
            Column("average ms", "number", minor=True),
            Column("95th percentile ms", "number", minor=True),
        ),
        _health,
        _codes,
        order=(2, True),
    ),
}
"""All but exchanges, calls and traces, which are in `traffic`."""
