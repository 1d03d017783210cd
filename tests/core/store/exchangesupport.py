"""Exchanges in an index, and what a filter that reads them in full says."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cxtop.core.models import Exchange, Outcome
from cxtop.core.store.adding import Bad, Batch
from cxtop.core.store.entries import Entries
from cxtop.core.store.exchanges import ExchangeIndex, IndexRow
from cxtop.core.store.filter import Filter
from cxtop.core.store.filter.tree import millis, path_of, took, trace_id
from cxtop.core.store.logs import Log

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LENGTH = 100


def make_exchange(number: int, **fields: Any) -> Exchange:
    failed = number % 10 == 0
    values: dict[str, Any] = {
        "id": f"{number * 2654435761 % 2**32:08x}{number:024x}",
        "at": START + timedelta(milliseconds=number),
        "service": "crm",
        "request_id": f"request-{number}",
        "flow_execution_id": f"flow-{number // 4}",
        "method": "POST",
        "url": f"/orders/{number % 7}?n={number}",
        "route": "/orders/{id}",
        "action": f"action-{number % 3}",
        "status": 500 if failed else 200,
        "duration_ms": float(number % 1000),
        "outcome": Outcome.SERVER_ERROR if failed else Outcome.OK,
        "code": "TIMEOUT" if failed else "",
    }
    return Exchange(**(values | fields))


def entries_of(exchanges: Sequence[Exchange], start: int = 0) -> Entries:
    entries = Entries()
    for place, exchange in enumerate(exchanges):
        entries.add(
            start + place * LENGTH,
            LENGTH,
            millis(exchange.at),
            took(exchange.duration_ms),
            path_of(exchange.url),
            (
                exchange.service,
                exchange.method,
                exchange.route,
                exchange.action,
                exchange.outcome.value,
                exchange.code,
                exchange.status,
            ),
            exchange.id,
            exchange.request_id,
            exchange.flow_execution_id,
            exchange.conversation_id,
            trace_id(exchange.traceparent),
        )
    return entries


class Shelf:
    """An index, and its exchanges in full by their offsets. One log, lines of equal length."""

    def __init__(self, index: ExchangeIndex) -> None:
        self.index = index
        self.exchanges: list[Exchange] = []
        self.texts: list[tuple[str, ...]] = []
        self.looked_at = 0
        self._log = 0

    async def add(
        self, exchanges: Sequence[Exchange], texts: Sequence[tuple[str, ...]] = ()
    ) -> None:
        if not self._log:
            log, _ = await self.index.add_log("/a.jsonl", 1, 1, packed=False, after=0)
            self._log = log.log
        start = len(self.exchanges) * LENGTH
        added = await self.index.add(self.batch(start, entries_of(exchanges, start)))
        assert added is not None
        assert added.rows == len(exchanges)
        self.exchanges += exchanges
        self.texts += texts or [()] * len(exchanges)

    def batch(self, start: int, entries: Entries, bad: Sequence[Bad] = ()) -> Batch:
        end = start + len(entries) * LENGTH
        return Batch(self._log, start, end, b"head", 4, b"tail", 4, entries, list(bad))

    def verify(self, wanted: Filter):
        def look(rows: Sequence[IndexRow], logs: Mapping[int, Log]) -> list[bool]:
            self.looked_at += len(rows)
            assert all(row.log in logs for row in rows)
            return [self.is_meant(wanted, row.offset // LENGTH) for row in rows]

        return look

    def is_meant(self, wanted: Filter, place: int) -> bool:
        return wanted.matches(self.exchanges[place], lambda: self.texts[place])

    def expected(self, wanted: Filter) -> list[int]:
        """The rows that are meant, the newest first."""
        meant = [place for place in range(len(self.exchanges)) if self.is_meant(wanted, place)]
        return [place + 1 for place in reversed(meant)]

    async def found(self, wanted: Filter, *, size: int = 100, descending: bool = True) -> list[int]:
        """The rows that the index finds, page by page."""
        rows: list[int] = []
        first, last = 1, 2**62
        while True:
            found = await self.index.find(
                wanted,
                self.verify(wanted),
                first=first,
                last=last,
                limit=size,
                descending=descending,
                budget_s=10,
            )
            rows += [row.row for row in found.rows]
            if found.reached is None:
                return rows
            assert len(found.rows) == size
            if descending:
                last = found.reached - 1
            else:
                first = found.reached + 1

    async def fill_texts(self, slice_size: int = 50) -> None:
        """Put all texts into the full text."""
        while True:
            shard, rows, _ = await self.index.next_texts(slice_size)
            if not rows:
                return
            texts = [(row.row, " \n ".join(self.texts[row.offset // LENGTH])) for row in rows]
            assert await self.index.add_texts(shard, texts)
