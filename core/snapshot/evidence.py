"""What the store and the logs know of a scope, as models, a few of them in memory at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ..models import ActionHealth, Call, Model, Recovery
from ..sources import Absent, Library
from ..store import Store, scanning
from ..store import recoveries as recoveries_kept
from ..store.scanning import Known
from .belonging import Belonging, belonging_to, rows_of
from .healthkept import health_of
from .records import KeptRun, RunPoll, as_json
from .scope import Part, Scope

T = TypeVar("T")

_SLICE = 500
_ROWS = 256
_CHUNK_BYTES = 4 * 1024 * 1024
_SAMPLE = 40
_COUNT_S = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many things there are of each part that is meant.

    Where not `exact` there may be more exchanges. `size` is about how many bytes they are as
    JSON, before any packing.
    """

    parts: Mapping[Part, int] = field(default_factory=dict)
    size: int = 0
    exact: bool = True

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.parts.values())


class Evidence:
    """What a scope means, read anew each time; `missing` counts the exchanges whose lines were
    not there any more when they were read last.

    `profile_name`, `platform` and `at` say whose it is and when it was taken. `health` is what is
    known of actions just now; without it what the store keeps of them counts, which is less.
    Everything comes in the order in which cxtop saw it, runs as they are listed. Used from one
    event loop at a time, which need not be the store's own. Everything may raise StoreError.
    """

    def __init__(
        self,
        store: Store,
        library: Library | None = None,
        scope: Scope | None = None,
        *,
        profile_name: str = "",
        platform: str = "",
        at: datetime | None = None,
        health: Sequence[ActionHealth] | None = None,
    ) -> None:
        self.scope = scope or Scope()
        self.profile_name = profile_name
        self.platform = platform
        self.at = at or datetime.now(UTC)
        self.missing = 0
        self._known_health = health
        self._store = store
        self._library = library
        self._belonging: Belonging | None = None
        self._last_row: int | None = None

    async def counts(self) -> Counts:
        """How many things there are of each part, and about how much room they take."""
        parts: dict[Part, int] = {}
        exact, size = True, 0
        for part in Part:
            if part not in self.scope.parts:
                continue
            parts[part], sure = await self._count(part)
            exact = exact and sure
            if parts[part]:
                size += parts[part] * await self._usual_size(part)
        return Counts(parts, size, exact)

    async def records(self, part: Part) -> AsyncGenerator[Model, None]:
        """Everything of one part; nothing if the scope does not mean it."""
        if part not in self.scope.parts:
            return
        async for model in _READERS[part](self):
            yield model

    # Runs and what is theirs

    async def _runs(self) -> AsyncGenerator[Model, None]:
        for known in await self._known_runs():
            run = await self._store.run(known.run_id)
            if run is not None:
                yield KeptRun.model_construct(
                    **dict(run),
                    errors_complete=known.errors_complete,
                    watched=known.watched,
                )

    async def _polls(self) -> AsyncGenerator[Model, None]:
        for known in await self._known_runs():
            mark: int | None = None
            while True:
                found, mark = await self._read(
                    lambda c, run_id=known.run_id, mark=mark: scanning.polls_after(
                        c, run_id, mark, _SLICE
                    )
                )
                for poll in found:
                    if self.scope.within(poll.polled_at, poll.polled_at):
                        yield RunPoll.model_construct(**dict(poll), run_id=known.run_id)
                if len(found) < _SLICE:
                    break

    async def _errors(self) -> AsyncGenerator[Model, None]:
        marked = None if self.scope.records is None else set(self.scope.records)
        of_runs = None if marked is None else {run_id for run_id, _ in marked}
        for known in await self._known_runs():
            if of_runs is not None and known.run_id not in of_runs:
                continue
            async for error in self._store.errors(known.run_id):
                if marked is None or (error.run_id, error.record_id) in marked:
                    yield error

    async def _calls(self) -> AsyncGenerator[Model, None]:
        of_runs: Sequence[str | None] = [None]
        if self.scope.run_ids is not None:
            of_runs = [known.run_id for known in await self._known_runs()]
        for run_id in of_runs:
            async for call in self._calls_of(run_id):
                if self.scope.within(call.started_at, _ended(call)):
                    yield call

    async def _calls_of(self, run_id: str | None) -> AsyncIterator[Call]:
        mark: tuple[int, int] | None = None
        while True:
            found, mark = await self._read(
                lambda c, mark=mark: scanning.calls_after(c, run_id, mark, _SLICE)
            )
            for call in found:
                yield call
            if len(found) < _SLICE:
                return

    async def _known_runs(self) -> list[Known]:
        """The runs that are meant, with those that recovery started in their place."""
        found = await self._read(scanning.known_runs)
        if (wanted := await self._lineages()) is not None:
            found = [known for known in found if known.run_id in wanted]
        if self.scope.since is None and self.scope.until is None:
            return found
        runs = {run.run_id: run for run in await self._store.runs()}
        return [
            known
            for known in found
            if (run := runs.get(known.run_id)) is not None
            and self.scope.within(run.created_at or run.polled_at, run.polled_at)
        ]

    async def _lineages(self) -> set[str] | None:
        if self.scope.run_ids is None:
            return None
        wanted = set(self.scope.run_ids)
        if self.scope.related:
            for run_id in self.scope.run_ids:
                recovery = await self._read(
                    lambda c, run_id=run_id: recoveries_kept.of_run(c, run_id)
                )
                if recovery is not None:
                    wanted.update(recovery.lineage)
        return wanted

    # Exchanges and traces

    async def _exchanges(self) -> AsyncGenerator[Model, None]:
        self.missing = 0
        if self._library is None:
            return
        async for numbers in self._rows(self._library):
            for start in range(0, len(numbers), _ROWS):
                sizes = await self._library.sizes(numbers[start : start + _ROWS])
                for chunk in _chunks(sizes):
                    for found in await self._library.exchanges(chunk):
                        if isinstance(found, Absent):
                            self.missing += 1
                        else:
                            yield found

    async def _rows(self, library: Library) -> AsyncIterator[list[int]]:
        """The rows of the exchanges that are meant, ascending, up to what was there at first: so
        that it ends while others come."""
        if self._last_row is None:
            self._last_row = (await library.index.bounds())[1]
        chosen: set[int] | None = None
        if self.scope.numbers is not None:
            chosen = set(self.scope.numbers)
        if self.scope.related and self.scope.run_ids is not None:
            related = (await self._belongings()).rows
            chosen = related if chosen is None else chosen & related
        wanted = self.scope.exchange_filter()
        if chosen is not None and wanted.everything:
            yield sorted(chosen)
            return
        async for numbers in rows_of(library, wanted, self._last_row):
            yield numbers if chosen is None else [each for each in numbers if each in chosen]

    async def _belongings(self) -> Belonging:
        if self._belonging is None:
            if self._last_row is None and self._library is not None:
                self._last_row = (await self._library.index.bounds())[1]
            runs = [known.run_id for known in await self._known_runs()]
            self._belonging = await belonging_to(
                self._store, self._library, runs, self._last_row or 0
            )
        return self._belonging

    async def _traces(self) -> AsyncGenerator[Model, None]:
        executions: set[str] | None = None
        if self.scope.related and self.scope.run_ids is not None:
            executions = (await self._belongings()).executions
        async for trace in self._scanned(scanning.traces_after):
            began = min((step.started_at for step in trace.steps if step.started_at), default=None)
            if executions is not None and trace.execution_id not in executions:
                continue
            if self.scope.within(began or trace.fetched_at, trace.fetched_at):
                yield trace

    # Recovery

    async def _recoveries(self) -> AsyncGenerator[Model, None]:
        async for recovery in self._recoveries_meant():
            yield recovery

    async def _recoveries_meant(self) -> AsyncIterator[Recovery]:
        wanted = await self._lineages()
        async for recovery in self._scanned(scanning.recoveries_after):
            if wanted is not None and wanted.isdisjoint(recovery.lineage):
                continue
            if self.scope.within(recovery.created_at, recovery.resolved_at):
                yield recovery

    async def _letters(self) -> AsyncGenerator[Model, None]:
        errors = await self._errors_meant()
        async for letter in self._scanned(scanning.letters_after):
            if errors is not None and letter.error_id not in errors:
                continue
            if self.scope.within(letter.timestamp, letter.last_at or letter.timestamp):
                yield letter

    async def _audit(self) -> AsyncGenerator[Model, None]:
        errors = await self._errors_meant()
        async for entry in self._scanned(scanning.audit_after):
            if errors is not None and entry.error_id not in errors:
                continue
            if self.scope.within(entry.resolved_at, entry.resolved_at):
                yield entry

    async def _errors_meant(self) -> set[str] | None:
        """The ids of the errors of the runs that are meant; `None` for all."""
        if self.scope.run_ids is None:
            return None
        return {recovery.error_id async for recovery in self._recoveries_meant()}

    async def _health(self) -> AsyncGenerator[Model, None]:
        if self.scope.run_ids is not None and not self.scope.related:
            return
        known = self._known_health
        for action in await self._read(health_of) if known is None else known:
            if self.scope.run_ids is None or action.action_id in self.scope.run_ids:
                yield action

    # Reading

    async def _scanned(
        self, after: Callable[[sqlite3.Connection, int, int], tuple[list[T], int]]
    ) -> AsyncIterator[T]:
        mark = 0
        while True:
            found, mark = await self._read(lambda c, mark=mark: after(c, mark, _SLICE))
            for model in found:
                yield model
            if len(found) < _SLICE:
                return

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await self._store.readers.read(query)

    # Counting

    async def _count(self, part: Part) -> tuple[int, bool]:
        if part is Part.EXCHANGES:
            return await self._count_exchanges()
        scope, table = self.scope, _TABLES.get(part)
        timeless = scope.since is None and scope.until is None
        if table is None or (part is Part.ERRORS and scope.records is not None):
            return await _length(self.records(part)), True
        if timeless and scope.run_ids is None:
            return await self._read(lambda c: scanning.count_of(c, table)), True
        # A run that is meant brings all its failed records, whenever they were seen.
        if part is Part.ERRORS or (timeless and part in (Part.POLLS, Part.CALLS)):
            runs = await self._known_runs()
            return await self._read(
                lambda c: sum(scanning.count_of(c, table, known.run_id) for known in runs)
            ), True
        return await _length(self.records(part)), True

    async def _count_exchanges(self) -> tuple[int, bool]:
        scope = self.scope
        if self._library is None:
            return 0, True
        if scope.numbers is None and not (scope.related and scope.run_ids is not None):
            wanted = scope.exchange_filter()
            found = await self._library.count(wanted, budget_s=_COUNT_S)
            return found.number, found.exact
        return sum([len(some) async for some in self._rows(self._library)]), True

    async def _usual_size(self, part: Part) -> int:
        """About how many bytes one of a part takes, by looking at some."""
        size = count = 0
        missing = self.missing
        async with aclosing(self.records(part)) as records:
            async for model in records:
                size += len(as_json(model))
                count += 1
                if count >= _SAMPLE:
                    break
        self.missing = missing
        return size // count if count else 0


