"""All captured exchanges behind one class: what faces talk to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..errors import StoreError
from ..models.exchanges import Exchange, Outcome
from ..redact import REDACTOR, Redactor
from ..store import Store
from ..store.exchanges import Count, ExchangeIndex, IndexRow
from ..store.filter import EVERYTHING, Filter, Shape, parse
from ..store.filter.tokens import quote
from ..store.logs import Log, Quarantined
from .feed import Feed
from .following import Progress
from .listing import Listed, listed
from .payloads import Absent, Missing, Payloads
from .texts import Texts
from .verifying import Verifier
from .view import View

T = TypeVar("T")

logger = logging.getLogger(__name__)

_NEWS_EVERY_S = 0.1
_OTHERS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class News:
    """Something has changed: how many exchanges came since the last news, and the newest row."""

    added: int
    newest: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some exchanges, the newest first.

    `older` is what to give as `before` for those before them, `None` when there are none;
    `newer` likewise as `after`. When time was short there may be fewer rows than asked for, or
    none: then `complete` is `False`, and the next page goes on from where the search came to.
    """

    rows: tuple[Listed, ...]
    older: int | None
    newer: int | None
    complete: bool = True


class Library:
    """The exchanges of a store, followed from logs. Raises `StoreError` as the store does."""

    def __init__(self, feed: Feed) -> None:
        self.index = feed.index
        self._feed = feed
        self._payloads = Payloads()
        self._verifier = Verifier(self._payloads)
        self._listeners: list[Callable[[News], None]] = []
        self._newest = 0
        self._stirred = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        store: Store,
        sources: Iterable[str | Path] = (),
        *,
        data_dir: Path | None = None,
        follow: bool = True,
        full_text: bool = True,
        tell: Callable[[str], None] = logger.warning,
        interval_s: float = 0.05,
        redactor: Redactor = REDACTOR,
    ) -> AsyncIterator[Library]:
        """The library of `store`, fed from `sources`: log files, folders, globs.

        Foreign logs and HAR files among them are taken over into `data_dir`; without it they are
        left out, and `tell`, which hears sentences for the user, is told so. With `follow` all
        are followed until the end, every `interval_s` seconds; without it nothing is read until
        `catch_up`. With `full_text` bodies become searchable in the background; without it they
        are searched by reading them.
        """
        feed = Feed(
            ExchangeIndex(store),
            sources,
            data_dir=data_dir,
            tell=tell,
            interval_s=interval_s,
            redactor=redactor,
        )
        library = cls(feed)
        feed.on_added = library._stir
        library._newest = (await library.index.bounds())[1]
        work = [library._spread_news()]
        if follow:
            work.append(feed.run())
        if full_text:
            behind = (lambda: feed.progress.behind) if follow else (lambda: False)
            work.append(Texts(library.index, library._payloads, behind).run())
        tasks = [asyncio.create_task(one) for one in work]
        for task in tasks:
            task.add_done_callback(_tell_of_end)
        try:
            yield library
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await feed.close()
            library._payloads.close()

    async def fill_texts(self) -> None:
        """Make the bodies of all exchanges that are in the index searchable, now."""
        texts = Texts(self.index, self._payloads, lambda: False)
        while await texts.fill_some():
            pass

    async def catch_up(self) -> int:
        """Read everything that is there now, where nothing is followed; says how many were new."""
        return await self._feed.catch_up()

    @property
    def progress(self) -> Progress:
        """How far the following is."""
        return self._feed.progress

    def subscribe(self, callback: Callable[[News], None]) -> Callable[[], None]:
        """Have `callback` called in the event loop when exchanges have come, at most 10 times a
        second. Returns what ends that."""
        self._listeners.append(callback)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)

        return stop

    # Finding

    async def page(
        self,
        wanted: Filter = EVERYTHING,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
        budget_s: float = 0.25,
    ) -> Page:
        """The newest exchanges that `wanted` lets through: those before row `before`, or those
        next after row `after`. Row numbers come from `older` and `newer` of another page."""
        upward = after is not None
        found = await self.index.find(
            wanted,
            self._verifier(wanted),
            first=1 if after is None else after + 1,
            last=2**62 if before is None else before - 1,
            limit=limit,
            descending=not upward,
            budget_s=budget_s,
            show=self._listed,
            read=self._payloads.span,
        )
        rows: list[Listed] = list(found.shown)
        full = len(rows) >= limit
        numbers = [row.row for row in found.rows]
        if upward:
            rows.reverse()
            older = numbers[0] if numbers else (after + 1 if after is not None else None)
            return Page(tuple(rows), older, found.reached, full or found.reached is None)
        newer = numbers[0] if numbers else None
        return Page(tuple(rows), found.reached, newer, full or found.reached is None)

    async def count(self, wanted: Filter = EVERYTHING, *, budget_s: float = 0.25) -> Count:
        """How many exchanges `wanted` lets through."""
        return await self.index.count(
            wanted, self._verifier(wanted), budget_s=budget_s, read=self._payloads.span
        )

    async def by_id(self, text: str, *, limit: int = 100) -> list[Listed]:
        """The exchanges with this request, flow execution, conversation or trace id, or whose own
        id begins like this; the newest first."""
        if not text:
            return []
        page = await self.page(parse(f"id:{_exactly(text)}"), limit=limit, budget_s=1.0)
        return list(page.rows)

    async def around(
        self, number: int, wanted: Filter = EVERYTHING, *, before: int = 20, after: int = 20
    ) -> list[Listed]:
        """The exchanges next to row `number`, and itself if it is meant; the newest first."""
        newer = await self.page(wanted, after=number, limit=max(1, after))
        older = await self.page(wanted, before=number + 1, limit=before + 1)
        return [*(newer.rows if after else ()), *older.rows]

    async def view(self, wanted: Filter = EVERYTHING) -> View:
        """A list of any length, for a virtual table."""
        view = View(self, wanted)
        await view.open()
        return view

    async def payload(self, number: int) -> Exchange | Absent:
        """The whole exchange of a row, read from its log."""
        return await self._read(number, self._payloads.exchange)

    async def line(self, number: int) -> bytes | Absent:
        """The line of a row as it stands in its log."""
        return await self._read(number, self._payloads.line)

    async def exchanges(self, numbers: Sequence[int]) -> list[Exchange | Absent]:
        """The whole exchanges of these rows, in this order; rows that were dropped are left out.

        `sizes` says how much that brings into memory.
        """
        return await self.index.show(
            numbers,
            self._payloads.exchanges,
        )

    async def sizes(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """The numbers of these rows that are still there, each with the bytes of its line."""
        return [(row.row, row.length) for row in await self.index.rows(numbers)]

    async def _read(
        self, number: int, read: Callable[[IndexRow, Log | None], T | Absent]
    ) -> T | Absent:
        found = await self.index.show(
            [number], lambda rows, logs: [read(row, logs.get(row.log)) for row in rows]
        )
        return found[0] if found else Absent(Missing.GONE, "This exchange is not kept any more.")

    async def last_good(self, failed: Listed) -> Listed | None:
        """The newest exchange before `failed` that went well, of the same route, or else of the
        same action, or else of the same path."""
        same = f"method:{quote(failed.method)}" if failed.method else ""
        if failed.route:
            same += f" route:{_exactly(failed.route)}"
        elif failed.action:
            same += f" action:{_exactly(failed.action)}"
        else:
            same += f" path:{_exactly(failed.path)}"
        good = "|".join(f"outcome:{outcome.value}" for outcome in Outcome if outcome.good)
        wanted = parse(f"{same} ({good}) status:<400")
        page = await self.page(wanted, before=failed.number, limit=1, budget_s=1.0)
        return page.rows[0] if page.rows else None

    async def shapes(self) -> list[Shape]:
        """What exchanges look alike, and how many of each: for counts by code, route, status."""
        return await self.index.shapes()

    # Sources

    async def logs(self) -> list[Log]:
        """The logs, where they lie, and how far each was read."""
        return await self.index.logs()

    async def quarantined(self, limit: int = 100) -> list[Quarantined]:
        """Lines that are no exchanges: file, offset and reason, the last ones first."""
        return await self.index.quarantined(limit)

    # For views

    async def numbers(
        self, wanted: Filter, *, first: int, last: int, limit: int, descending: bool
    ) -> tuple[list[int], int | None]:
        """The numbers of the rows that `wanted` lets through, and where the search ended."""
        return await self.index.numbers(
            wanted,
            self._verifier(wanted),
            first=first,
            last=last,
            limit=limit,
            descending=descending,
            read=self._payloads.span,
        )

    async def listed(self, numbers: Sequence[int]) -> list[Listed]:
        """The rows with these numbers that are still there, in this order."""
        return await self.index.show(numbers, self._listed)

    async def runs(self) -> list[tuple[int, int]]:
        """Rows whose numbers follow each other: the first number, and how many."""
        return await self.index.runs()

    def _listed(self, rows: Sequence[IndexRow], logs: Mapping[int, Log]) -> list[Listed]:
        briefs = self._payloads.briefs(rows, logs)
        return [listed(row, brief) for row, brief in zip(rows, briefs, strict=True)]

    # News

    def _stir(self, count: int) -> None:
        self._stirred.set()

    async def _spread_news(self) -> None:
        """Tell listeners what came, also what other processes have brought."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_OTHERS_EVERY_S):
                    await self._stirred.wait()
            self._stirred.clear()
            try:
                _, newest = await self.index.bounds()
            except StoreError as error:
                logger.warning("It cannot be seen what has come: %s", error)
                continue
            if newest != self._newest:
                added, self._newest = newest - self._newest, newest
                for callback in tuple(self._listeners):
                    callback(News(added, newest))
            await asyncio.sleep(_NEWS_EVERY_S)


def _tell_of_end(task: asyncio.Task[None]) -> None:
    """Work in the background ends when it is cancelled, and else by a fault of ours."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("Work in the background has ended.", exc_info=error)


def _exactly(text: str) -> str:
    """A value that is no pattern, whatever is in it."""
    quoted = quote(text)
    return quoted if quoted.startswith('"') else f'"{quoted}"'
