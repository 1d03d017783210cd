"""The doors: who comes in, and how much they bring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.service import Limits
from cxtop.core.service.guard import Guard, is_own_name

from .support import BOUND_S, inbound, raw, service

SMALL = Limits(body_bytes=1000)
FOR_DEBUGGING = [
    "/debug/correlate/x",
    "/health?action_id=x",
    "/metrics",
    "/healthz",
    "/docs",
    "/openapi.json",
    "/nowhere",
]


async def test_with_a_token_all_but_the_platforms_calls_need_it(tmp_path: Path) -> None:
    right = {"Authorization": "bearer s3cret-of-the-tests"}
    wrong = (None, "Bearer s3cret", "Basic s3cret-of-the-tests", "Bearer sécret")
    async with service(tmp_path, token="s3cret-of-the-tests") as running:
        for path in FOR_DEBUGGING:
            for each in wrong:
                headers = {} if each is None else {"Authorization": each.encode()}
                answer = await running.client.get(path, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json()["error"]["code"] == "TOKEN_REQUIRED"
            assert (await running.client.get(path, headers=right)).status_code in (200, 404)
        assert (await running.call(inbound())).status_code == 200


async def test_without_a_token_only_this_machine_may_debug(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        foreign = {"Host": "tunnel.example.com"}
        for path in FOR_DEBUGGING:
            answer = await running.client.get(path, headers=foreign)
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "FOREIGN_HOST"
        assert (await running.call(inbound(), headers=foreign)).status_code == 200
        assert (await running.client.get("/healthz", headers={"Host": "localhost:1"})).is_success


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("app.localhost:80", True),
        ("127.0.0.1:9", True),
        ("127.9.9.9", True),
        ("[::1]:8080", True),
        ("localhost.example.com", False),
        ("127.0.0.1.nip.io", False),
        ("10.0.0.1", False),
        ("[::2]", False),
        ("", False),
    ],
)
def test_names_of_this_machine(host: str, own: bool) -> None:
    assert is_own_name(host) is own


async def test_a_body_that_says_that_it_is_too_long_is_not_read(tmp_path: Path) -> None:
    async with service(tmp_path, limits=SMALL) as running:
        head = b"POST /dataaction/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"
        answer = await raw(running.url, head + b"x" * 1001)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"BODY_TOO_LONG" in answer
        exactly = json.dumps(inbound(variables={"x": ""})).encode()
        exactly = exactly.replace(b'""', b'"' + b"x" * (1000 - len(exactly)) + b'"')
        answer = await running.client.post("/dataaction/webhook", content=exactly)
        assert answer.status_code == 200


async def test_a_body_that_turns_out_too_long_is_cut_off(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with service(tmp_path, limits=SMALL) as running:
        answer = await running.client.post("/dataaction/webhook", content=endless())
        assert answer.status_code == 413
        running.log.flush()
        (log,) = running.settings.paths.captures_dir.glob("*.jsonl")
        assert json.loads(log.read_bytes())["status"] == 413


async def test_the_answer_to_a_body_that_is_too_long_is_not_lost(tmp_path: Path) -> None:
    async with service(tmp_path, limits=SMALL) as running:
        for _ in range(5):
            answer = await running.client.post("/dataaction/webhook", content=b"x" * 5_000_000)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "BODY_TOO_LONG"


async def test_who_promises_a_long_body_and_sends_none_is_not_waited_for(tmp_path: Path) -> None:
    async with service(tmp_path, limits=SMALL) as running:
        head = b"POST /dataaction/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"
        assert b"BODY_TOO_LONG" in await raw(running.url, head)


async def test_a_body_that_stops_is_not_waited_for(tmp_path: Path) -> None:
    async with service(tmp_path, limits=Limits(read_s=0.05)) as running:
        head = b"POST /dataaction/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        answer = await raw(running.url, head)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"BODY_TIMEOUT" in answer


class Gate:
    """A handler that waits until it is let on, and tells how many wait."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0

    async def __call__(self, call: dict[str, Any]) -> Any:
        self.waiting += 1
        await self.open.wait()


async def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, handler=gate, limits=Limits(in_flight=2)) as running:
        first = [asyncio.create_task(running.call(inbound())) for _ in range(2)]
        async with asyncio.timeout(BOUND_S):
            while gate.waiting < 2:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.005)
        for path in ("/dataaction/webhook", "/healthz"):
            answer = await running.client.post(path, json=inbound())
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
        gate.open.set()
        assert {answer.status_code for answer in await asyncio.gather(*first)} == {200}
        assert (await running.call(inbound())).status_code == 200


async def test_what_is_no_http_is_passed_on() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    guard = Guard(app, limits=Limits(), token="t")
    await guard({"type": "lifespan"}, None, None)  # pyright: ignore[reportArgumentType]
    assert seen == ["lifespan"]


async def test_an_answer_that_has_begun_is_broken_off(tmp_path: Path) -> None:
    """Nothing but the connection's end tells a caller that an answer is not whole."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await receive()

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 600, "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/dataaction/webhook", "headers": [(b"content-length", b"x")]}
    with pytest.raises(Exception, match="refused"):
        await Guard(app, limits=SMALL, token=None)(scope, receive, send)
    assert len(sent) == 1
