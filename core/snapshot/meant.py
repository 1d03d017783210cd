"""Which runs, exchanges, executions and errors a scope means, looked up where they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..models import Recovery
from ..sources import Library
from ..store import Store, recoveries, scanning
from ..store.scanning import Known
from .belonging import Belonging, belonging_to, rows_of
from .scanned import scanned
from .scope import Scope


class Meant:
    """What `scope` means in `store` and `library`. Everything may raise StoreError."""

    def __init__(self, scope: Scope, store: Store, library: Library | None) -> None:
        self.scope = scope
        self._store = store
        self._library = library
        self._belonging: Belonging | None = None
        self._last_row: int | None = None

    async def runs(self) -> list[Known]:
        """The runs that are meant, with those that recovery started in their place."""
        found = await self._store.readers.read(scanning.known_runs)
        if (wanted := await self.lineages()) is not None:
            found = [known for known in found if known.run_id in wanted]
        if self.scope.timeless:
            return found
        runs = {run.run_id: run for run in await self._store.runs()}
        return [
            known
            for known in found
            if (run := runs.get(known.run_id)) is not None
            and self.scope.within(run.created_at or run.polled_at, run.polled_at)
        ]

    async def lineages(self) -> set[str] | None:
        """The ids of the runs that are meant and of those in their place; `None` for all."""
        if self.scope.run_ids is None:
            return None
        wanted = set(self.scope.run_ids)
        if self.scope.related:
            for run_id in self.scope.run_ids:
                recovery = await self._store.readers.read(
                    lambda c, run_id=run_id: recoveries.of_run(c, run_id)
                )
                if recovery is not None:
                    wanted.update(recovery.lineage)
        return wanted

    async def rows(self) -> AsyncIterator[list[int]]:
        """The rows of the exchanges that are meant, ascending, up to what was there at first: so
        that it ends while others come."""
        if self._library is None:
            return
        last = await self._last()
        chosen: set[int] | None = None
        if self.scope.numbers is not None:
            chosen = set(self.scope.numbers)
        if self.scope.only_related:
            related = (await self._belongings()).rows
            chosen = related if chosen is None else chosen & related
        wanted = self.scope.exchange_filter()
        if chosen is not None and wanted.everything:
            yield sorted(chosen)
            return
        async for numbers in rows_of(self._library, wanted, last):
            yield numbers if chosen is None else [each for each in numbers if each in chosen]

    async def executions(self) -> set[str] | None:
        """The executions of flows that are meant; `None` for all."""
        if not self.scope.only_related:
            return None
        return (await self._belongings()).executions

    async def recoveries(self) -> AsyncIterator[Recovery]:
        """The recoveries that are meant."""
        wanted = await self.lineages()
        async for recovery in scanned(self._store, scanning.recoveries_after, 0):
            if wanted is not None and wanted.isdisjoint(recovery.lineage):
                continue
            if self.scope.within(recovery.created_at, recovery.resolved_at):
                yield recovery

    async def errors(self) -> set[str] | None:
        """The ids of the errors of the runs that are meant; `None` for all."""
        if self.scope.run_ids is None:
            return None
        return {recovery.error_id async for recovery in self.recoveries()}

    async def _last(self) -> int:
        """The last row that there was at first."""
        if self._last_row is None:
            self._last_row = 0 if self._library is None else (await self._library.index.bounds())[1]
        return self._last_row

    async def _belongings(self) -> Belonging:
        if self._belonging is None:
            last = await self._last()
            runs = [known.run_id for known in await self.runs()]
            self._belonging = await belonging_to(self._store, self._library, runs, last)
        return self._belonging
