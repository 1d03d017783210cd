"""A few threads that read, each read in one snapshot, beside whatever is being written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

from .faults import Faults
from .opening import connect
from .schema import roll_back
from .writer import closed_error

T = TypeVar("T")


class Readers:
    """Runs queries on up to `count` connections, made when first needed."""

    def __init__(self, faults: Faults, *, count: int = 3) -> None:
        self._faults = faults
        self._closed = False
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="cxtop-store-reader")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` returns; all that it reads is of one moment.

        Raises `StoreError` when the store is closed, locked for too long, or damaged.
        """
        if self._closed:
            raise closed_error(self._faults)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, query)

    async def close(self) -> None:
        """Let running queries end, then close the connections. May be called again."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        while not self._idle.empty():
            self._idle.get().close()

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._take()
            try:
                connection.execute("BEGIN")
                # The first read takes the snapshot, and is what may find a lock.
                self._faults.patiently(lambda: connection.execute("SELECT 1 FROM sqlite_master"))
                return query(connection)
            finally:
                roll_back(connection)
                self._idle.put(connection)
        except sqlite3.Error as error:
            raise self._faults.explain(error) from error

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            connection = connect(self._faults.path)
            connection.execute("PRAGMA query_only = ON")
            return connection
