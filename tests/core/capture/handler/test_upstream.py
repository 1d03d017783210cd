"""The client that handlers get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cxtop.core.capture.handler import (
    Retrying,
    UnreadableAnswerError,
    Upstream,
    UpstreamAnswer,
    UpstreamStatusError,
    UpstreamThrottledError,
)
from cxtop.core.capture.handler.connections import Client
from cxtop.core.capture.identity import MOST_ATTEMPTS, Identity
from cxtop.core.errors import ConfigError

from ...platforms.server import Reply, Server, serving
from .upstreams import GOOD, QUICK, TRACE, Stock, in_turn

NOTHING = Reply({}, 503)


@asynccontextmanager
async def calling(handler: Any, **options: Any) -> AsyncIterator[tuple[Upstream, Server, Identity]]:
    async with serving(handler) as server:
        client = Client(options.pop("base_url", server.url), options, QUICK)
        identity = Identity()
        try:
            yield Upstream(client, identity, TRACE), server, identity
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("method", "options", "attempts"),
    [
        ("get", {}, 3),
        ("post", {}, 1),
        ("put", {"json": 1}, 1),
        ("post", {"idempotent": True}, 3),
        ("patch", {"headers": {"Idempotency-Key": "k"}}, 3),
    ],
    ids=["get", "post", "put", "idempotent", "keyed"],
)
async def test_only_what_may_be_sent_twice_is(
    method: str, options: dict[str, Any], attempts: int
) -> None:
    async with calling(lambda asked: NOTHING) as (upstream, server, identity):
        with pytest.raises(UpstreamStatusError) as raised:
            await getattr(upstream, method)("/x", **options)
    assert len(server.asked) == attempts == raised.value.attempts == len(identity.attempts)
    assert raised.value.status == 503
    given_up = identity.attempts[-1].gave_up
    assert given_up.startswith("Attempt 3 of 3" if attempts == 3 else "503 is not retried for a")


async def test_a_throttled_post_was_not_done_and_is_sent_again() -> None:
    throttled = Reply({}, 429, {"retry-after": "0"})
    async with calling(in_turn(throttled, GOOD)) as (upstream, server, _):
        answer = await upstream.post("/x", json={"a": 1})
    assert (answer.status, answer.attempts, len(server.asked)) == (200, 2, 2)
    async with calling(lambda asked: Reply({}, 429, {"retry-after": "0.001"})) as (upstream, *_):
        with pytest.raises(UpstreamThrottledError) as raised:
            await upstream.delete("/x")
    assert raised.value.retry_after_s == 0.001


async def test_statuses_that_are_answers_too() -> None:
    async with calling(lambda asked: Reply({"a": 1}, 404)) as (upstream, _, identity):
        answer = await upstream.get("/x", also=(404,))
    assert (answer.status, answer.json()) == (404, {"a": 1})
    assert identity.attempts[0].gave_up == ""


async def test_headers_of_the_handler_go_to_its_own_host_only() -> None:
    async with (
        serving(lambda asked: GOOD) as other,
        calling(lambda asked: GOOD, authorization="Bearer t-1") as (upstream, server, _),
    ):
        await upstream.get("a", headers={"x-own": "1"}, params={"q": "ä b"})
        await upstream.get(f"{other.url}/b")
        await upstream.get(f"{server.url}/c")
    first, third = server.asked
    assert first.headers["authorization"] == third.headers["authorization"] == "Bearer t-1"
    assert (first.path, first.query, first.headers["x-own"]) == ("/a", {"q": "ä b"}, "1")
    assert "authorization" not in other.asked[0].headers
    assert other.asked[0].headers["traceparent"].startswith(f"00-{TRACE}-")


@pytest.mark.parametrize("base_url", ["", "ftp://x", "//host", "http://x:y"])
async def test_what_is_no_url(base_url: str) -> None:
    async with calling(lambda asked: GOOD, base_url=base_url) as (upstream, *_):
        with pytest.raises(ConfigError, match="URL is none"):
            await upstream.get("/x")


async def test_attempts_are_kept_within_a_bound() -> None:
    async with calling(lambda asked: GOOD) as (upstream, _, identity):
        identity.attempts.extend([None] * MOST_ATTEMPTS)  # pyright: ignore[reportArgumentType]
        await upstream.get("/x")
    assert len(identity.attempts) == MOST_ATTEMPTS


def answer(content: bytes) -> UpstreamAnswer:
    return UpstreamAnswer(200, {}, content, 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "It is empty."),
        (b'{"a": s-ecret', "Its JSON breaks at line 1, column 7."),
        (b"\xff", "Byte 1 is not UTF-8."),
        (b"[Infinity]", "Its JSON holds what JSON does not have (ValueError)."),
        (b"[" * 100_000, "Its JSON holds what JSON does not have (RecursionError)."),
    ],
    ids=["empty", "broken", "no-text", "infinite", "deep"],
)
def test_what_cannot_be_read(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableAnswerError) as raised:
        answer(content).json()
    assert raised.value.why == why
    assert (raised.value.attempts, raised.value.status) == (2, 200)


def test_an_answer_as_a_model() -> None:
    assert answer(b'{"sku": "A", "quantity": 1}').parsed(Stock) == Stock(sku="A", quantity=1)
    with pytest.raises(UnreadableAnswerError) as raised:
        answer(b'{"quantity": "s-ecret"}').parsed(Stock)
    assert "$.sku" in raised.value.why
    assert "$.quantity is no int_parsing" in raised.value.why
    assert "s-ecret" not in str(raised.value)
    assert answer(b"\xffa").text == "\ufffda"
    assert "sku" not in repr(answer(b'{"sku": 1}'))


@pytest.mark.parametrize("field", ["attempts", "read_s", "total_s", "max_body"])
def test_settings_that_make_no_sense(field: str) -> None:
    with pytest.raises(ConfigError):
        Retrying(**{field: 0})
    with pytest.raises(ConfigError):
        Retrying(cap_s=-1)
