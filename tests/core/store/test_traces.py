"""Keeping the traces of flows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cxtop.core.models import FlowTrace, StepStatus, TraceStep
from cxtop.core.store import Store

from .support import START


def make_trace(execution_id: str = "e-1", **fields: Any) -> FlowTrace:
    steps = (TraceStep(step_id="1", name="Start", status=StepStatus.DONE, started_at=START),)
    values: dict[str, Any] = {"status": "COMPLETED", "steps": steps, "fetched_at": START}
    return FlowTrace(execution_id=execution_id, **(values | fields))


async def test_a_trace_comes_back_as_it_was(store: Store) -> None:
    trace = make_trace(flow_name="Order status", extra={"conversationId": "c-1"})
    await store.save_trace(trace)
    assert await store.trace("e-1") == trace
    assert await store.trace("e-2") is None


async def test_the_last_one_counts(store: Store) -> None:
    await store.save_trace(make_trace(status="FAILED"))
    await store.save_trace(make_trace())
    kept = await store.trace("e-1")
    assert kept is not None
    assert kept.status == "COMPLETED"


async def test_no_secret_is_kept(store: Store) -> None:
    step = TraceStep(
        step_id="1",
        name="Call",
        status=StepStatus.DONE,
        request={"headers": {"authorization": "Bearer canary-1"}, "url": "/x?token=canary-2"},
        response={"password": "canary-3"},
    )
    await store.save_trace(make_trace(steps=(step,)))
    kept = await store.trace("e-1")
    assert kept is not None
    assert "canary" not in kept.model_dump_json()
    files = store.path.parent.glob(f"{store.path.name}*")
    assert b"canary" not in b"".join(file.read_bytes() for file in files)


async def test_any_id_is_found_again(store: Store) -> None:
    for odd in ("\ud800", "a\0b", "token=abcdefgh", "é"):
        await store.save_trace(make_trace(odd))
        kept = await store.trace(odd)
        assert kept is not None
        assert kept.execution_id == odd


async def test_old_ones_go(store: Store) -> None:
    now = datetime.now(UTC)
    await store.save_trace(make_trace("old", fetched_at=now - timedelta(days=3)))
    await store.save_trace(make_trace("new", fetched_at=now))
    assert await store.retain(max_age=timedelta(days=1), max_bytes=1 << 30) == 1
    assert await store.trace("old") is None
    assert await store.trace("new") is not None
    await store.retain(max_age=timedelta(days=1), max_bytes=1)
    assert await store.trace("new") is None
