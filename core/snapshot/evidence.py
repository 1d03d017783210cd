"""What the store and the logs know of a scope, as models, a few of them in memory at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection

from ..models import ActionHealth, Call, Model, Poll
from ..sources import Absent, Library
from ..store import Store, scanning
from .counting import Counting, Counts
from .healthkept import health_of
from .meant import Meant
from .records import KeptRun, RunPoll
from .scanned import scanned
from .scope import Part, Scope

Mark = tuple[int, int] | None

_ROWS = 256
_CHUNK_BYTES = 4 * 1024 * 1024


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
        self._meant = Meant(self.scope, store, library)

    async def counts(self) -> Counts:
        """How many things there are of each part, and about how much room they take."""
        missing = self.missing
        try:
            return await Counting(self._meant, self.records, self._store, self._library).counts()
        finally:
            self.missing = missing

    async def records(self, part: Part) -> AsyncGenerator[Model, None]:
        """Everything of one part; nothing if the scope does not mean it."""
        if part not in self.scope.parts:
            return
        async for model in _READERS[part](self):
            yield model

    # Runs and what is theirs

    async def _runs(self) -> AsyncGenerator[Model, None]:
        for known in await self._meant.runs():
            run = await self._store.run(known.run_id)
            if run is not None:
                yield KeptRun.model_construct(
                    **dict(run),
                    errors_complete=known.errors_complete,
                    watched=known.watched,
                )

    async def _polls(self) -> AsyncGenerator[Model, None]:
        for known in await self._meant.runs():

            def after(
                connection: Connection, mark: int | None, limit: int, run_id: str = known.run_id
            ) -> tuple[list[Poll], int | None]:
                return scanning.polls_after(connection, run_id, mark, limit)

            async for poll in scanned(self._store, after, None):
                if self.scope.within(poll.polled_at, poll.polled_at):
                    yield RunPoll.model_construct(**dict(poll), run_id=known.run_id)

    async def _errors(self) -> AsyncGenerator[Model, None]:
        marked = None if self.scope.records is None else set(self.scope.records)
        of_runs = None if marked is None else {run_id for run_id, _ in marked}
        for known in await self._meant.runs():
            if of_runs is not None and known.run_id not in of_runs:
                continue
            async for error in self._store.errors(known.run_id):
                if marked is None or (error.run_id, error.record_id) in marked:
                    yield error

    async def _calls(self) -> AsyncGenerator[Model, None]:
        of_runs: Sequence[str | None] = [None]
        if self.scope.run_ids is not None:
            of_runs = [known.run_id for known in await self._meant.runs()]
        for run_id in of_runs:

            def after(
                connection: Connection, mark: Mark, limit: int, run_id: str | None = run_id
            ) -> tuple[list[Call], Mark]:
                return scanning.calls_after(connection, run_id, mark, limit)

            async for call in scanned(self._store, after, None):
                if self.scope.within(call.started_at, _ended(call)):
                    yield call

    # Exchanges and traces

    async def _exchanges(self) -> AsyncGenerator[Model, None]:
        self.missing = 0
        if self._library is None:
            return
        async for numbers in self._meant.rows():
            for start in range(0, len(numbers), _ROWS):
                sizes = await self._library.sizes(numbers[start : start + _ROWS])
                for chunk in _chunks(sizes):
                    for found in await self._library.exchanges(chunk):
                        if isinstance(found, Absent):
                            self.missing += 1
                        else:
                            yield found

    async def _traces(self) -> AsyncGenerator[Model, None]:
        executions = await self._meant.executions()
        async for trace in scanned(self._store, scanning.traces_after, 0):
            began = min((step.started_at for step in trace.steps if step.started_at), default=None)
            if executions is not None and trace.execution_id not in executions:
                continue
            if self.scope.within(began or trace.fetched_at, trace.fetched_at):
                yield trace

    # Recovery and health

    async def _recoveries(self) -> AsyncGenerator[Model, None]:
        async for recovery in self._meant.recoveries():
            yield recovery

    async def _letters(self) -> AsyncGenerator[Model, None]:
        errors = await self._meant.errors()
        async for letter in scanned(self._store, scanning.letters_after, 0):
            if errors is not None and letter.error_id not in errors:
                continue
            if self.scope.within(letter.timestamp, letter.last_at or letter.timestamp):
                yield letter

    async def _audit(self) -> AsyncGenerator[Model, None]:
        errors = await self._meant.errors()
        async for entry in scanned(self._store, scanning.audit_after, 0):
            if errors is not None and entry.error_id not in errors:
                continue
            if self.scope.within(entry.resolved_at, entry.resolved_at):
                yield entry

    async def _health(self) -> AsyncGenerator[Model, None]:
        if self.scope.run_ids is not None and not self.scope.related:
            return
        known = self._known_health
        for action in await self._store.readers.read(health_of) if known is None else known:
            if self.scope.run_ids is None or action.action_id in self.scope.run_ids:
                yield action


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
