from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount

from cxtop.core.capture import (
    CaptureLog,
    CaptureMiddleware,
    RequestIdFilter,
    current_request_id,
)
from cxtop.core.errors import ConfigError
from cxtop.core.models import BodyKind, Exchange, Outcome, RequestIdSource

from .serving import captured, serving, until, written

INBOUND = {
    "flowExecutionId": "flow-1",
    "conversationId": "conv-1",
    "variables": {"x": 1},
    "metadata": {"actionId": "act-1"},
}


def service(log: Any, **settings: Any) -> FastAPI:
    """A service with a route for each thing that a service may do."""
    app = FastAPI()
    app.add_middleware(CaptureMiddleware, log=log, **settings)
    seen: list[str] = []
    app.state.seen = seen

    @app.post("/echo")
    async def echo(request: Request) -> Any:
        seen.append(current_request_id())
        body = await request.json()
        seen.append(current_request_id())
        return body

    @app.post("/threaded/{item}")
    def threaded(item: str, body: dict[str, Any]) -> Any:
        seen.append(current_request_id())
        return {"item": item, "n": len(body)}

    @app.get("/own-id")
    async def own_id() -> Any:
        return JSONResponse({}, headers={"X-Request-Id": "mine"})

    @app.post("/unread")
    async def unread() -> Any:
        return {"read": False}

    @app.get("/boom")
    async def boom() -> Any:
        raise RuntimeError("password=canary-5eaf00d\n went wrong")

    @app.get("/boom-late")
    async def boom_late() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(0)
            raise RuntimeError("too late")

        return StreamingResponse(pieces())

    @app.get("/endless")
    async def endless() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.005)

        return StreamingResponse(pieces(), media_type="text/plain")

    @app.get("/file")
    async def file() -> Any:
        return FileResponse(__file__, media_type="text/plain")

    @app.get("/handler-error")
    async def handler_error() -> Any:
        return {"success": False, "error": {"code": "INVALID_INPUT_FORMAT", "message": "m"}}

    inner = FastAPI()

    @inner.get("/things/{name}")
    async def thing(name: str) -> Any:
        return {"name": name}

    app.mount("/inner", inner)
    return app


async def seen_by(app: Any, path: Path, *calls: tuple[str, str, dict[str, Any]]) -> Any:
    """The responses to `calls`, and what was captured of them."""
    answers: list[httpx.Response] = []
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for method, target, more in calls:
            answers.append(await client.request(method, target, **more))
    return answers, captured(path)


