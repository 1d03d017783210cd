"""Bringing a bundle into a store and a log of exchanges, so that screens find what they know."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from ..capture.record import encode
from ..errors import LineError, SnapshotError
from ..models import (
    RATE_LIMIT_EXHAUSTED,
    ActionHealth,
    ActionRun,
    AuditEntry,
    Call,
    DeadLetter,
    Exchange,
    FlowTrace,
    Model,
    RecordError,
    Recovery,
)
from ..redact import Redactor
from ..store import Store, audit, calls, deadletters, errors, recoveries, runs, traces
from ..store.codec import micros, put_count
from .bundle import Bundle
from .formats.pouring import finished
from .records import KeptRun, RunPoll
from .scope import Part

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MANY = 500
_HEAVY = 4 * 1024 * 1024


class AsItIs(Redactor):
    """Changes nothing: what is in a snapshot is shown as it is."""

    __slots__ = ()

    def text(self, text: str) -> str:
        return text

    def json(self, value: Any) -> Any:
        return value

    def url(self, url: str) -> str:
        return url

    def form(self, form: str) -> str:
        return form

    def header(self, name: str, value: str) -> str:
        return value

    def headers(self, headers: Any) -> Any:
        return headers


async def load(
    bundle: Bundle, store: Store, log: Path, progress: Callable[[int, int], None]
) -> tuple[ActionHealth, ...]:
    """Bring all of `bundle` into `store` and its exchanges into the file `log`, in their order.

    Gives the health of actions, which is not kept. `progress` is called with how many records of
    how many are done. Raises SnapshotError, StoreError, OSError.
    """
    total, done = sum(bundle.manifest.counts.values()), 0
    health: list[ActionHealth] = []
    put = _Putting(store.redactor)
    for part in Part:
        records = bundle.weighed(part)
        try:
            while some := await _taken(records):
                if part is Part.EXCHANGES:
                    await finished(lambda some=some: _write(log, bundle, some))
                elif part is Part.HEALTH:
                    health += cast(list[ActionHealth], some)
                else:
                    await store.writer.submit(
                        lambda c, part=part, some=some: put.some(c, part, some)
                    )
                done += len(some)
                progress(done, total)
        finally:
            records.close()
    return tuple(health)


async def _taken(records: Generator[tuple[Model, int], None, None]) -> list[Model]:
    """The next records, as many as do not weigh much; none at the end."""
    some: list[Model] = []

    def take() -> None:
        weight = 0
        for record, size in records:
            some.append(record)
            weight += size
            if len(some) >= _MANY or weight >= _HEAVY:
                return

    await finished(take)
    return some


def _write(log: Path, bundle: Bundle, exchanges: Sequence[Model]) -> None:
    with log.open("ab") as file:
        for exchange in exchanges:
            try:
                file.write(encode(cast(Exchange, exchange)))
            except LineError as error:
                raise SnapshotError(
                    f"The snapshot {bundle.path} is damaged.",
                    why=str(error),
                    fix="Have it sent again.",
                ) from error


class _Putting:
    """Puts records into the tables; jobs for the writer."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._seen: set[str] = set()

    def some(self, connection: sqlite3.Connection, part: Part, models: Sequence[Model]) -> None:
        """Put some records of one part."""
        if part is Part.ERRORS:
            self._errors(connection, cast(Sequence[RecordError], models))
            return
        put = getattr(self, f"_{part.value}")
        for model in models:
            put(connection, model)

    def _watch(self, connection: sqlite3.Connection, run_id: str) -> None:
        if run_id not in self._seen:
            self._seen.add(run_id)
            runs.watch(connection, run_id)

    def _runs(self, connection: sqlite3.Connection, run: KeptRun) -> None:
        self._watch(connection, run.run_id)
        plain = {name: getattr(run, name) for name in ActionRun.model_fields}
        runs.save_run(connection, ActionRun.model_construct(**plain), self._redactor)
        runs.set_error_walk(connection, run.run_id, 1, run.errors_complete)

    def _polls(self, connection: sqlite3.Connection, poll: RunPoll) -> None:
        self._watch(connection, poll.run_id)
        counts = (poll.processed, poll.total, poll.errors, poll.warnings)
        connection.execute(
            "INSERT OR REPLACE INTO polls VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                runs.make_key(connection, poll.run_id),
                micros(poll.polled_at),
                poll.status.value,
                poll.progress,
                *map(put_count, counts),
            ),
        )

    def _errors(self, connection: sqlite3.Connection, found: Sequence[RecordError]) -> None:
        for run_id, some in groupby(found, lambda error: error.run_id):
            self._watch(connection, run_id)
            run = runs.run(connection, run_id)
            seen_at = _EPOCH if run is None else run.polled_at
            errors.add_errors(connection, run_id, list(some), seen_at, self._redactor, apart=True)

    def _calls(self, connection: sqlite3.Connection, call: Call) -> None:
        calls.save_call(connection, call, self._redactor)

    def _traces(self, connection: sqlite3.Connection, trace: FlowTrace) -> None:
        traces.save_trace(connection, trace, self._redactor)

    def _recoveries(self, connection: sqlite3.Connection, recovery: Recovery) -> None:
        # What is told of a run goes to the recovery that led it; throttled polls led none.
        leads = recovery.submitted or recovery.error_code != RATE_LIMIT_EXHAUSTED
        turn = recoveries.Turn(recovery)
        failure = f"snapshot {recovery.error_id}"
        recoveries.begin(connection, failure, turn, self._redactor, leads=leads)
        if leads:
            for run_id in recovery.lineage:
                recoveries.lead(connection, run_id, recovery.error_id)

    def _dead_letters(self, connection: sqlite3.Connection, letter: DeadLetter) -> None:
        deadletters.put(connection, letter, self._redactor)

    def _audit(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        audit.add(connection, entry, self._redactor)
