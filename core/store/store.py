"""The store of one profile: the one place where what was seen is kept and found again."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from ..errors import StoreError
from ..models import ActionRun, Call, ErrorGroup, FlowTrace, Page, Poll, RecordError, Submission
from ..redact import REDACTOR, Redactor
from . import calls, errors, mentions, retention, runs, submissions, traces
from .errorquery import ErrorSort
from .faults import Faults
from .mentions import Mention
from .opening import examine, open_file
from .readers import Readers
from .schema import MIGRATIONS
from .writer import Writer

logger = logging.getLogger(__name__)

# Errors are written and streamed in slices of this many records.
_SLICE = 500


class Store:
    """What cxtop knows, in one SQLite file that several processes may have open.

    What a method was awaited for is committed when it returns, and outlives the death of the
    process. A cancelled write is carried out nevertheless. Everything is kept without secrets.
    Every method raises `StoreError`: `StoreLockedError` when another process holds the file for
    longer than the patience, `StoreFullError` when the disk is full, `StoreNewerError` when a
    newer cxtop has taken the file over; the store can be used on after each.

    `writer` and `readers` are for rooms that keep tables of their own; `redactor` is what takes
    secrets out of all that is kept.
    """

    def __init__(self, faults: Faults, writer: Writer, redactor: Redactor) -> None:
        self._faults = faults
        self.redactor = redactor
        self.path = faults.path
        self.writer = writer
        self.readers = Readers(faults)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        notice: Callable[[str], None] = logger.warning,
        patience_s: float = 10.0,
        redactor: Redactor = REDACTOR,
    ) -> Store:
        """The store in the file `path`, made with its folder if there is none.

        A damaged file is moved aside and `notice` told so in a sentence. `patience_s` is how
        long a locked store is waited for, here and later, in seconds. `redactor` masks secrets
        before they reach the disk. Raises `StoreNewerError`,
        `StoreLockedError`, `StoreFullError`, or a plain `StoreError` where it cannot be had.
        """
        faults = Faults(path, patience_s)
        notices: list[str] = []

        def connect() -> sqlite3.Connection:
            connection, told = open_file(faults)
            notices.extend(told)
            return connection

        writer = Writer(connect, faults, version=len(MIGRATIONS))
        await writer.start()
        for sentence in notices:
            notice(sentence)
        return cls(faults, writer, redactor)

    async def close(self) -> None:
        """Carry out what was begun, then let go of the file. May be called again."""
        try:
            await self.readers.close()
        finally:
            await self.writer.close()

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # Runs

    async def save_run(self, run: ActionRun) -> None:
        """Keep `run` as the newest answer, unless a newer one is kept, and in its history."""
        await self.writer.submit(lambda connection: runs.save_run(connection, run, self.redactor))

    async def runs(self, ids: Sequence[str] | None = None) -> list[ActionRun]:
        """The runs with these ids, in their order; without ids all, the last seen first."""
        return await self.readers.read(lambda connection: runs.runs(connection, ids))

    async def run(self, run_id: str) -> ActionRun | None:
        """The run as it was last seen; `None` if it never was."""
        return await self.readers.read(lambda connection: runs.run(connection, run_id))

    async def polls(self, run_id: str, *, limit: int = 500) -> list[Poll]:
        """The newest `limit` polls of a run, the oldest of them first."""
        return await self.readers.read(lambda connection: runs.polls(connection, run_id, limit))

    async def watch(self, run_id: str) -> None:
        """Add a run to the end of the watched ones, unless it is among them."""
        await self.writer.submit(lambda connection: runs.watch(connection, run_id))

    async def unwatch(self, run_id: str) -> None:
        """Take a run from the watched ones; what is known of it stays."""
        await self.writer.submit(lambda connection: runs.unwatch(connection, run_id))

    async def watched(self) -> list[str]:
        """The ids of the watched runs, in the order in which they were added."""
        return await self.readers.read(runs.watched)

    async def error_walk(self, run_id: str) -> tuple[int, bool]:
        """The next page of failed records to ask for, from 1, and whether all were had."""
        return await self.readers.read(lambda connection: runs.error_walk(connection, run_id))

    async def set_error_walk(self, run_id: str, next_page: int, complete: bool) -> None:
        """Keep how far the fetching of a run's failed records got."""
        await self.writer.submit(
            lambda connection: runs.set_error_walk(connection, run_id, next_page, complete)
        )

    # Record errors

    async def add_errors(self, run_id: str, found: Sequence[RecordError]) -> int:
        """Keep the records whose ids are new to the run, and say how many were."""
        now = datetime.now(UTC)
        added = 0
        for start in range(0, len(found), _SLICE):
            part = found[start : start + _SLICE]
            added += await self.writer.submit(
                lambda connection, part=part: errors.add_errors(
                    connection, run_id, part, now, self.redactor
                )
            )
        return added

    async def error_count(
        self, run_id: str, *, code: str | None = None, text: str | None = None
    ) -> int:
        """How many failed records are kept: all, of one code, or with `text` in them.

        `text` is looked for in message, record id and code, without regard to case.
        """
        return await self.readers.read(
            lambda connection: errors.error_count(connection, run_id, code, text)
        )

    async def error_groups(
        self, run_id: str, *, samples: int = 3, text: str | None = None
    ) -> list[ErrorGroup]:
        """The codes of a run with their counts and up to `samples` records each, most first."""
        return await self.readers.read(
            lambda connection: errors.error_groups(connection, run_id, samples, text)
        )

    async def error_page(
        self,
        run_id: str,
        *,
        code: str | None = None,
        text: str | None = None,
        sort: ErrorSort = "seen",
        descending: bool = False,
        number: int = 1,
        size: int = 50,
    ) -> Page[RecordError]:
        """Page `number`, from 1, of the failed records that `code` and `text` let through.

        Sorted as they were seen, or by the first 64 characters of record id or message without
        regard to case, or by code. A number beyond the last page gives the last page; the
        page's own number says so. Raises `ValueError` for a `size` below 1.
        """
        return await self.readers.read(
            lambda connection: errors.error_page(
                connection,
                run_id,
                code=code,
                text=text,
                sort=sort,
                descending=descending,
                number=number,
                size=size,
            )
        )

    async def errors(self, run_id: str, *, code: str | None = None) -> AsyncIterator[RecordError]:
        """Every failed record of a run, as they were seen; few of them are in memory at a time."""
        mark = 0
        while True:
            found, mark = await self.readers.read(
                lambda connection, mark=mark: errors.errors_after(
                    connection, run_id, code, mark, _SLICE
                )
            )
            for error in found:
                yield error
            if len(found) < _SLICE:
                return

    async def errors_mentioning(self, ids: Sequence[str], *, limit: int = 50) -> list[Mention]:
        """The last `limit` failed records of any run that name one of `ids` as a whole word.

        They are looked for in records, messages and record ids; case counts.
        """
        return await self.readers.read(
            lambda connection: mentions.errors_mentioning(connection, ids, limit)
        )

    # Traces

    async def save_trace(self, trace: FlowTrace) -> None:
        """Keep the trace of an execution that is over."""
        await self.writer.submit(
            lambda connection: traces.save_trace(connection, trace, self.redactor)
        )

    async def trace(self, execution_id: str) -> FlowTrace | None:
        """The trace of an execution, if it was kept."""
        return await self.readers.read(lambda connection: traces.trace(connection, execution_id))

    # Calls

    async def save_call(self, call: Call) -> None:
        """Keep `call` as it is now, with all its attempts, in place of what was kept of it."""
        await self.writer.submit(
            lambda connection: calls.save_call(connection, call, self.redactor)
        )

    async def call(self, call_id: str) -> Call | None:
        """The call with this id as it was last kept, if it was."""
        return await self.readers.read(lambda connection: calls.call(connection, call_id))

    async def calls(
        self,
        *,
        run_id: str | None = None,
        retried: bool = False,
        limit: int = 200,
        before: str | None = None,
    ) -> list[Call]:
        """The newest `limit` calls, newest first.

        Of one run where `run_id` is given; with `retried` only those that needed more than one
        attempt or wait for one; only those older than the call with the id `before`.
        """
        return await self.readers.read(
            lambda connection: calls.calls(
                connection, run_id=run_id, retried=retried, limit=limit, before=before
            )
        )

    # Submissions

    async def save_submission(self, submission: Submission) -> bool:
        """Keep that a run was submitted, and how; whether its body can be sent again from here."""
        return await self.writer.submit(
            lambda connection: submissions.save_submission(connection, submission, self.redactor)
        )

    async def submission(self, run_id: str) -> Submission | None:
        """How a run was submitted; `None` if cxtop did not."""
        return await self.readers.read(
            lambda connection: submissions.submission(connection, run_id)
        )

    # Upkeep

    async def retain(
        self, *, max_age: timedelta, max_bytes: int, max_audit_age: timedelta | None = None
    ) -> int:
        """Drop what is older than `max_age`, then the oldest until the rest fits `max_bytes`.

        Says how many rows were dropped. The file shrinks accordingly. Watched runs themselves
        always stay, and so does the newest answer of any run that is younger than `max_age`.
        Recoveries, dead letters and submissions go by age only, and never a recovery that is in
        work or whose runs are kept, nor a letter that waits. Entries of the audit log go when
        they are older than `max_audit_age`, without it never.
        """
        return await retention.retain(
            self.writer,
            max_age=max_age,
            max_bytes=max_bytes,
            max_audit_age=max_audit_age,
            now=datetime.now(UTC),
        )

    async def check(self) -> str | None:
        """What is wrong with the store, in sentences; `None` if nothing is. Reads all of it."""
        try:
            trouble = await self.readers.read(examine)
        except StoreError as error:
            return str(error)
        if trouble:
            self._faults.mark()
            return (
                f"The store {self.path} is damaged: {trouble}. Start cxtop again: the damaged "
                "file is moved aside and a fresh one is made."
            )
        if self.path.stat().st_mode & 0o077:
            return f"Others may read the store {self.path}. Take that from them: chmod 600."
        return None
