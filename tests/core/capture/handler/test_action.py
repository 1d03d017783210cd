"""`@data_action` around functions, in routes of both frameworks and by itself."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, field_validator
from starlette.applications import Starlette
from starlette.routing import Route

from cxtop.core.capture import CaptureLog, CaptureMiddleware, current_request_id
from cxtop.core.capture.handler import (
    ActionError,
    ActionSchema,
    BlockingUpstream,
    UpstreamAnswer,
    data_action,
)
from cxtop.core.errors import ConfigError
from cxtop.core.models import Outcome
from cxtop.core.service.handling import Handling, is_async

from ...platforms.server import Reply, serving
from ..serving import captured
from .upstreams import (
    CALL,
    GOOD,
    QUICK,
    SCHEMA,
    TRACE,
    TRACEPARENT,
    Stock,
    Wanted,
    action_at,
    staged,
)

PLAIN = ActionSchema(
    "plain",
    "Without models.",
    {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1},
            "tags": {"type": "array"},
            "who": {"type": "string"},
        },
        "required": ["n", "who"],
        "additionalProperties": False,
    },
    {"type": "object", "required": ["twice"], "properties": {"twice": {"type": "integer"}}},
    SCHEMA.error_codes,
)


def plain(function: Any, **options: Any) -> Any:
    return data_action(PLAIN, **options)(function)


async def asked(action: Any, variables: Any) -> dict[str, Any]:
    return await action({"flowExecutionId": "exec-1", "variables": variables})


async def test_what_it_is_given_and_gives() -> None:
    @data_action(SCHEMA)
    async def echo(wanted: Wanted) -> Stock:
        """Says it again."""
        return Stock(sku=wanted.sku, quantity=len(wanted.sku))

    assert await echo(CALL) == {"success": True, "data": {"sku": "A-1", "quantity": 3}}
    assert echo.schema is SCHEMA
    assert (echo.__name__, echo.__doc__) == ("echo", "Says it again.")


async def test_missing_and_wrong_fields_are_named_truly_and_no_value_is() -> None:
    action = plain(lambda variables: {"twice": 2 * variables["n"]})
    answer = await asked(action, {"n": -41, "tags": "s-ecret", "4111 1111 1111 1111": 1})
    error = answer["error"]
    assert error["code"] == "INVALID_INPUT_FORMAT"
    assert error["details"]["missing"] == ["$.variables.who"]
    wrong = error["details"]["wrong"]
    assert wrong["$.variables.n"] == "expected at least 1, found another integer"
    assert wrong["$.variables.tags"] == "expected array, found string"
    assert "$.variables.who is missing" in error["message"]
    assert error["details"]["trace"] == "exec-1"
    assert error["details"]["attempts"] == 0
    assert "type" not in error["details"]
    told = json.dumps(answer)
    assert all(value not in told for value in ("41", "s-ecret", "4111"))


@pytest.mark.parametrize(
    "call", [None, [], "text", {}, {"variables": None}, {"variables": []}], ids=repr
)
async def test_what_is_no_call_at_all(call: Any) -> None:
    answer = await plain(lambda variables: {})(call)
    assert answer["error"]["code"] == "INVALID_INPUT_FORMAT"
    assert answer["error"]["details"]["trace"]


async def test_a_model_may_ask_for_more_than_its_schema_says() -> None:
    class Even(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def _even(cls, value: int) -> int:
            if value % 2:
                raise ValueError(f"{value} is odd")
            return value

    schema = ActionSchema.of("even", "Even numbers.", input=Even, output=Even)

    @data_action(schema)
    async def action(given: Even) -> Even:
        return given

    answer = await asked(action, {"n": 77})
    assert answer["error"]["details"]["wrong"] == {"$.variables.n": "is no value_error"}
    assert "77" not in json.dumps(answer)
    assert (await asked(action, {"n": 78}))["data"] == {"n": 78}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        pytest.param(ActionError("NEVER_DECLARED"), "HandlerFaultError", id="undeclared"),
        pytest.param(KeyError("s-ecret"), "KeyError", id="unmapped"),
        pytest.param(RecursionError(), "RecursionError", id="broken"),
    ],
)
async def test_faults_of_the_handler_are_caught_and_logged(
    raised: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    def action(variables: Any) -> Any:
        raise raised

    answer = await asked(plain(action), {"n": 1, "who": "me"})
    assert answer["error"]["code"] == "HANDLER_FAULT"
    assert answer["error"]["message"] == "This action itself is at fault."
    assert answer["error"]["details"]["type"] == told
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("cxtop.capture.handler", logging.ERROR)
    assert record.exc_info
    error = record.exc_info[1]
    assert raised in (error, error and error.__cause__)


@pytest.mark.parametrize(
    "given",
    [
        {"twice": "2"},
        {},
        None,
        {"twice": object()},
        {"success": True, "data": {}},
        {"success": False},
        {"success": False, "error": {"code": 3}},
    ],
    ids=["wrong", "lacking", "nothing", "no-json", "whole-but-wrong", "no-error", "no-code"],
)
async def test_an_output_that_does_not_fit_never_leaves(given: Any) -> None:
    answer = await asked(plain(lambda variables: given), {"n": 1, "who": "me"})
    assert answer["error"]["code"] == "HANDLER_FAULT"
    assert answer["error"]["details"]["type"] == "HandlerFaultError"


async def test_a_handler_may_give_a_whole_answer() -> None:
    good = {"success": True, "data": {"twice": 2}}
    assert await asked(plain(lambda variables: good), {"n": 1, "who": "me"}) == good
    bad = {"success": False, "error": {"code": "UNKNOWN_SKU", "message": "No such one."}}
    error = (await asked(plain(lambda variables: bad), {"n": 1, "who": "me"}))["error"]
    assert (error["code"], error["message"]) == ("UNKNOWN_SKU", "No such one.")
    silent = {"success": False, "error": {"code": "UNKNOWN_SKU", "message": 3}}
    error = (await asked(plain(lambda variables: silent), {"n": 1, "who": "me"}))["error"]
    assert error["message"] == "There is no such article."


async def test_messages_lose_their_secrets() -> None:
    def action(variables: Any) -> Any:
        raise ActionError("UNKNOWN_SKU", "password=hunter2 " + "x" * 5000)

    error = (await asked(plain(action), {"n": 1, "who": "me"}))["error"]
    assert "hunter2" not in error["message"]
    assert len(error["message"]) <= 1001


async def test_functions_that_are_not_async_run_in_a_thread_and_wait_there(tmp_path: Path) -> None:
    threads: list[str] = []

    def make(url: str, **options: Any) -> Any:
        @data_action(SCHEMA, base_url=url, retrying=QUICK)
        def sync(wanted: Wanted, upstream: BlockingUpstream) -> Any:
            threads.append(threading.current_thread().name + current_request_id())
            found: list[UpstreamAnswer] = [
                upstream.get("/a"),
                upstream.post("/b", json={"sku": wanted.sku}, idempotent=True),
                upstream.put("/c", json=None),
                upstream.patch("/d", content=b"x"),
                upstream.delete("/e"),
            ]
            return found[1].json()

        return sync

    async with staged(tmp_path, lambda asked: GOOD, make) as stage:
        answer = await stage.call(**{"x-request-id": "req-7"})
        exchange = stage.exchange()
        methods = [asked.method for asked in stage.upstream.asked]
        bodies = [asked.body for asked in stage.upstream.asked]
    assert answer["success"] is True
    assert methods == ["GET", "POST", "PUT", "PATCH", "DELETE"]
    assert bodies == [b"", b'{"sku":"A-1"}', b"null", b"x", b""]
    assert [attempt.call for attempt in exchange.attempts] == [1, 2, 3, 4, 5]
    assert threads[0].endswith("req-7")
    assert not threads[0].startswith(threading.current_thread().name)


async def test_a_fault_is_on_the_exchange_with_its_frames(tmp_path: Path) -> None:
    def make(url: str, **options: Any) -> Any:
        @data_action(SCHEMA)
        async def stumbles(wanted: Wanted) -> Any:
            return {}[wanted.sku]

        return stumbles

    async with staged(tmp_path, lambda asked: GOOD, make) as stage:
        answer = await stage.call(traceparent=TRACEPARENT)
        exchange = stage.exchange()
    assert answer["error"]["details"] == {"trace": TRACE, "attempts": 0, "type": "KeyError"}
    assert (exchange.outcome, exchange.code) == (Outcome.ACTION_ERRORS, "HANDLER_FAULT")
    assert exchange.failure is not None
    assert exchange.failure.type == "KeyError"
    assert "stumbles" in exchange.failure.frames[-1].function


async def test_a_plain_starlette_route_and_no_capture_at_all() -> None:
    async with serving(lambda asked: Reply({}, 500)) as upstream:
        action = action_at(upstream.url)
        app = Starlette(routes=[Route("/sync", action, methods=["POST"])])
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            headers = {"x-request-id": "req-1"}
            answer = (await client.post("/sync", json=CALL, headers=headers)).json()
            assert answer["error"]["details"]["trace"] == "req-1"
            assert answer["error"]["details"]["attempts"] == 3
            answer = (
                await client.post("/sync", json=CALL, headers={"traceparent": TRACEPARENT})
            ).json()
            assert answer["error"]["details"]["trace"] == TRACE
            answer = (await client.post("/sync", content=b'{"variables": {')).json()
            assert answer["error"]["code"] == "INVALID_INPUT_FORMAT"
            assert "$ expected object, found string" in answer["error"]["message"]
        await action.aclose()


async def test_as_the_handler_of_the_debug_service() -> None:
    async with serving(lambda asked: GOOD) as upstream:
        action = action_at(upstream.url)
        assert is_async(action)
        handling = Handling(action, limit_s=5, most=1)
        assert await handling.answer(CALL) == {
            "success": True,
            "data": {"sku": "A-1", "quantity": 7},
        }
        bad = await handling.answer({"flowExecutionId": "exec-9", "variables": {}})
        assert bad["error"]["details"]["missing"] == ["$.variables.sku"]
        await action.aclose()
        await action.aclose()


def test_it_works_in_one_event_loop_after_another() -> None:
    async def once() -> Any:
        async with serving(lambda asked: GOOD) as upstream:
            place["url"] = upstream.url
            try:
                return await action(CALL)
            finally:
                await action.aclose()

    place: dict[str, str] = {}

    @data_action(SCHEMA, base_url=lambda: place["url"], retrying=QUICK)
    async def action(wanted: Wanted, upstream: Any) -> Any:
        return (await upstream.get("/stock")).json()

    assert [asyncio.run(once())["success"] for _ in range(2)] == [True, True]


async def test_a_caller_who_leaves_ends_the_upstream_call(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def hangs(asked: Any) -> Reply:
        began.set()
        await asyncio.Event().wait()
        return GOOD

    async with serving(hangs) as upstream:
        action = action_at(upstream.url, retrying=QUICK)
        app = FastAPI()
        app.post("/sync")(action)
        log = CaptureLog(tmp_path, "inventory")
        app.add_middleware(CaptureMiddleware, log=log)  # pyright: ignore[reportArgumentType]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            calling = asyncio.create_task(client.post("/sync", json=CALL))
            await asyncio.wait_for(began.wait(), 5)
            calling.cancel()
            await asyncio.wait([calling])
        await action.aclose()
        log.close()
    (exchange,) = captured(tmp_path)
    assert exchange.outcome is Outcome.DISCONNECTED
    assert [attempt.outcome for attempt in exchange.attempts] == ["CancelledError"]


def test_codes_that_are_not_declared_are_found_before_anything_runs() -> None:
    with pytest.raises(ConfigError) as raised:
        data_action(SCHEMA, errors={KeyError: "NO_SUCH_CODE"})
    assert "NO_SUCH_CODE" in raised.value.what
    bare = ActionSchema("bare", "No codes.", {}, {})
    with pytest.raises(ConfigError, match="UPSTREAM_TIMEOUT"):
        data_action(bare)


@pytest.mark.parametrize(
    "function",
    [lambda: None, lambda a, b, c: None, lambda a, *, needed: None],
    ids=["none", "three", "by-name"],
)
def test_functions_that_take_something_else(function: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be a data action"):
        data_action(SCHEMA)(function)