async def one(path: Path, method: str, target: str, **more: Any) -> tuple[httpx.Response, Exchange]:
    answers, exchanges = await seen_by(service(path), path, (method, target, more))
    assert len(exchanges) == 1
    return answers[0], exchanges[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "captures.jsonl"


async def test_an_exchange_is_captured_whole(path: Path) -> None:
    headers = {
        "X-Request-ID": "req-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Authorization": "Bearer canary-5eaf00d",
    }
    answer, seen = await one(
        path, "POST", "/echo?q=1&token=canary-5eaf00d", json=INBOUND, headers=headers
    )
    assert answer.json() == INBOUND
    assert answer.headers["x-request-id"] == "req-1"
    assert seen.request_id == "req-1"
    assert seen.request_id_source is RequestIdSource.HEADER
    assert (seen.flow_execution_id, seen.conversation_id) == ("flow-1", "conv-1")
    assert seen.action == "act-1"
    assert seen.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert (seen.method, seen.route, seen.status) == ("POST", "/echo", 200)
    assert seen.url.startswith("http://127.0.0.1:")
    assert seen.url.endswith("/echo?q=1&token=[redacted]")
    assert seen.outcome is Outcome.OK
    assert seen.duration_ms is not None
    assert 0 < seen.duration_ms < 10_000
    assert seen.request.kind is seen.response.kind is BodyKind.JSON
    assert seen.request.value == seen.response.value == INBOUND
    assert seen.request.size == len(answer.request.content)
    assert seen.response.size == len(answer.content)
    assert ("x-request-id", "req-1") in seen.response_headers
    assert dict(seen.request_headers)["authorization"] == "Bearer [redacted]"
    assert seen.service == "service"
    assert b"canary" not in written(path)


async def test_without_a_header_the_id_is_the_flow_execution(path: Path) -> None:
    app = service(path)
    answers, exchanges = await seen_by(app, path, ("POST", "/echo", {"json": INBOUND}))
    assert answers[0].headers["x-request-id"] == "flow-1"
    assert exchanges[0].request_id == "flow-1"
    assert exchanges[0].request_id_source is RequestIdSource.BODY
    assert app.state.seen == ["", "flow-1"]


async def test_else_the_id_is_made_and_known_at_once_if_there_is_no_body(path: Path) -> None:
    app = service(path)
    calls = [("GET", "/handler-error", {}), ("POST", "/echo", {"json": {}})]
    answers, exchanges = await seen_by(app, path, *calls)
    for answer, exchange in zip(answers, exchanges, strict=True):
        assert UUID(exchange.request_id)
        assert answer.headers["x-request-id"] == exchange.request_id
        assert exchange.request_id_source is RequestIdSource.GENERATED
    assert app.state.seen == ["", exchanges[1].request_id]


async def test_the_id_reaches_threads_and_middlewares_in_tasks(path: Path) -> None:
    app = FastAPI()
    seen: list[str] = []

    @app.post("/t")
    def threaded(body: dict[str, Any]) -> Any:
        seen.append(current_request_id())
        return {}

    async def dispatch(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(current_request_id())
        seen.append(await anyio.to_thread.run_sync(current_request_id))
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    app.add_middleware(CaptureMiddleware, log=path)
    await seen_by(app, path, ("POST", "/t", {"json": INBOUND}))
    assert seen == ["flow-1"] * 3


async def test_the_services_logs_bear_the_id(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.add_middleware(CaptureMiddleware, log=path)
    logger = logging.getLogger("test.service")
    wanted = RequestIdFilter()
    caplog.handler.addFilter(wanted)

    @app.get("/log")
    async def log() -> Any:
        logger.warning("here")
        return {}

    try:
        await seen_by(app, path, ("GET", "/log", {"headers": {"X-Request-ID": "r-9"}}))
    finally:
        caplog.handler.removeFilter(wanted)
    found = [record for record in caplog.records if record.name == "test.service"]
    assert found[0].request_id == "r-9"  # pyright: ignore[reportAttributeAccessIssue]


async def test_an_id_that_the_application_sets_stays(path: Path) -> None:
    answer, seen = await one(path, "GET", "/own-id")
    assert answer.headers.get_list("x-request-id") == ["mine"]
    assert UUID(seen.request_id)


async def test_another_header_can_bear_the_id(path: Path) -> None:
    app = service(path, request_id_header="X-Correlation")
    call = ("GET", "/handler-error", {"headers": {"x-correlation": "c-1"}})
    answers, exchanges = await seen_by(app, path, call)
    assert answers[0].headers["x-correlation"] == exchanges[0].request_id == "c-1"


async def test_a_route_is_named_by_its_pattern_with_its_mount(path: Path) -> None:
    calls = [
        ("POST", "/threaded/7", {"json": {"a": 1}}),
        ("GET", "/inner/things/x%20y", {}),
        ("GET", "/inner/nowhere", {}),
        ("GET", "/nowhere", {}),
    ]
    _, exchanges = await seen_by(service(path), path, *calls)
    routes = [exchange.route for exchange in exchanges]
    assert routes == ["/threaded/{item}", "/inner/things/{name}", "", ""]
    assert exchanges[1].url.endswith("/inner/things/x%20y")


async def test_a_mount_is_no_route(path: Path) -> None:
    async def missing(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse({}, 404)(scope, receive, send)

    app = Starlette(routes=[Mount("/inner", app=missing)])
    app.add_middleware(CaptureMiddleware, log=path)
    _, exchanges = await seen_by(app, path, ("GET", "/inner/x", {}))
    assert exchanges[0].route == ""


async def test_an_unhandled_exception_is_answered_logged_and_captured(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer, seen = await one(path, "GET", "/boom")
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal_processing_error"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == seen.request_id
    assert seen.status == 500
    assert seen.outcome is Outcome.EXCEPTION
    assert seen.code == "internal_processing_error"
    assert seen.failure is not None
    assert seen.failure.type == "RuntimeError"
    assert "canary" not in seen.failure.message
    assert seen.failure.frames[-1].function.endswith("boom")
    assert seen.failure.frames[-1].file == __file__
    record = next(r for r in caplog.records if r.name == "cxtop.capture")
    assert record.exc_info is not None
    assert record.getMessage().startswith("GET /boom raised")


async def test_an_exception_after_the_answer_began_breaks_it_off(path: Path) -> None:
    async with serving(service(path)) as url, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{url}/boom-late")
    seen = captured(path)[0]
    assert seen.status == 200
    assert seen.outcome is Outcome.EXCEPTION
    assert seen.failure is not None
    assert seen.failure.message == "too late"
    assert seen.response.value == "first"


async def test_an_answer_that_streams_is_not_held_back(path: Path) -> None:
    gate = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await gate.wait()
        await send({"type": "http.response.body", "body": b"two"})

    log = CaptureLog(path)
    wrapped = CaptureMiddleware(app, log=log)
    async with (
        serving(wrapped, lifespan="off") as url,
        httpx.AsyncClient() as client,
        client.stream("GET", url) as answer,
    ):
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"one"
        gate.set()
        assert await anext(pieces) == b"two"
    log.close()
    assert captured(path)[0].response.size == 6


async def test_a_request_that_streams_is_not_held_back(path: Path) -> None:
    arrived: list[bytes] = []
    log = CaptureLog(path)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            arrived.append(message["body"])
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": current_request_id().encode()})

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"flowExecutionId": '
        await until(lambda: b"".join(arrived) == b'{"flowExecutionId": ')
        yield b'"streamed"}'

    wrapped = CaptureMiddleware(app, log=log)
    async with serving(wrapped, lifespan="off") as url, httpx.AsyncClient() as client:
        answer = await client.post(url, content=pieces())
    log.close()
    assert answer.text == "streamed"
    assert captured(path)[0].request_id == "streamed"


async def test_a_caller_who_leaves_is_captured_as_gone(path: Path) -> None:
    log = CaptureLog(path)
    async with serving(service(log)) as url, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{url}/endless") as answer:
            assert await anext(answer.aiter_raw())
        await until(lambda: log.stats.seen == 1)
    seen = captured(path)[0]
    assert seen.outcome is Outcome.DISCONNECTED
    assert seen.status == 200
    assert seen.response.size >= 1000


async def test_a_handling_that_is_cancelled_is_captured_as_gone(path: Path) -> None:
    started = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    log = CaptureLog(path)
    handling = asyncio.ensure_future(
        CaptureMiddleware(app, log=log)(
            {"type": "http", "method": "GET", "path": "/", "headers": []},
            asyncio.Event().wait,  # pyright: ignore[reportArgumentType]
            asyncio.Event().wait,  # pyright: ignore[reportArgumentType]
        )
    )
    await started.wait()
    handling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handling
    log.close()
    assert captured(path)[0].outcome is Outcome.DISCONNECTED
    assert captured(path)[0].status is None


async def test_an_application_that_never_answers_is_at_fault(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    log = CaptureLog(path)
    wrapped = CaptureMiddleware(app, log=log)
    async with serving(wrapped, lifespan="off") as url, httpx.AsyncClient() as client:
        answer = await client.get(url)
    log.close()
    seen = captured(path)[0]
    assert answer.status_code == 500
    assert seen.outcome is Outcome.EXCEPTION
    assert seen.failure is not None
    assert seen.failure.type == "IncompleteAnswer"


async def test_a_send_that_fails_means_that_the_caller_left(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        raise ConnectionResetError("gone")

    log = CaptureLog(path)
    scope = {"type": "http", "method": "GET", "path": "/ü", "headers": [], "server": ("h", 80)}
    with pytest.raises(ConnectionResetError):
        await CaptureMiddleware(app, log=log)(scope, receive, send)
    log.close()
    assert captured(path)[0].outcome is Outcome.DISCONNECTED
    assert captured(path)[0].url == "http://h:80/%C3%BC"


async def test_an_apology_that_nobody_hears(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("wrong")

    async def send(message: Any) -> None:
        raise ConnectionResetError("gone")

    log = CaptureLog(path)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "server": ("/sock", None)}
    await CaptureMiddleware(app, log=log)(scope, send, send)  # pyright: ignore
    log.close()
    seen = captured(path)[0]
    assert seen.outcome is Outcome.DISCONNECTED
    assert seen.failure is not None


async def test_head_and_empty_answers(path: Path) -> None:
    app = service(path)
    _, exchanges = await seen_by(app, path, ("HEAD", "/file", {}), ("HEAD", "/nowhere", {}))
    assert [e.method for e in exchanges] == ["HEAD", "HEAD"]
    assert all(e.response.kind is BodyKind.NONE and e.response.size == 0 for e in exchanges)
    assert exchanges[1].outcome is Outcome.CLIENT_ERROR


async def test_long_bodies_are_cut_in_the_log_and_whole_on_the_wire(path: Path) -> None:
    big = {"flowExecutionId": "f", "text": "y" * 5000}
    app = service(path, max_body=1000)
    answers, exchanges = await seen_by(app, path, ("POST", "/echo", {"json": big}))
    seen = exchanges[0]
    assert answers[0].json() == big
    assert seen.request.truncated
    assert seen.response.truncated
    assert seen.response.size == len(answers[0].content)
    assert len(seen.response.value) == 1000
    assert seen.outcome is Outcome.OK
    assert seen.request_id_source is RequestIdSource.GENERATED


async def test_a_body_that_nobody_read_shows_as_missing(path: Path) -> None:
    _, seen = await one(path, "POST", "/unread", content=b"z" * 500)
    assert seen.request.size == 500
    assert seen.request.truncated
    assert seen.request.kind is BodyKind.NONE


async def test_files_pass_and_their_size_is_known(path: Path) -> None:
    answer, seen = await one(path, "GET", "/file")
    assert answer.content == written(Path(__file__))
    assert seen.response.size == len(answer.content)


async def test_a_file_that_the_server_sends_itself(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"77"), (b"content-type", b"video/mp4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": "/x"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    log = CaptureLog(path)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await CaptureMiddleware(app, log=log)(scope, send, send)  # pyright: ignore
    log.close()
    seen = captured(path)[0]
    assert (seen.response.size, seen.response.truncated) == (77, True)
    assert seen.outcome is Outcome.OK
    assert sent[1]["type"] == "http.response.pathsend"


async def test_a_handlers_own_error_is_an_outcome(path: Path) -> None:
    _, seen = await one(path, "GET", "/handler-error")
    assert (seen.outcome, seen.code) == (Outcome.ACTION_ERRORS, "INVALID_INPUT_FORMAT")


@pytest.mark.parametrize(
    "routes", [["/handler-error", "/inner/"], lambda path: path != "/own-id"], ids=["list", "fn"]
)
async def test_routes_choose_what_is_captured(path: Path, routes: Any) -> None:
    app = service(path, routes=routes)
    calls = [("GET", "/own-id", {}), ("GET", "/handler-error", {}), ("GET", "/inner/things/a", {})]
    answers, exchanges = await seen_by(app, path, *calls)
    assert len(exchanges) == 2
    assert answers[0].headers["x-request-id"] == "mine"


async def test_a_prefix_is_of_whole_segments(path: Path) -> None:
    app = service(path, routes=["/own"])
    answers, _ = await seen_by(app, path.parent, ("GET", "/own-id", {}))
    assert answers[0].status_code == 200
    assert written(path) == b""


async def test_a_sample_is_a_share_and_ids_are_for_all(path: Path) -> None:
    log = CaptureLog(path)
    app = service(log, sample=0.5)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        ids = {(await client.get("/handler-error")).headers["x-request-id"] for _ in range(60)}
    assert len(ids) == 60
    assert 5 < log.stats.written < 55


async def test_further_secrets_are_named(path: Path) -> None:
    app = service(path, redact_names=["variables"], redact_patterns=[r"conv-\d"], service="mine")
    _, exchanges = await seen_by(app, path, ("POST", "/echo", {"json": INBOUND}))
    assert exchanges[0].request.value["variables"] == "[redacted]"
    assert exchanges[0].conversation_id == "[redacted]"
    assert exchanges[0].service == "mine"


@pytest.mark.parametrize(
    "settings", [{"sample": 2}, {"max_body": -1}, {"service": "x"}, {"redact_names": ["x"]}]
)
def test_settings_that_make_no_sense_are_refused(path: Path, settings: Any) -> None:
    with pytest.raises(ConfigError):
        CaptureMiddleware(FastAPI(), log=CaptureLog(path), **settings)


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_websockets_and_lifespan_pass_untouched(path: Path, kind: str) -> None:
    got: list[Any] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.extend([scope, receive])
        await send({"type": f"{kind}.shutdown.complete"})

    async def receive() -> Any:
        raise AssertionError("nobody asked")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind}
    log = CaptureLog(path)
    await CaptureMiddleware(app, log=log)(scope, receive, send)
    assert got[0] is scope
    assert got[1] is receive
    assert sent == [{"type": f"{kind}.shutdown.complete"}]
    assert log.stats.seen == 0


async def test_the_log_is_whole_when_the_service_has_shut_down(path: Path) -> None:
    log = CaptureLog(path, flush_interval_s=60)
    async with serving(service(log)) as url, httpx.AsyncClient() as client:
        await client.get(f"{url}/handler-error")
    assert log.stats.written == 1


async def test_a_log_that_cannot_be_written_fails_no_request(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_bytes(b"")
    log = CaptureLog(tmp_path / "blocked" / "c.jsonl", flush_interval_s=0.01)
    async with serving(service(log)) as url, httpx.AsyncClient() as client:
        for _ in range(5):
            assert (await client.get(f"{url}/handler-error")).status_code == 200
        await until(lambda: log.stats.problem != "")
        assert (await client.get(f"{url}/handler-error")).status_code == 200
    assert log.stats.seen == 6


async def test_bodies_never_break_a_line(path: Path) -> None:
    nasty = {"text": "a\nb\r\n\u2028\u2029\x00\x85c", "s": "\ufeff"}
    _, seen = await one(path, "POST", "/echo", content=json.dumps(nasty))
    assert seen.request.value == nasty
    assert written(path).count(b"\n") == 1


async def test_many_at_once_are_told_apart(path: Path) -> None:
    app = service(path)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        bodies = [{"flowExecutionId": f"f-{n}", "n": n} for n in range(100)]
        answers = await asyncio.gather(*(client.post("/echo", json=body) for body in bodies))
    assert [answer.json() for answer in answers] == bodies
    assert [a.headers["x-request-id"] for a in answers] == [f"f-{n}" for n in range(100)]
    seen = {exchange.request_id: exchange for exchange in captured(path)}
    assert len(seen) == 100
    assert all(seen[f"f-{n}"].response.value["n"] == n for n in range(100))
