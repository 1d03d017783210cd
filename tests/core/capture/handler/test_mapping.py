"""The table of errors against an upstream that really fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pydantic
import pytest

from cxtop.core.capture.handler import (
    ActionError,
    HandlerFaultError,
    Retrying,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from cxtop.core.capture.handler.mapping import STANDARD, STANDARD_CODES, code_of, codes_in
from cxtop.core.models import Outcome, WaitReason

from ...platforms.server import Reply
from ..serving import written
from .upstreams import (
    GOOD,
    TRACE,
    TRACEPARENT,
    action_at,
    breaking_off,
    in_turn,
    never,
    staged,
)

SECRET_PAGE = Reply(b'{"sku": "A-1", "card": "4111 1111 1111 1111", "quan')
THROTTLED = Reply({"message": "slow"}, 429, {"retry-after": "0", "x-ratelimit-remaining": "0"})


@pytest.mark.parametrize(
    ("reply", "code", "outcomes"),
    [
        pytest.param(never, "UPSTREAM_TIMEOUT", ["ReadTimeout"] * 3, id="times-out"),
        pytest.param(Reply({}, 504), "UPSTREAM_TIMEOUT", ["504"] * 3, id="its-gateway-times-out"),
        pytest.param(THROTTLED, "RATE_LIMIT_EXCEEDED", ["429"] * 3, id="throttles"),
        pytest.param(Reply({}, 500), "UPSTREAM_ERROR", ["500"] * 3, id="fails"),
        pytest.param(Reply({}, 404), "UPSTREAM_ERROR", ["404"], id="refuses"),
        pytest.param(SECRET_PAGE, "DESERIALIZATION_FAILURE", ["200"], id="half-a-json"),
        pytest.param(Reply(b""), "DESERIALIZATION_FAILURE", ["200"], id="nothing"),
        pytest.param(Reply(b"\xff{}"), "DESERIALIZATION_FAILURE", ["200"], id="no-text"),
        pytest.param(Reply(b"[NaN]"), "DESERIALIZATION_FAILURE", ["200"], id="no-number"),
        pytest.param(Reply({"sku": 1}), "DESERIALIZATION_FAILURE", ["200"], id="another-shape"),
        pytest.param(
            Reply(b"no", headers={"content-encoding": "gzip"}),
            "DESERIALIZATION_FAILURE",
            ["DecodingError"] * 3,
            id="cannot-be-unpacked",
        ),
    ],
)
async def test_what_an_upstream_does_and_the_code_it_becomes(
    tmp_path: Path, reply: Any, code: str, outcomes: list[str]
) -> None:
    async with staged(tmp_path, lambda asked: never(asked) if reply is never else reply) as stage:
        answer = await stage.call(traceparent=TRACEPARENT)
        exchange = stage.exchange()
    assert answer["success"] is False
    error = answer["error"]
    assert error["code"] == code
    assert error["details"]["trace"] == TRACE
    assert error["details"]["type"].endswith("Error")
    tried = [attempt.outcome for attempt in exchange.attempts]
    assert tried == outcomes
    assert error["details"]["attempts"] == len(tried) == len(stage.upstream.asked)
    assert exchange.outcome is Outcome.ACTION_ERRORS
    assert exchange.code == code
    assert exchange.failure is None
    assert all(word not in json.dumps(answer) for word in ("4111", "A-1", "stock", "127.0.0.1"))


@pytest.mark.parametrize(
    ("sent", "code", "kind"),
    [
        pytest.param(
            b'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"sku": "A-1", "quan',
            "DESERIALIZATION_FAILURE",
            "UnreadableAnswerError",
            id="in-the-middle",
        ),
        pytest.param(b"", "UPSTREAM_ERROR", "UpstreamUnreachableError", id="before-it-began"),
    ],
)
async def test_an_answer_that_breaks_off_is_asked_for_again(
    tmp_path: Path, sent: bytes, code: str, kind: str
) -> None:
    async with (
        breaking_off(sent) as url,
        staged(tmp_path, never, lambda _: action_at(url)) as stage,
    ):
        error = (await stage.call())["error"]
        attempts = stage.exchange().attempts
    assert (error["code"], error["details"]["type"]) == (code, kind)
    assert [each.outcome for each in attempts] == ["RemoteProtocolError"] * 3


async def test_a_throttled_call_waits_as_it_is_told_and_each_attempt_is_captured(
    tmp_path: Path,
) -> None:
    soon = format_datetime(datetime.now(UTC) - timedelta(minutes=1), usegmt=True)
    by_date = Reply({}, 429, {"retry-after": soon, "x-request-id": "vendor-2"})
    by_seconds = Reply({}, 429, {"retry-after": "0.05", "x-ratelimit-remaining": "0"})
    answers = in_turn(by_seconds, by_date, Reply({}, 503), GOOD)
    rules = Retrying(base_s=0.001, cap_s=0.002)
    async with staged(tmp_path, answers, retrying=rules) as stage:
        answer = await stage.call(traceparent=TRACEPARENT)
        exchange = stage.exchange()
        asked = stage.upstream.asked
    assert answer == {"success": True, "data": {"sku": "A-1", "quantity": 7}}
    assert [each.number for each in exchange.attempts] == [1, 2, 3, 4]
    first, second, third, last = exchange.attempts
    assert (first.status, first.wait_s, first.wait_reason) == (429, 0.05, WaitReason.RETRY_AFTER)
    assert first.rate_limit == {"retry-after": "0.05", "x-ratelimit-remaining": "0"}
    assert (second.wait_s, second.wait_reason) == (0, WaitReason.RETRY_AFTER)
    assert second.correlation_id == "vendor-2"
    assert third.wait_reason is WaitReason.BACKOFF
    assert third.wait_s is not None
    assert 0 <= third.wait_s <= 0.002
    assert (last.outcome, last.wait_s, last.gave_up) == ("200", None, "")
    waited = (second.started_at - first.started_at).total_seconds()
    assert waited >= 0.05 + first.duration_ms / 1000 - 0.002
    assert [each.request_id for each in exchange.attempts] == [
        each.headers["x-request-id"] for each in asked
    ]
    assert all(each.headers["traceparent"].split("-")[1] == TRACE for each in asked)
    assert {(each.call, each.method) for each in exchange.attempts} == {(1, "GET")}
    (url,) = {each.url for each in exchange.attempts}
    assert "sku=A-1" in url
    assert "t-s3cret" not in url
    assert b"t-s3cret" not in written(tmp_path)


async def test_a_wait_that_is_too_long_is_given_up(tmp_path: Path) -> None:
    rules = Retrying(max_retry_after_s=2)
    late = Reply({}, 429, {"retry-after": "3"})
    async with staged(tmp_path, lambda asked: late, retrying=rules) as stage:
        answer = await stage.call()
        (attempt,) = stage.exchange().attempts
    assert answer["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert attempt.gave_up == "Retry-After asks to wait 3 s, more than 2 s."


async def test_a_call_ends_when_its_whole_time_is_over(tmp_path: Path) -> None:
    async with staged(tmp_path, never, retrying=Retrying(total_s=0.3)) as stage:
        answer = await stage.call()
        (attempt,) = stage.exchange().attempts
    assert answer["error"]["code"] == "UPSTREAM_TIMEOUT"
    assert (attempt.outcome, attempt.wait_s) == ("Timeout", None)


async def test_a_wait_beyond_the_whole_time_is_not_begun(tmp_path: Path) -> None:
    waits = Reply({}, 429, {"retry-after": "60"})
    async with staged(tmp_path, lambda asked: waits, retrying=Retrying(total_s=20)) as stage:
        await stage.call()
        (attempt,) = stage.exchange().attempts
    assert attempt.gave_up == "Another attempt would end after 20 s."


async def test_an_upstream_that_is_not_there(tmp_path: Path) -> None:
    async with staged(tmp_path, lambda asked: GOOD) as stage:
        await stage.upstream.stop()
        answer = await stage.call()
        exchange = stage.exchange()
        await stage.upstream.start()
    assert answer["error"]["code"] == "UPSTREAM_ERROR"
    assert answer["error"]["details"]["type"] == "UpstreamUnreachableError"
    assert [each.outcome for each in exchange.attempts] == ["ConnectError"] * 3
    assert exchange.attempts[-1].gave_up == "Attempt 3 of 3 failed too."


async def test_an_answer_that_is_too_long(tmp_path: Path) -> None:
    rules = Retrying(max_body=10)
    async with staged(tmp_path, lambda asked: GOOD, retrying=rules) as stage:
        answer = await stage.call()
        (attempt,) = stage.exchange().attempts
    assert answer["error"]["code"] == "DESERIALIZATION_FAILURE"
    assert attempt.outcome == "AnswerTooLong"


async def test_users_extend_the_table(tmp_path: Path) -> None:
    def unknown(error: BaseException) -> str:
        assert isinstance(error, UpstreamStatusError)
        return "UNKNOWN_SKU" if error.status == 404 else "UPSTREAM_ERROR"

    table = {UpstreamStatusError: unknown}
    replies = in_turn(Reply({}, 404), Reply({}, 400))
    async with staged(tmp_path, replies, errors=table) as stage:
        assert (await stage.call())["error"]["code"] == "UNKNOWN_SKU"
        assert (await stage.call())["error"]["code"] == "UPSTREAM_ERROR"


class _OwnError(UpstreamTimeoutError):
    pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ActionError("MINE"), "MINE"),
        (_OwnError("slow"), "UPSTREAM_TIMEOUT"),
        (UpstreamUnreachableError("gone"), "UPSTREAM_ERROR"),
        (TimeoutError(), "UPSTREAM_TIMEOUT"),
        (httpx.ReadTimeout("slow"), "UPSTREAM_TIMEOUT"),
        (httpx.ConnectError("gone"), "UPSTREAM_ERROR"),
        (json.JSONDecodeError("half", "{", 1), "DESERIALIZATION_FAILURE"),
        (HandlerFaultError("mine"), "HANDLER_FAULT"),
        (LookupError(), "HANDLER_FAULT"),
        (KeyboardInterrupt(), "HANDLER_FAULT"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value,
)
def test_the_nearest_class_counts(error: BaseException, code: str) -> None:
    assert code_of(error, STANDARD) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "RATE_LIMIT_EXCEEDED"), (504, "UPSTREAM_TIMEOUT"), (500, "UPSTREAM_ERROR")],
)
def test_those_who_call_with_httpx_themselves(status: int, code: str) -> None:
    request = httpx.Request("GET", "http://erp.example")
    error = httpx.HTTPStatusError("no", request=request, response=httpx.Response(status))
    assert code_of(error, STANDARD) == code


def test_every_code_of_the_table_is_explained() -> None:
    assert set(codes_in(STANDARD)) == set(STANDARD_CODES)
    assert issubclass(pydantic.ValidationError, ValueError)
