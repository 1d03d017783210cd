"""`/metrics`, read with the official client library's own parser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cxtop.core.models import Attempt, Call, CallState, RunStatus
from cxtop.core.service.metrics import LABEL_CHARS, OTHER, Metrics

from ..live.support import run_at
from .support import Running, inbound, service
from .test_health import PAYLOAD, call_some, fail


async def read(running: Running) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    answer = await running.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return samples(answer.text)


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def attempt(number: int, seconds_ago: float = 1, **fields) -> Attempt:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return Attempt(number=number, started_at=at, duration_ms=5, outcome="200", **fields)


def call(call_id: str, *attempts: Attempt) -> Call:
    return Call(
        call_id=call_id,
        operation="run status",
        method="GET",
        url="https://example.com/x",
        started_at=attempts[0].started_at,
        state=CallState.DONE,
        attempts=attempts,
    )


async def test_executions_errors_and_captures_are_counted_without_payloads(tmp_path: Path) -> None:
    async with service(tmp_path, handler=fail) as running:
        await call_some(running)
        told = await read(running)
        text = (await running.client.get("/metrics")).text
    assert told["cxtop_executions_total", "crm", "ok"] == 2
    assert told["cxtop_executions_total", "crm", "action_errors"] == 2
    assert told["cxtop_execution_errors_total", "crm", "UPSTREAM_TIMEOUT"] == 2
    assert told["cxtop_exchanges_captured_total",] == 4
    assert told["cxtop_exchanges_dropped_total",] == 0
    assert told["cxtop_dead_letters_waiting",] == 0
    assert ("cxtop_rate_budget_remaining",) not in told
    assert PAYLOAD not in text


async def test_polls_retries_and_the_budget_come_from_the_store(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        store = running.captures.store
        await store.save_run(run_at(0))
        await store.save_run(run_at(5, RunStatus.COMPLETED))
        told_budget = {
            "inin-ratelimit-allowed": "300",
            "inin-ratelimit-count": "60",
            "inin-ratelimit-reset": "50",
        }
        await store.save_call(call("a", attempt(1, 9), attempt(2, 8), attempt(3, 7)))
        await store.save_call(call("b", attempt(1, status=200, rate_limit=told_budget)))
        handlers = call("c", attempt(1, 9), attempt(2, 8))
        await store.save_call(handlers.model_copy(update={"service": "inventory"}))
        told = await read(running)
    assert told["cxtop_polls_total",] == 2
    assert told["cxtop_call_retries_total", "cxtop"] == 2
    assert told["cxtop_call_retries_total", "inventory"] == 1
    assert told["cxtop_rate_budget_allowed",] == 300
    assert told["cxtop_rate_budget_remaining",] == 240


async def test_a_budget_whose_minute_is_over_is_full_again(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        spent = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"}
        one = call("a", attempt(1, 60, status=429, rate_limit=spent))
        await running.captures.store.save_call(one)
        told = await read(running)
    assert told["cxtop_rate_budget_remaining",] == 100


async def test_counts_do_not_fall_when_the_store_forgets(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        store = running.captures.store
        metrics = Metrics(store, running.log)
        await store.save_run(run_at(0))
        assert samples((await metrics.text()).decode())["cxtop_polls_total",] == 1
        await store.retain(max_age=timedelta(days=1), max_bytes=2**30)
        assert await store.polls("r") == []
        assert samples((await metrics.text()).decode())["cxtop_polls_total",] == 1
        now = datetime.now(UTC)
        for seconds in range(2):
            at = now + timedelta(seconds=seconds)
            await store.save_run(run_at(0).model_copy(update={"polled_at": at}))
        assert samples((await metrics.text()).decode())["cxtop_polls_total",] == 3


async def test_names_are_cut_and_what_is_too_varied_is_other(tmp_path: Path) -> None:
    def vary(body: dict) -> dict:
        code = f"CODE_{body['variables']['n']}\x1b[2J" + "x" * 200
        return {"success": False, "error": {"code": code, "message": ""}}

    async with service(tmp_path, handler=vary) as running:
        for n in range(5):
            await running.call(inbound(variables={"n": n}, metadata={"actionId": "crm"}))
        running.log.flush()
        await running.captures.catch_up()
        metrics = Metrics(running.captures.store, running.log, most=3)
        told = samples((await metrics.text()).decode())
    codes = {key[1:]: count for key, count in told.items() if key[0].endswith("_errors_total")}
    assert codes.pop((OTHER, OTHER)) == 2
    assert len(codes) == 3
    assert all(len(code) <= LABEL_CHARS and code.isprintable() for _, code in codes)


async def test_a_store_that_is_closed_is_said(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.captures.store.close()
        for path in ("/metrics", "/health?action_id=crm"):
            answer = await running.client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "STORE")
