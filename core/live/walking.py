"""Fetching a run's failed records page by page (contract §1, run results)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from ..platforms import Platform, RecordPage
from ..store import Store

IDLE_PAGES = 3
"""So many pages in a row that bring nothing new, beyond those that were kept, end a walk."""

MAX_PAGES = 100_000
"""No walk goes further, so that a platform that never ends fills no disk."""

Turn = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk came to: failed records in the store, whether those are all, pages fetched.

    `total` is what the platform said last, `None` when it said nothing.
    """

    kept: int
    complete: bool
    pages: int = 0
    total: int | None = None


class Walk:
    """One walk through the failed records of a run; only one page is in memory at a time.

    It begins where the last one stopped, and keeps in the store how far it came. While the run
    is live (`ended` is false) it stops at the first page that is not full, which is read again
    next time. At the run's end it goes on to the end of the list; if it then has fewer records
    than the platform counts, it reads once more from the first page, as records may have moved
    between pages while the run was live.

    `turn` is entered around each page, `on_page` is called after it with what is kept so far.
    """

    def __init__(
        self,
        platform: Platform,
        store: Store,
        run_id: str,
        *,
        size: int,
        ended: bool,
        turn: Turn = nullcontext,
        on_page: Callable[[int], None] = lambda kept: None,
    ) -> None:
        self._platform = platform
        self._store = store
        self._run_id = run_id
        self._size = size
        self._ended = ended
        self._turn = turn
        self._on_page = on_page
        self._kept = 0
        self._pages = 0
        self._idle = 0
        self._total: int | None = None

    async def run(self) -> Walked:
        """Walks. Raises the typed errors of a call and StoreError; what was kept stays kept."""
        first, complete = await self._store.error_walk(self._run_id)
        self._kept = await self._store.error_count(self._run_id)
        if not complete:
            last = await self._from(first)
            if self._ended and first > 1 and self._kept < (self._total or 0):
                last = max(last, await self._from(1, again=True))
            if self._ended:
                complete = True
                await self._store.set_error_walk(self._run_id, last, True)
        return Walked(self._kept, complete, self._pages, self._total)

    async def _from(self, number: int, *, again: bool = False) -> int:
        """Fetches pages from `number` to the end; the page to go on from next time."""
        self._idle = 0
        while number <= MAX_PAGES:
            async with self._turn():
                page = await self._platform.failed_records(self._run_id, number, self._size)
            if page is None or not page.records:
                break
            new = await self._keep(page)
            if self._is_last(page) or self._repeats(number, new):
                break
            number += 1
            if not again and self._idle == 0:
                await self._store.set_error_walk(self._run_id, number, False)
        return number

    async def _keep(self, page: RecordPage) -> int:
        new = await self._store.add_errors(self._run_id, page.records)
        self._kept += new
        self._pages += 1
        self._total = page.total if page.total is not None else self._total
        self._on_page(self._kept)
        return new

    def _is_last(self, page: RecordPage) -> bool:
        """A page that is not full ends a list that is counted out, or that still grows."""
        if len(page.records) >= min(page.size, self._size):
            return False
        return not self._ended or (page.total is not None and self._kept >= page.total)

    def _repeats(self, number: int, new: int) -> bool:
        reads_again = number * self._size <= self._kept
        self._idle = 0 if new or reads_again else self._idle + 1
        return self._idle >= IDLE_PAGES
