"""How much a scope means, told before it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from ..models import Model
from ..sources import Library
from ..store import Store, scanning
from .meant import Meant
from .records import as_json
from .scope import Part

Records = Callable[[Part], AsyncGenerator[Model, None]]

_LOOKED_AT = 40
_COUNT_S = 1.0

_TABLES = {
    Part.POLLS: "polls",
    Part.ERRORS: "errors",
    Part.CALLS: "calls",
    Part.TRACES: "traces",
    Part.RECOVERIES: "recoveries",
    Part.DEAD_LETTERS: "dead_letters",
    Part.AUDIT: "audit",
}


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


class Counting:
    """Counts what is `meant`; `records` gives the things of a part where they must be read for it.

    Everything may raise StoreError.
    """

    def __init__(
        self, meant: Meant, records: Records, store: Store, library: Library | None
    ) -> None:
        self._meant = meant
        self._records = records
        self._store = store
        self._library = library

    async def counts(self) -> Counts:
        """How many things there are of each part, and about how much room they take."""
        parts: dict[Part, int] = {}
        exact, size = True, 0
        for part in Part:
            if part not in self._meant.scope.parts:
                continue
            parts[part], sure = await self._count(part)
            exact = exact and sure
            if parts[part]:
                size += parts[part] * await self._usual_size(part)
        return Counts(parts, size, exact)

    async def _count(self, part: Part) -> tuple[int, bool]:
        """How many there are, and whether that is exact."""
        if part is Part.EXCHANGES:
            return await self._count_exchanges()
        return await self._count_kept(part), True

    async def _count_kept(self, part: Part) -> int:
        scope, table = self._meant.scope, _TABLES.get(part)
        if table is None or (part is Part.ERRORS and scope.records is not None):
            return await _length(self._records(part))
        read = self._store.readers.read
        if scope.timeless and scope.run_ids is None:
            return await read(lambda c: scanning.count_of(c, table))
        # A run that is meant brings all its failed records, whenever they were seen.
        if part is Part.ERRORS or (scope.timeless and part in (Part.POLLS, Part.CALLS)):
            runs = await self._meant.runs()
            return await read(
                lambda c: sum(scanning.count_of(c, table, known.run_id) for known in runs)
            )
        return await _length(self._records(part))

    async def _count_exchanges(self) -> tuple[int, bool]:
        scope = self._meant.scope
        if self._library is None:
            return 0, True
        if scope.numbers is None and not scope.only_related:
            found = await self._library.count(scope.exchange_filter(), budget_s=_COUNT_S)
            return found.number, found.exact
        return sum([len(some) async for some in self._meant.rows()]), True

    async def _usual_size(self, part: Part) -> int:
        """About how many bytes one of a part takes, by looking at some."""
        size = count = 0
        async with aclosing(self._records(part)) as records:
            async for model in records:
                size += len(as_json(model))
                count += 1
                if count >= _LOOKED_AT:
                    break
        return size // count if count else 0


async def _length(records: AsyncIterator[Model]) -> int:
    count = 0
    async for _ in records:
        count += 1
    return count
