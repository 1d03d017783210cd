"""The one thread that writes, and commits together what comes together.

Jobs are functions of a connection. Those that come within a short window share one transaction,
each in a savepoint of its own, so that a job that fails takes back nothing but itself. Nobody is
told of success before the commit.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from ..errors import StoreError
from .faults import Faults
from .opening import newer
from .schema import roll_back, version_of

T = TypeVar("T")

logger = logging.getLogger(__name__)

# A lone job should not wait for company that does not come.
_QUIET_S = 0.002
# Other processes wait for the lock meanwhile.
_HOLD_S = 0.2


@dataclass(slots=True, eq=False)
class _Job:
    run: Callable[[sqlite3.Connection], Any]
    alone: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    value: Any = None
    error: Exception | None = None
    settled: bool = False


class Writer:
    """Runs jobs on the one connection that writes.

    `connect` is called in the thread and gives the connection, which the writer closes.
    `version` is the schema version that the jobs were written for. Jobs that come within
    `window_s` seconds are committed together.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        faults: Faults,
        *,
        version: int,
        window_s: float = 0.05,
    ) -> None:
        self._connect = connect
        self._faults = faults
        self._version = version
        self._window_s = window_s
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = Lock()
        self._closed = False
        self._last_seen = False
        self._batch: tuple[_Job, ...] = ()
        self._started: Future[None] = Future()
        self._ended: Future[None] = Future()
        for future in (self._started, self._ended):
            # Running, so that whoever stops waiting does not cancel it for the thread.
            future.set_running_or_notify_cancel()
        self._thread = Thread(target=self._main, name="cxtop-store-writer", daemon=True)

    async def start(self) -> None:
        """Begin, and wait until the connection is there. Raises what `connect` raised."""
        self._thread.start()
        try:
            await asyncio.wrap_future(self._started)
        except BaseException:
            self._stop()
            raise

    def submit(
        self, job: Callable[[sqlite3.Connection], T], *, alone: bool = False
    ) -> asyncio.Future[T]:
        """Have `job` run and committed; awaiting gives what it returned, or raises its error.

        Jobs run in the order in which they were submitted. A job may run twice when its
        transaction broke, so it changes nothing but the database, and leaves the transaction
        open. It runs even if nobody awaits it any more. With `alone` it runs outside any
        transaction, for commands that need that. Raises `StoreError` once closed; errors of
        SQLite come as `StoreError`, too.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._closed:
                raise closed_error(self._faults)
            self._queue.put(_Job(job, alone, loop, future))
        return future

    async def close(self) -> None:
        """Run what was submitted, then end the thread. May be called again."""
        self._stop()
        await asyncio.wrap_future(self._ended)
        self._thread.join()

    def _stop(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)

    def _main(self) -> None:
        try:
            connection = self._connect()
        except BaseException as error:  # noqa: BLE001 - goes to whoever waits in start()
            self._started.set_exception(error)
            self._ended.set_result(None)
            return
        self._started.set_result(None)
        try:
            while jobs := self._gather():
                self._batch = tuple(jobs)
                self._work(connection, jobs)
        finally:
            self._abandon()
            try:
                connection.close()
            finally:
                self._ended.set_result(None)

    def _gather(self) -> deque[_Job]:
        """The jobs of the next window; none when the last has been run."""
        jobs: deque[_Job] = deque()
        if self._last_seen:
            return jobs
        job = self._queue.get()
        ends = time.monotonic() + self._window_s
        while job is not None:
            jobs.append(job)
            try:
                job = self._queue.get(timeout=max(0.0, min(_QUIET_S, ends - time.monotonic())))
            except Empty:
                return jobs
            if time.monotonic() >= ends and job is not None:
                jobs.append(job)
                return jobs
        self._last_seen = True
        return jobs

    def _work(self, connection: sqlite3.Connection, pending: deque[_Job]) -> None:
        while pending:
            if pending[0].alone:
                self._run_alone(connection, pending.popleft())
            else:
                self._transact(connection, pending)

    def _run_alone(self, connection: sqlite3.Connection, job: _Job) -> None:
        self._try(job, lambda: self._faults.patiently(lambda: job.run(connection)))
        roll_back(connection)
        self._settle([job])

    def _transact(self, connection: sqlite3.Connection, pending: deque[_Job]) -> None:
        """Run jobs from the front of `pending` in one transaction."""
        try:
            self._begin(connection)
        except (sqlite3.Error, StoreError) as error:
            self._fail(_together(pending), error)
            return
        jobs: list[_Job] = []
        ends = time.monotonic() + _HOLD_S
        try:
            while pending and not pending[0].alone and (not jobs or time.monotonic() < ends):
                jobs.append(pending.popleft())
                self._attempt(connection, jobs[-1])
            self._faults.patiently(lambda: connection.execute("COMMIT"))
        except sqlite3.Error as error:
            roll_back(connection)
            if len(jobs) == 1:
                self._fail(jobs, error)
            # The transaction is lost for all: find out which of them can do without the others.
            else:
                for job in jobs:
                    self._transact(connection, deque([job]))
        else:
            self._settle(jobs)

    def _begin(self, connection: sqlite3.Connection) -> None:
        self._faults.patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
        version = version_of(connection)
        if version > self._version:
            roll_back(connection)
            raise newer(self._faults.path, version, self._version)

    def _attempt(self, connection: sqlite3.Connection, job: _Job) -> None:
        """Run `job` in a savepoint. Raises `sqlite3.Error` when the transaction is lost."""
        connection.execute("SAVEPOINT job")
        cause = self._try(job, lambda: job.run(connection))
        if not connection.in_transaction:
            raise cause if cause else sqlite3.ProgrammingError("a job ended the transaction")
        if job.error:
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def _try(self, job: _Job, action: Callable[[], Any]) -> sqlite3.Error | None:
        job.error = None
        try:
            job.value = action()
        except sqlite3.Error as error:
            job.error = self._faults.explain(error)
            return error
        except Exception as error:  # noqa: BLE001 - goes to whoever awaits the job
            job.error = error
        return None

    def _fail(self, jobs: list[_Job], error: sqlite3.Error | StoreError) -> None:
        for job in jobs:
            job.error = self._faults.explain(error) if isinstance(error, sqlite3.Error) else error
        self._settle(jobs)

    def _settle(self, jobs: list[_Job]) -> None:
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Job]] = defaultdict(list)
        for job in jobs:
            job.settled = True
            by_loop[job.loop].append(job)
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(_resolve, settled)
            except RuntimeError:
                logger.warning("%d writes ended after their event loop had.", len(settled))

    def _abandon(self) -> None:
        """Nobody may wait for ever, whatever ended the thread."""
        with self._lock:
            self._closed = True
        left = [job for job in self._batch if not job.settled]
        while not self._queue.empty():
            left += filter(None, [self._queue.get()])
        self._fail(left, closed_error(self._faults))


def closed_error(faults: Faults) -> StoreError:
    """The refusal of work for a store that was closed."""
    return StoreError(f"The store {faults.path} is closed.")


def _together(pending: deque[_Job]) -> list[_Job]:
    """The jobs, taken from the front of `pending`, that would have shared a transaction."""
    jobs: list[_Job] = []
    while pending and not pending[0].alone:
        jobs.append(pending.popleft())
    return jobs


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            if job.error:
                logger.warning("A write that nobody awaits any more failed: %s", job.error)
        elif job.error:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.value)
