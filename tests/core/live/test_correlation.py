"""Everything that belongs to a request, with real logs, a real store and a real platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.capture.record import encode
from cxtop.core.config import Settings
from cxtop.core.live import Captures, open_captures, open_monitor
from cxtop.core.live.correlation import AROUND, MOST, Correlator, NoExchanges
from cxtop.core.live.tracing import Tracer
from cxtop.core.models import (
    Body,
    BodyKind,
    Certainty,
    Correlation,
    Exchange,
    Key,
    Kind,
    RecordError,
    RequestIdSource,
    RunStatus,
    TraceState,
)
from cxtop.core.sources import Absent
from cxtop.core.store.filter import EVERYTHING

from ..platforms.server import Asked, Reply, Server, profile_for, serving
from .support import START, after, run_at, settings_for, store_in

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SURE, LIKELY = Certainty.CERTAIN, Certainty.LIKELY


def exchange(number: int, **fields: Any) -> Exchange:
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "at": after(number),
        "request_id": f"req-{number}",
        "request_id_source": RequestIdSource.HEADER,
        "method": "POST",
        "url": "http://crm/lookup",
        "status": 200,
        "response": Body(kind=BodyKind.JSON, size=2, value={"n": number}),
    }
    return Exchange(**(values | fields))


class Flows:
    """A platform that knows the traces that it was told."""

    def __init__(self, *traces: dict[str, Any]) -> None:
        self.traces = {trace["id"]: trace for trace in traces}

    def __call__(self, asked: Asked) -> Reply:
        trace = self.traces.get(asked.path.rpartition("/")[2])
        return Reply({"message": "unknown"}, 404) if trace is None else Reply(trace)


@asynccontextmanager
async def scene(
    folder: Path, exchanges: Iterable[Exchange] = (), *traces: dict[str, Any]
) -> AsyncIterator[tuple[Captures, Server]]:
    async with serving(Flows(*traces)) as server:
        settings = settings_for(profile_for(server.url), folder)
        write(settings, exchanges)
        async with open_captures(settings) as captures:
            yield captures, server


def write(settings: Settings, exchanges: Iterable[Exchange], name: str = "a.jsonl") -> Path:
    log = settings.paths.captures_dir / name
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.writelines(map(encode, exchanges))
    return log


def requests(found: Correlation) -> list[str]:
    return [each.request_id for each in found.exchanges]


def ties(found: Correlation, kind: Kind = Kind.EXCHANGE) -> list[tuple[str, Key, Certainty]]:
    return sorted((tie.id[-8:], tie.key, tie.certainty) for tie in found.links if tie.kind is kind)


async def test_the_exchange_of_a_request_with_its_payload(tmp_path: Path) -> None:
    async with scene(tmp_path, [exchange(1), exchange(2)]) as (captures, _):
        found = await captures.correlate("req-2")
    assert found.found
    assert found.exchanges == (exchange(2),)
    assert ties(found) == [("00000002", Key.REQUEST_ID, SURE)]
    assert found.links[0].value == "req-2"
    assert not found.more


async def test_what_came_just_now_is_there(tmp_path: Path) -> None:
    async with scene(tmp_path) as (captures, server):
        assert not (await captures.correlate("req-7")).found
        settings = settings_for(profile_for(server.url), tmp_path)
        write(settings, [exchange(7)])
        assert requests(await captures.correlate("req-7")) == ["req-7"]


@pytest.mark.parametrize("asked", ["req-1", "e-1", TRACE_ID, f"{1:032x}"])
async def test_any_of_its_ids_leads_to_the_same(tmp_path: Path, asked: str) -> None:
    parent = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
    mine = [
        exchange(1, flow_execution_id="e-1", traceparent=parent),
        exchange(2, flow_execution_id="e-1"),
        exchange(3, traceparent=parent),
        exchange(0x10, flow_execution_id="e-2"),
    ]
    async with scene(tmp_path, mine) as (captures, _):
        found = await captures.correlate(asked)
    assert requests(found) == ["req-1", "req-2", "req-3"]
    assert {tie.certainty for tie in found.links} == {SURE}


async def test_the_beginning_of_an_exchanges_own_id_is_enough(tmp_path: Path) -> None:
    mine = [exchange(1, id="0badcafe" * 4), exchange(2, id="0badcaff" * 4)]
    async with scene(tmp_path, mine) as (captures, _):
        found = await captures.correlate("0badcafe")
        assert [tie.key for tie in found.links] == [Key.EXCHANGE_ID]
        assert requests(found) == ["req-1"]
        assert requests(await captures.correlate("0badcaf")) == []


async def test_a_conversation_is_likely_and_only_at_about_that_time(tmp_path: Path) -> None:
    far = AROUND.total_seconds() + 60
    talk = [
        exchange(1, conversation_id="c-1"),
        exchange(2, conversation_id="c-1"),
        exchange(3, at=after(far), conversation_id="c-1"),
        exchange(4, conversation_id="c-2"),
    ]
    async with scene(tmp_path, talk) as (captures, _):
        found = await captures.correlate("req-1")
        assert requests(found) == ["req-1", "req-2"]
        assert ties(found) == [
            ("00000001", Key.REQUEST_ID, SURE),
            ("00000002", Key.CONVERSATION_ID, LIKELY),
        ]
        asked_for = await captures.correlate("c-1")
    assert requests(asked_for) == ["req-1", "req-2", "req-3"]
    assert {tie.certainty for tie in asked_for.links} == {LIKELY}
    assert asked_for.trace.state is TraceState.NO_EXECUTION


async def test_time_alone_ties_nothing(tmp_path: Path) -> None:
    same = [exchange(1), exchange(2, at=after(1), traceparent=f"00-{'0' * 32}-{'0' * 16}-00")]
    same.append(exchange(3, at=after(1), traceparent=same[1].traceparent))
    async with scene(tmp_path, same) as (captures, _):
        assert requests(await captures.correlate("req-1")) == ["req-1"]
        assert requests(await captures.correlate("req-2")) == ["req-2"]


async def test_the_flows_trace_with_its_steps_and_their_exchanges(tmp_path: Path) -> None:
    step = {
        "stepId": "2",
        "stepName": "Find the customer",
        "status": "FAILED",
        "errorMessage": "TIMEOUT",
        "requestId": "req-1",
        "request": {"url": "http://crm/lookup"},
    }
    start = {"stepId": "1", "stepName": "Start", "status": "COMPLETED"}
    trace = {"id": "e-1", "status": "FAILED", "steps": [start, step]}
    async with scene(tmp_path, [exchange(1, flow_execution_id="e-1")], trace) as (captures, server):
        found = await captures.correlate("req-1")
        assert found.trace.state is TraceState.FOUND
        assert found.trace.execution_id == "e-1"
        (match,) = found.trace.matches
        assert (match.step, match.exchange_id, match.certainty) == (1, f"{1:032x}", SURE)
        assert ties(found, Kind.TRACE) == [("e-1", Key.FLOW_EXECUTION_ID, SURE)]
        await captures.correlate("req-1")
        assert len(server.asked) == 1


async def test_an_exchange_that_names_no_execution_is_found_at_its_step(tmp_path: Path) -> None:
    parent = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
    times = {"startTime": after(1.9).isoformat(), "endTime": after(2.1).isoformat()}
    call = {"stepId": "1", "stepName": "Call", "status": "FAILED", "request": {}, **times}
    trace = {"id": "e-1", "status": "FAILED", "steps": [call]}
    seen = [
        exchange(1, flow_execution_id="e-1", traceparent=parent),
        exchange(2, traceparent=parent, request_id_source=RequestIdSource.GENERATED),
        exchange(3, at=after(2.05), flow_execution_id="e-2", traceparent=parent),
    ]
    async with scene(tmp_path, seen, trace) as (captures, _):
        found = await captures.correlate("req-2")
    assert requests(found) == ["req-1", "req-2", "req-3"]
    assert found.trace.execution_id == "e-1"
    (match,) = found.trace.matches
    assert (match.exchange_id, match.key, match.certainty) == (f"{2:032x}", Key.TIME, LIKELY)


@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        ({"request_id": "e-1", "request_id_source": RequestIdSource.BODY}, ["e-1"]),
        ({"request_id": "e-1"}, ["e-1"]),
        ({"request_id": "e-1", "request_id_source": RequestIdSource.GENERATED}, []),
        ({"request_id": "other", "flow_execution_id": "e-1"}, ["e-1"]),
        ({"request_id": "other", "conversation_id": "e-1"}, []),
        (None, ["e-1"]),
    ],
)
async def test_the_platform_is_asked_where_the_id_may_be_an_executions(
    tmp_path: Path, fields: dict[str, Any] | None, asks: list[str]
) -> None:
    seen = [] if fields is None else [exchange(1, **fields)]
    async with scene(tmp_path, seen) as (captures, server):
        found = await captures.correlate("e-1")
        assert [asked.path.rpartition("/")[2] for asked in server.asked] == asks
        state = TraceState.NOT_FOUND if asks else TraceState.NO_EXECUTION
        assert found.trace.state is state
        assert found.found is bool(seen)


def failed(record_id: str, **fields: Any) -> RecordError:
    return RecordError(run_id="backfill", record_id=record_id, code="TIMEOUT", **fields)


async def test_failed_records_and_their_runs(tmp_path: Path) -> None:
    run = run_at(60, RunStatus.FAILED, created_at=START).model_copy(update={"run_id": "backfill"})
    async with scene(tmp_path, [exchange(1, flow_execution_id="exec-1")]) as (captures, _):
        await captures.store.save_run(run)
        await captures.store.add_errors(
            "backfill",
            [
                failed("1", message="upstream req-1 timed out"),
                failed("2", record={"flowExecutionId": "exec-1"}),
                failed("3", record={"note": "req-10"}),
            ],
        )
        found = await captures.correlate("req-1")
    assert [error.record_id for error in found.record_errors] == ["2", "1"]
    assert found.runs == (run,)
    assert ties(found, Kind.RECORD_ERROR) == [
        ("1", Key.REQUEST_ID, SURE),
        ("2", Key.FLOW_EXECUTION_ID, SURE),
    ]
    assert {tie.run_id for tie in found.links if tie.kind is Kind.RECORD_ERROR} == {"backfill"}
    assert [tie.id for tie in found.links if tie.kind is Kind.RUN] == ["backfill"]


async def test_from_a_failed_record_to_its_exchange_and_trace(tmp_path: Path) -> None:
    trace = {"id": "exec-1", "status": "COMPLETED", "steps": []}
    record = failed("1", record={"requestId": "req-1", "executionId": "exec-1"})
    async with scene(tmp_path, [exchange(1)], trace) as (captures, _):
        await captures.store.add_errors("backfill", [record])
        found = await captures.correlate_record(record)
        assert found is not None
        assert requests(found) == ["req-1"]
        assert found.record_errors == (record,)
        assert found.trace.state is TraceState.NO_STEPS
        by_execution = await captures.correlate("exec-1")
        assert requests(by_execution) == ["req-1"]
        assert await captures.correlate_record(failed("2")) is None


async def test_a_record_of_the_same_conversation_is_likely_if_the_run_was_then(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, [exchange(1, conversation_id="conv-1")]) as (captures, _):
        for run_id, created in (("then", START), ("later", after(9000)), ("unknown", None)):
            fields = {"run_id": run_id, "created_at": created}
            await captures.store.save_run(run_at(9100).model_copy(update=fields))
            error = failed(run_id, record={"conversationId": "conv-1"})
            await captures.store.add_errors(run_id, [error.model_copy(update={"run_id": run_id})])
        found = await captures.correlate("req-1")
        assert ties(found, Kind.RECORD_ERROR) == [("then", Key.CONVERSATION_ID, LIKELY)]
        asked_for = await captures.correlate("conv-1")
    assert {key for _, key, _ in ties(asked_for, Kind.RECORD_ERROR)} == {Key.CONVERSATION_ID}
    assert len(asked_for.record_errors) == 3


async def test_the_run_of_the_action_is_likely_if_it_was_then(tmp_path: Path) -> None:
    acted = [exchange(1, action="import-1"), exchange(2, action="import-2")]
    async with scene(tmp_path, acted) as (captures, _):
        for run_id, created in (("import-1", START), ("import-2", after(9000))):
            fields = {"run_id": run_id, "created_at": created}
            await captures.store.save_run(run_at(9100).model_copy(update=fields))
        found = await captures.correlate("req-1")
        assert ties(found, Kind.RUN) == [("import-1", Key.ACTION_ID, LIKELY)]
        assert (await captures.correlate("req-2")).runs == ()
        of_run = await captures.correlate("import-2")
    assert ties(of_run, Kind.RUN) == [("import-2", Key.RUN_ID, SURE)]


async def test_too_many_are_cut_and_said(tmp_path: Path) -> None:
    many = [exchange(n, request_id="same") for n in range(MOST + 5)]
    async with scene(tmp_path, many) as (captures, _):
        found = await captures.correlate("same")
    assert len(found.exchanges) == MOST
    assert found.exchanges[-1].at == many[-1].at
    assert found.more


async def test_a_log_that_is_gone_leaves_nothing_that_is_not_so(tmp_path: Path) -> None:
    async with scene(tmp_path, [exchange(1)]) as (captures, server):
        await captures.catch_up()
        settings = settings_for(profile_for(server.url), tmp_path)
        (settings.paths.captures_dir / "a.jsonl").unlink()
        assert (await captures.correlate("req-1")).exchanges == ()


@pytest.mark.parametrize(
    "odd", ['a "quoted" \\ id', "*", "id:x | y", "(", "\ud800", "a\0b", "größe"]
)
async def test_any_text_may_be_asked_for(tmp_path: Path, odd: str) -> None:
    mine = [] if "\ud800" in odd else [exchange(2, request_id=odd)]
    async with scene(tmp_path, [exchange(1), *mine]) as (captures, _):
        found = await captures.correlate(odd)
    assert requests(found) == [each.request_id for each in mine]


async def test_without_a_profile_the_captures_are_there(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path)
    write(settings, [exchange(1)])
    async with open_captures(settings, full_text=True) as captures:
        found = await captures.correlate("req-1")
        assert (await captures.library.count(EVERYTHING)).number == 1
    assert requests(found) == ["req-1"]
    assert found.trace.state is TraceState.NO_PLATFORM


async def test_where_no_captures_are_followed_the_rest_is_told(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await store.add_errors("backfill", [failed("1", message="req-1 failed")])
        found = await Correlator(NoExchanges(), store, Tracer(None, store)).correlate("req-1")
    assert found.exchanges == ()
    assert len(found.record_errors) == 1
    assert isinstance(await NoExchanges().payload(1), Absent)


async def test_the_monitor_correlates_too(tmp_path: Path) -> None:
    trace = {"id": "e-1", "status": "COMPLETED", "steps": [{"stepId": "1", "stepName": "Start"}]}
    async with serving(Flows(trace)) as server:
        settings = settings_for(profile_for(server.url), tmp_path)
        write(settings, [exchange(1, flow_execution_id="e-1")])
        async with open_monitor(settings) as monitor:
            assert monitor.library is not None
            while not (await monitor.library.count(EVERYTHING)).number:
                await monitor.library.index.bounds()
            found = await monitor.correlate("req-1")
            assert requests(found) == ["req-1"]
            assert await monitor.trace("e-1", again=True) == found.trace.model_copy(
                update={"matches": ()}
            )
            record = failed("1", record={"requestId": "req-1"})
            by_record = await monitor.correlate_record(record)
            assert by_record is not None
            assert requests(by_record) == ["req-1"]
            await monitor.store.close()
            assert not (await monitor.correlate("req-1")).found
            assert await monitor.correlate_record(record) is None
