"""From a capture log to the retried calls of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.models import CallState, Exchange, UpstreamAttempt, WaitReason
from cxtop.core.sources import Library
from cxtop.core.sources.attempts import MOST_ATTEMPTS, MOST_CALLS, retried_in
from cxtop.core.store import Store

from ..capture.serving import written

AT = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)


def attempt(number: int, outcome: str = "503", **fields: Any) -> UpstreamAttempt:
    values: dict[str, Any] = {
        "started_at": AT + timedelta(seconds=number),
        "duration_ms": 12.5,
        "status": int(outcome) if outcome.isdigit() else None,
        "method": "GET",
        "url": "http://erp.example/stock?sku=1",
    }
    return UpstreamAttempt(number=number, outcome=outcome, **values | fields)


def line(id_: str, *attempts: UpstreamAttempt, **fields: Any) -> bytes:
    return encode(Exchange(id=id_, at=AT, service="inventory", attempts=attempts, **fields))


RETRIED = (
    attempt(
        1, "429", wait_s=7, wait_reason=WaitReason.RETRY_AFTER, rate_limit={"retry-after": "7"}
    ),
    attempt(2, "200", correlation_id="vendor-2", request_id="r-2"),
)


def test_a_retried_call_is_told_as_cxtops_own_are() -> None:
    (call,) = retried_in(line("e-1", *RETRIED))
    assert (call.call_id, call.exchange_id, call.service) == ("e-1/1", "e-1", "inventory")
    assert (call.operation, call.method, call.url) == ("GET /stock", "GET", RETRIED[0].url)
    assert (call.state, call.started_at, call.run_id) == (
        CallState.DONE,
        RETRIED[0].started_at,
        None,
    )
    first, second = call.attempts
    assert (first.wait_s, first.wait_reason) == (7, WaitReason.RETRY_AFTER)
    assert first.rate_limit == {"retry-after": "7"}
    assert (second.outcome, second.correlation_id, second.request_id) == ("200", "vendor-2", "r-2")


def test_calls_side_by_side_are_told_apart_and_those_tried_once_are_not_told() -> None:
    one, two = ({"call": number} for number in (1, 2))
    data = line("a") + line(
        "b",
        attempt(1, **two, wait_s=1),
        attempt(1, **one, wait_s=1),
        attempt(2, **two, gave_up="Attempt 2 of 2 failed too."),
        attempt(2, "200", **one),
        attempt(1, "200", call=3),
    )
    calls = retried_in(data + line("c", attempt(1, "200")) + line("d", *RETRIED))
    assert [(call.call_id, call.state) for call in calls] == [
        ("b/1", CallState.DONE),
        ("b/2", CallState.FAILED),
        ("d/1", CallState.DONE),
    ]
    assert calls[1].gave_up == "Attempt 2 of 2 failed too."


def test_calls_that_were_broken_off() -> None:
    waiting = retried_in(line("a", attempt(1, wait_s=9)))
    cancelled = retried_in(line("b", attempt(1, wait_s=0), attempt(2, "CancelledError")))
    lost = retried_in(line("c", attempt(1, wait_s=0), attempt(2, "ReadTimeout")))
    states = [call.state for call in (*waiting, *cancelled, *lost)]
    assert states == [CallState.CANCELLED, CallState.CANCELLED, CallState.FAILED]


def test_lines_that_only_look_like_it() -> None:
    body = (
        b'{"id":"a","at":"2026-03-04T14:00:00Z","request":{"value":{"attempts":[{"number":1}]}}}\n'
    )
    no_zone = line("b", *RETRIED).replace(b"14:00:01Z", b"14:00:01")
    data = b'"attempts":[{"number":1\n' + body + no_zone + line("c", *RETRIED)
    assert [call.call_id for call in retried_in(data)] == ["c/1"]
    assert retried_in(b"") == []


def test_what_a_hostile_line_says_is_bounded() -> None:
    long = "x" * 100_000
    many = [
        attempt(number, call=call, url=long, detail=long, outcome=long, correlation_id=long)
        for call in range(1, MOST_CALLS + 10)
        for number in (1, 2)
    ]
    calls = retried_in(line(long, *many))
    assert len(calls) == MOST_CALLS
    assert max(len(call.model_dump_json()) for call in calls) < 20_000
    (call,) = retried_in(line("a", *(attempt(n, url="http://[") for n in range(1, 300))))
    assert len(call.attempts) == MOST_ATTEMPTS
    assert call.operation == "GET http://["


async def test_they_are_in_the_store_once_masked_and_after_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "inventory-1.jsonl"
    log.parent.mkdir()
    secret = "http://erp.example/stock?token=s3cret-of-the-erp"
    log.write_bytes(
        line("a") + line("b", *(each.model_copy(update={"url": secret}) for each in RETRIED))
    )
    for _ in range(2):
        async with (
            await Store.open(tmp_path / "store.sqlite3") as store,
            Library.open(store, [log.parent], follow=False, full_text=False) as library,
        ):
            await library.catch_up()
            (call,) = await store.calls(retried=True)
            (row,) = await library.by_id(call.exchange_id)
            exchange = await library.payload(row.number)
        assert isinstance(exchange, Exchange)
        assert [each.outcome for each in exchange.attempts] == ["429", "200"]
        assert (call.call_id, len(call.attempts)) == ("b/1", 2)
    assert b"s3cret-of-the-erp" not in written(tmp_path / "store.sqlite3")


async def test_what_is_read_again_after_the_log_moved_is_there_once(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(line("a", *RETRIED))
    (folder / "copy.jsonl").write_bytes(line("b") + line("a", *RETRIED))
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [folder], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        assert [call.call_id for call in await store.calls(retried=True)] == ["a/1"]