_READERS: Mapping[Part, Callable[[Evidence], AsyncGenerator[Model, None]]] = {
    Part.RUNS: Evidence._runs,
    Part.POLLS: Evidence._polls,
    Part.ERRORS: Evidence._errors,
    Part.EXCHANGES: Evidence._exchanges,
    Part.CALLS: Evidence._calls,
    Part.TRACES: Evidence._traces,
    Part.RECOVERIES: Evidence._recoveries,
    Part.DEAD_LETTERS: Evidence._letters,
    Part.AUDIT: Evidence._audit,
    Part.HEALTH: Evidence._health,
}

_TABLES = {
    Part.POLLS: "polls",
    Part.ERRORS: "errors",
    Part.CALLS: "calls",
    Part.TRACES: "traces",
    Part.RECOVERIES: "recoveries",
    Part.DEAD_LETTERS: "dead_letters",
    Part.AUDIT: "audit",
}


async def _length(records: AsyncIterator[Model]) -> int:
    count = 0
    async for _ in records:
        count += 1
    return count


def _chunks(sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Rows whose lines together are not large."""
    chunk: list[int] = []
    room = _CHUNK_BYTES
    for number, size in sizes:
        if chunk and size > room:
            yield chunk
            chunk, room = [], _CHUNK_BYTES
        chunk.append(number)
        room -= size
    if chunk:
        yield chunk


def _ended(call: Call) -> datetime:
    """When the last attempt of a call was over."""
    if not call.attempts:
        return call.started_at
    last = call.attempts[-1]
    return last.started_at + timedelta(milliseconds=last.duration_ms)
