"""The index of captured exchanges: rows that say where the lines lie, and how to find them.

The payload stays in the logs. Where the index alone cannot tell whether a line is meant, the
caller's `verify` looks at the lines; `core.sources` knows how to read them. With `read`, too, it
is not given lines whose bytes show that they are not meant.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from . import adding, dropping, finding, fulltext, identities, logs, zones
from .adding import Added, Batch, Interned
from .calls import save_call
from .filter import EVERYTHING, Filter, Shape
from .filter.tree import millis
from .finding import Count, Found, IndexRow, Search, Show, Verify
from .logs import Log, Quarantined
from .places import Place
from .sifting import Read
from .store import Store


class ExchangeIndex:
    """Exchanges in a store. Every method raises `StoreError`, as the store's own do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = Interned()

    # Adding

    async def add(self, batch: Batch) -> Added | None:
        """Keep a batch; `None` if its log was not read up to where the batch begins."""
        known, redactor = self._known, self._store.redactor

        def keep(connection: sqlite3.Connection) -> Added | None:
            added = adding.add(connection, batch, known)
            for call in batch.calls if added is not None else ():
                save_call(connection, call, redactor)
            return added

        added = await self._store.writer.submit(keep)
        if added is not None:
            # Only now is it certain that these numbers are in the store.
            known.learn(added.interned)
        return added

    async def compact(self) -> bool:
        """Merge small parts of the index, in slices, so that other writes come in between; says
        whether there was anything to do."""
        submit = self._store.writer.submit
        merge = await submit(identities.begin_merge)
        if merge is None:
            return False
        for number in range(merge.slices):
            await submit(
                lambda connection, number=number: identities.merge_slice(connection, merge, number)
            )
        return await submit(lambda connection: identities.end_merge(connection, merge))

    async def add_log(
        self, path: str, device: int, inode: int, *, packed: bool, after: int
    ) -> tuple[Log, bool]:
        """A new log, of which nothing was read yet, and `True`; where another process has added
        one in the same file, with a number above `after`, that one, and `False`."""
        return await self._store.writer.submit(
            lambda connection: logs.add(connection, path, device, inode, packed, after)
        )

    async def move_log(self, log: int, path: str, device: int, inode: int, *, packed: bool) -> None:
        """A log lies elsewhere now."""
        await self._store.writer.submit(
            lambda connection: logs.move(connection, log, path, device, inode, packed)
        )

    async def logs(self) -> list[Log]:
        """Every log that the index knows."""
        return await self._store.readers.read(logs.logs)

    async def logs_by_number(self, numbers: Sequence[int]) -> dict[int, Log]:
        """The logs with these numbers."""
        return await self._store.readers.read(
            lambda connection: logs.by_number(connection, numbers)
        )

    async def quarantined(self, limit: int = 100) -> list[Quarantined]:
        """Lines that are no exchanges, the last ones first."""
        return await self._store.readers.read(
            lambda connection: logs.quarantined(connection, limit)
        )

    # Finding

    async def bounds(self) -> tuple[int, int]:
        """The first and the last row; (1, 0) when there is none."""
        return await self._store.readers.read(finding.bounds)

    async def find(
        self,
        wanted: Filter,
        verify: Verify,
        *,
        first: int = 1,
        last: int = 2**62,
        limit: int = 100,
        descending: bool = True,
        budget_s: float = 0.25,
        show: Show | None = None,
        read: Read | None = None,
    ) -> Found:
        """Up to `limit` rows from number `first` to `last`, and what `show` makes of them.

        The search ends after about `budget_s` seconds; `reached` of what is found says where to
        go on.
        """

        def job(connection: sqlite3.Connection) -> Found:
            search = Search(connection, wanted, verify, read)
            found = search.find(first, last, limit=limit, descending=descending, budget_s=budget_s)
            return found if show is None else search.shown(found, show)

        return await self._store.readers.read(job)

    async def numbers(
        self,
        wanted: Filter,
        verify: Verify,
        *,
        first: int = 1,
        last: int = 2**62,
        limit: int = 100_000,
        descending: bool = True,
        budget_s: float = 0.25,
        read: Read | None = None,
    ) -> tuple[list[int], int | None]:
        """As `find`, but only the numbers of the rows, and where the search ended."""

        def job(connection: sqlite3.Connection) -> tuple[list[int], int | None]:
            return Search(connection, wanted, verify, read).numbers(
                first, last, limit=limit, descending=descending, budget_s=budget_s
            )

        return await self._store.readers.read(job)

    async def count(
        self,
        wanted: Filter,
        verify: Verify,
        *,
        budget_s: float = 0.25,
        read: Read | None = None,
    ) -> Count:
        """How many exchanges a filter lets through; at least that many where time was short."""
        return await self._store.readers.read(
            lambda connection: Search(connection, wanted, verify, read).count(budget_s=budget_s)
        )

    async def rows(self, numbers: Sequence[int]) -> list[IndexRow]:
        """The rows with these numbers that are still there."""
        return await self._store.readers.read(
            lambda connection: finding.rows_by_number(connection, numbers)
        )

    async def show(self, numbers: Sequence[int], show: Show) -> list[Any]:
        """What `show` makes of the rows with these numbers that are still there."""

        def job(connection: sqlite3.Connection) -> list[Any]:
            rows = finding.rows_by_number(connection, numbers)
            return show(rows, logs.by_number(connection, sorted({row.log for row in rows})))

        return await self._store.readers.read(job)

    async def runs(self) -> list[tuple[int, int]]:
        """Rows whose numbers follow each other: the first number of each run, and how many."""
        return await self._store.readers.read(zones.runs)

    async def shapes(self) -> list[Shape]:
        """What exchanges look alike, and how many of each."""
        found = await self._store.readers.read(finding.shapes)
        return [shape for shape in found if shape.shape and shape.times]

    # Full text

    async def next_texts(self, limit: int) -> tuple[int, list[Place], dict[int, Log]]:
        """The next rows whose texts are missing, their shard, and the logs that they lie in."""

        def job(connection: sqlite3.Connection) -> tuple[int, list[Place], dict[int, Log]]:
            shard, rows = fulltext.next_rows(connection, limit)
            return shard, rows, logs.by_number(connection, sorted({row.log for row in rows}))

        return await self._store.readers.read(job)

    async def add_texts(self, shard: int, texts: Sequence[tuple[int, str]]) -> bool:
        """Keep texts with their rows; `False` if another process was quicker."""
        return await self._store.writer.submit(
            lambda connection: fulltext.add(connection, shard, texts)
        )

    async def missing_texts(self) -> int:
        """About how many rows are not in the full text yet."""
        return await self._store.readers.read(fulltext.missing)

    # Upkeep

    async def drop_before(self, oldest: datetime) -> int:
        """Drop whole blocks that hold nothing younger; says how many rows that were."""
        dropped = 0
        while count := await self._store.writer.submit(
            lambda connection: dropping.drop_blocks(connection, millis(oldest), 8)
        ):
            dropped += count
        return dropped


__all__ = ["EVERYTHING", "Count", "ExchangeIndex", "Found", "IndexRow", "Search", "Verify"]
