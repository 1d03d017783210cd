"""The routes: what a flow gets, what a debugger gets."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.capture import current_request_id
from cxtop.core.capture.record import decode_line
from cxtop.core.models import Exchange, Outcome
from cxtop.core.service import Limits

from ..platforms.server import Asked, Reply, profile_for, serving
from .support import Running, inbound, service

STEPS = [
    {"stepId": "1", "stepName": "Start", "status": "COMPLETED"},
    {"stepId": "2", "stepName": "Ask", "status": "FAILED", "requestId": "req-1", "request": {}},
]


def captured(running: Running) -> list[Exchange]:
    running.log.flush()
    files = sorted(running.settings.paths.captures_dir.glob("*.jsonl"))
    return [decode_line(line) for file in files for line in file.read_bytes().splitlines()]


async def test_without_a_handler_it_echoes(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        answer = await running.call(
            inbound(variables={"a": 1}, extra="kept"), headers={"X-Request-ID": "req-1"}
        )
        assert answer.status_code == 200
        assert answer.headers["x-request-id"] == "req-1"
        told = answer.json()
        assert told["success"] is True
        assert told["data"] == inbound(variables={"a": 1}, metadata={}, extra="kept")
        (exchange,) = captured(running)
    assert (exchange.request_id, exchange.flow_execution_id) == ("req-1", "exec-1")
    assert exchange.route == "/dataaction/webhook"
    assert exchange.service == "cxtop-serve"


async def test_the_request_id_is_the_executions_where_no_header_says_it(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        answer = await running.call(inbound())
        assert answer.headers["x-request-id"] == "exec-1"
        (exchange,) = captured(running)
    assert exchange.request_id_source == "body"


async def asynchronous(call: dict[str, Any]) -> Any:
    await asyncio.sleep(0)
    return {"id": current_request_id(), "n": call["variables"]["n"] + 1}


def synchronous(call: dict[str, Any]) -> Any:
    return {"id": current_request_id(), "n": call["variables"]["n"] + 1}


class Callable:
    async def __call__(self, call: dict[str, Any]) -> Any:
        return await asynchronous(call)


@pytest.mark.parametrize(
    "handler", [asynchronous, synchronous, Callable(), lambda call: asynchronous(call)]
)
async def test_a_handler_answers(tmp_path: Path, handler: Any) -> None:
    async with service(tmp_path, handler=handler) as running:
        answer = await running.call(inbound(variables={"n": 1}))
        assert answer.json() == {"success": True, "data": {"id": "exec-1", "n": 2}}


async def test_a_whole_answer_is_left_alone_and_data_are_wrapped(tmp_path: Path) -> None:
    failed = {"success": False, "error": {"code": "X"}}
    odd = [float("nan"), (float("inf"), "\ud800")]
    answers = [
        (failed, failed),
        ({"success": True, "data": 5}, {"success": True, "data": 5}),
        ({"success": "yes"}, {"success": True, "data": {"success": "yes"}}),
        (None, {"success": True, "data": None}),
        (odd, {"success": True, "data": [None, [None, "\ud800"]]}),
    ]
    results = iter([result for result, _ in answers])
    async with service(tmp_path, handler=lambda call: next(results)) as running:
        for _, answer in answers:
            assert json.loads((await running.call(inbound())).content) == answer


async def test_a_handler_that_fails_is_captured_with_its_frames(tmp_path: Path) -> None:
    def stumble(call: dict[str, Any]) -> Any:
        return call["variables"]["missing"]

    async with service(tmp_path, handler=stumble) as running:
        answer = await running.call(inbound())
        assert answer.status_code == 500
        assert answer.json() == {"error": "internal_processing_error"}
        (exchange,) = captured(running)
    assert exchange.outcome is Outcome.EXCEPTION
    assert exchange.failure is not None
    assert exchange.failure.type == "KeyError"
    assert exchange.failure.frames[-1].function.endswith("stumble")


async def test_no_handler_ends_the_service(tmp_path: Path) -> None:
    errors: list[BaseException] = [SystemExit(3), StopIteration(), KeyboardInterrupt()]

    def end(call: dict[str, Any]) -> Any:
        raise errors.pop()

    async with service(tmp_path, handler=end) as running:
        while errors:
            assert (await running.call(inbound())).status_code == 500
        assert (await running.client.get("/healthz")).status_code == 200


NO_CALLS = [
    (b"", 400, "empty", None),
    (b'{"flowExecutionId": "x",\n  }', 400, "line 2, column 3", None),
    (b'"\xff"', 400, "cannot be read", None),
    (b"[" * 100_000, 400, "cannot be read", None),
    (b"[1]", 422, "a list", None),
    (b"null", 422, "null", None),
    (b"{}", 422, "flowExecutionId is missing", {"missing": ["flowExecutionId"]}),
    (b'{"variables": {}}', 422, "missing", {"missing": ["flowExecutionId"]}),
    (b'{"flowExecutionId": ""}', 422, "flowExecutionId", None),
    (b'{"flowExecutionId": "e", "variables": []}', 422, "variables", None),
    (b'{"flowExecutionId": "e", "metadata": "m"}', 422, "metadata", None),
    (b'{"flowExecutionId": 5, "conversationId": 6}', 422, "conversationId", None),
]


async def test_what_is_no_inbound_call_is_refused_with_its_fault(tmp_path: Path) -> None:
    handled: list[Any] = []
    async with service(tmp_path, handler=handled.append) as running:
        for body, status, said, details in NO_CALLS:
            answer = await running.client.post("/dataaction/webhook", content=body)
            assert answer.status_code == status, body[:80]
            error = answer.json()["error"]
            assert answer.json()["success"] is False
            assert error["code"] == "INVALID_INPUT_FORMAT"
            assert said in error["message"]
            if details is not None:
                assert error["details"] == details
        assert len(captured(running)) == len(NO_CALLS)
    assert handled == []


async def test_threads_that_never_end_do_not_pile_up(tmp_path: Path) -> None:
    release = threading.Event()

    def stuck(call: dict[str, Any]) -> None:
        assert release.wait(10)

    bounds = Limits(handler_s=0.05, in_flight=1)
    async with service(tmp_path, handler=stuck, limits=bounds) as running:
        assert (await running.call(inbound())).status_code == 504
        answer = await running.call(inbound())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        release.set()


async def test_a_handler_has_its_time(tmp_path: Path) -> None:
    released = asyncio.Event()

    async def slow(call: dict[str, Any]) -> Any:
        await released.wait()

    async with service(tmp_path, handler=slow, limits=Limits(handler_s=0.05)) as running:
        answer = await running.call(inbound())
        assert answer.status_code == 504
        assert answer.json()["error"]["code"] == "UPSTREAM_TIMEOUT"


async def test_a_timeout_of_the_handlers_own_is_its_failure(tmp_path: Path) -> None:
    async def gives_up(call: dict[str, Any]) -> Any:
        raise TimeoutError("upstream")

    async with service(tmp_path, handler=gives_up) as running:
        assert (await running.call(inbound())).status_code == 500


async def test_what_was_just_captured_is_correlated_with_the_platforms_trace(
    tmp_path: Path,
) -> None:
    def flows(asked: Asked) -> Reply:
        if asked.path.endswith("/exec-1"):
            return Reply({"id": "exec-1", "status": "FAILED", "steps": STEPS})
        return Reply({"message": "unknown"}, 404)

    async with (
        serving(flows) as platform,
        service(tmp_path, profile=profile_for(platform.url)) as running,
    ):
        await running.call(inbound(), headers={"X-Request-ID": "req-1"})
        answer = await running.client.get("/debug/correlate/req-1")
        assert answer.status_code == 200
        told = answer.json()
        assert told["request_id"] == "req-1"
        (exchange,) = told["exchanges"]
        assert exchange["request"]["value"]["flowExecutionId"] == "exec-1"
        assert told["trace"]["state"] == "found"
        assert [step["name"] for step in told["trace"]["trace"]["steps"]] == ["Start", "Ask"]
        assert told["trace"]["matches"][0]["exchange_id"] == exchange["id"]
        assert {link["certainty"] for link in told["links"]} == {"certain"}

        nothing = await running.client.get("/debug/correlate/a%2Fb%3Fc")
        assert nothing.status_code == 404
        assert nothing.json()["request_id"] == "a/b?c"
        assert nothing.json()["trace"]["state"] == "not_found"
        assert platform.asked[-1].path.endswith("/a%2Fb%3Fc")


async def test_no_secret_comes_out(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.call(
            inbound(variables={"password": "canary-1"}),
            headers={"X-Request-ID": "req-1", "Authorization": "Bearer canary-2"},
        )
        answer = await running.client.get("/debug/correlate/req-1")
        assert len(answer.json()["exchanges"]) == 1
        assert "canary" not in answer.text


async def test_it_says_how_it_is(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.call(inbound())
        running.log.flush()
        told = (await running.client.get("/healthz")).json()
        assert told["status"] == "ok"
        assert told["capture"]["written"] == 1


async def test_a_store_that_fails_is_said(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.captures.store.close()
        answer = await running.client.get("/debug/correlate/req-1")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.json()["error"]["code"] == "STORE"


async def test_it_describes_itself_without_loading_anything(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        document = (await running.client.get("/openapi.json")).json()
        paths = document["paths"]
        assert {"/dataaction/webhook", "/healthz"} <= paths.keys()
        body = paths["/dataaction/webhook"]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"]["required"] == ["flowExecutionId"]
        page = await running.client.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "POST /dataaction/webhook" in page.text
        assert "TraceState" in page.text
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert "<script" not in page.text


async def test_what_is_not_there(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        answer = await running.client.get("/nowhere")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
        answer = await running.client.get("/dataaction/webhook")
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "POST"
