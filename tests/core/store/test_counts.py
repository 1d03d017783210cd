"""What is counted of a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cxtop.core.models import Attempt, Call, CallState
from cxtop.core.store import Store
from cxtop.core.store.counts import Counts, counts

AT = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)


def call(call_id: str, attempts: int, **fields) -> Call:
    tried = tuple(
        Attempt(number=n + 1, started_at=AT, duration_ms=1, outcome="200", **fields)
        for n in range(attempts)
    )
    return Call(
        call_id=call_id,
        operation="run status",
        method="GET",
        url="https://example.com/x",
        started_at=AT,
        state=CallState.DONE,
        attempts=tried,
    )


async def test_an_empty_store_counts_nothing(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        assert await store.readers.read(counts) == Counts((), 0, {}, 0, {})


async def test_attempts_beyond_the_first_and_the_last_limits_that_were_told(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        await store.save_call(call("a", 3, status=429, rate_limit={"x-ratelimit-limit": "9"}))
        await store.save_call(call("b", 1))
        found = await store.readers.read(counts)
    assert (found.retries, found.status, found.answered_at) == ({"": 2}, 429, AT)
    assert found.rate_limit == {"x-ratelimit-limit": "9"}
