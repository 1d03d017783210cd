"""Calls over real sockets: retries, waits, records, budget, gate, cancelling (contract §0)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cxtop.core.errors import (
    AnswerError,
    CircuitOpenError,
    NoAnswerError,
    PlatformError,
    RateLimitError,
    RequestError,
    ServerError,
    UnreachableError,
)
from cxtop.core.http import Request
from cxtop.core.http.circuit import FAILURES
from cxtop.core.http.retry import QUOTA
from cxtop.core.http.wire import WIDTH
from cxtop.core.models import CallState, WaitReason

from .server import (
    GET,
    POST,
    SECRET,
    Records,
    a_token,
    calling,
    hang,
    hang_up,
    reply,
    reset,
    serving,
    wait_for,
)


async def test_an_answer_comes_with_its_ids_and_one_record():
    records = Records()
    body = reply(json={"status": "running"}, headers={"ININ-Correlation-Id": "corr-9"})
    async with serving(body) as server, calling(server, records) as caller:
        answer = await caller.send(replace(GET, params={"a": "b c", "none": None}))
    assert answer.object() == {"status": "running"}
    assert (answer.status, answer.truncated, answer.correlation_id) == (200, False, "corr-9")
    [seen] = server.api()
    assert seen.target == "/api/v2/data-actions/7/status?a=b+c"
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["x-request-id"] == answer.request_id
    call = records.last()
    assert call.state is CallState.DONE
    assert call.call_id == answer.call_id
    assert call.run_id == "7"
    assert call.url == f"{server.url}{seen.target}"
    assert call.gave_up == ""
    [attempt] = call.attempts
    assert (attempt.number, attempt.outcome, attempt.status) == (1, "200", 200)
    assert (attempt.request_id, attempt.correlation_id) == (answer.request_id, "corr-9")
    assert attempt.duration_ms > 0
    assert [change.operation for change in records.changes] == ["token", "run status"]


async def test_each_attempt_has_its_own_request_id_within_one_trace():
    records = Records()
    async with (
        serving(reply(503), reply(503), reply()) as server,
        calling(server, records) as caller,
    ):
        await caller.send(GET)
        await caller.send(GET)
    ids = [seen.headers["x-request-id"] for seen in server.api()]
    assert len(set(ids)) == 4
    traces = [seen.headers["traceparent"].split("-") for seen in server.api()]
    assert [trace[1] for trace in traces[:3]] == [traces[0][1]] * 3
    assert traces[3][1] != traces[0][1]
    assert len({trace[2] for trace in traces}) == 4


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_get_is_tried_again(status: int):
    records = Records()
    async with serving(reply(status), reply()) as server, calling(server, records) as caller:
        await caller.send(GET)
    assert records.outcomes() == [str(status), "200"]
    states = [c.state for c in records.changes if c.operation == "run status"]
    assert states == [CallState.WAITING, CallState.RUNNING, CallState.DONE]
    first, second = records.last().attempts
    assert first.wait_reason is WaitReason.BACKOFF
    assert first.wait_s is not None
    assert 0 <= first.wait_s <= 0.01
    assert (second.wait_s, second.wait_reason) == (None, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_post_is_tried_again_only_when_it_may_be_sent_twice(status: int):
    records = Records()
    async with serving(reply(status), reply()) as server, calling(server, records) as caller:
        with pytest.raises(ServerError) as caught:
            await caller.send(POST)
        assert records.outcomes("submit") == [str(status)]
        assert records.last("submit").gave_up == (
            f"{status} is not retried for a POST that may not be sent twice."
        )
        assert caught.value.call_id == records.last("submit").call_id
        server.script[""] = [reply(status), reply()]
        await caller.send(replace(POST, idempotent=True))
        server.script[""] = [reply(status), reply()]
        await caller.send(replace(POST, headers={"Idempotency-Key": "k"}))
    assert len(server.api()) == 5
    assert all(seen.body == b'{"a":1}' for seen in server.api())
    assert server.api()[-1].headers["idempotency-key"] == "k"


async def test_any_method_is_tried_again_after_429():
    records = Records()
    async with serving(reply(429), reply()) as server, calling(server, records) as caller:
        await caller.send(POST)
    assert records.outcomes("submit") == ["429", "200"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 501])
async def test_other_statuses_are_not_tried_again(status: int):
    records = Records()
    async with serving(reply(status)) as server, calling(server, records) as caller:
        with pytest.raises(PlatformError, match=str(status)):
            await caller.send(GET)
    assert records.outcomes() == [str(status)]
    assert records.last().state is CallState.FAILED


async def test_it_gives_up_after_the_last_attempt():
    records = Records()
    async with serving(reply(503)) as server, calling(server, records) as caller:
        with pytest.raises(ServerError):
            await caller.send(GET)
    assert records.outcomes() == ["503"] * 5
    assert records.last().gave_up == "Attempt 5 of 5 failed too."
    assert records.last().attempts[-1].wait_s is None


@pytest.mark.parametrize(
    ("header", "wait_s"), [("0.05", 0.05), ("0", 0.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0)]
)
async def test_retry_after_wins_over_backoff(header: str, wait_s: float):
    records = Records()
    slow = {"base_s": 60.0, "cap_s": 60.0}
    answers = reply(429, headers={"Retry-After": header}), reply()
    async with serving(*answers) as server, calling(server, records, retry=slow) as caller:
        await caller.send(GET)
    first, second = records.last().attempts
    assert (first.wait_s, first.wait_reason) == (wait_s, WaitReason.RETRY_AFTER)
    assert first.rate_limit["retry-after"] == header
    waited = (second.started_at - first.started_at).total_seconds()
    assert waited >= wait_s
    waiting = next(c for c in records.changes if c.state is CallState.WAITING)
    assert waiting.next_attempt_at is not None
    assert records.last().next_attempt_at is None


async def test_a_date_is_counted_from_the_servers_clock():
    """A clock that is an hour off must not turn a wait of no time into an hour."""
    there = datetime.now(UTC) + timedelta(hours=1)
    stamp = format_datetime(there, usegmt=True)
    records = Records()
    answers = reply(503, headers={"Retry-After": stamp, "Date": stamp}), reply()
    async with serving(*answers) as server, calling(server, records) as caller:
        await caller.send(GET)
    assert records.last().attempts[0].wait_s == 0.0


@pytest.mark.parametrize("header", ["string", "-5", "nan", "1e3", "", "١"])
async def test_a_garbage_retry_after_is_ignored(header: str):
    records = Records()
    answer = reply(429).replace(b"\r\n\r\n", f"\r\nRetry-After: {header}\r\n\r\n".encode(), 1)
    async with serving(answer, reply()) as server, calling(server, records) as caller:
        await caller.send(GET)
    assert records.last().attempts[0].wait_reason is WaitReason.BACKOFF


@pytest.mark.parametrize("header", ["181", "9" * 400, "Sun, 06 Nov 2994 08:49:37 GMT"])
async def test_a_huge_retry_after_gives_up_with_that_reason(header: str):
    records = Records()
    answer = reply(429, headers={"Retry-After": header})
    async with serving(answer) as server, calling(server, records) as caller:
        with pytest.raises(RateLimitError) as caught:
            await caller.send(GET)
    assert records.outcomes() == ["429"]
    assert "max_retry_after_s = 180" in records.last().gave_up
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 180


async def test_a_refused_connection_is_tried_again_for_any_method():
    async with serving() as server:
        url = server.url
    records, retry = Records(), {"base_s": 0.001, "attempts": 3}
    async with calling(url, records, a_token(), retry=retry) as caller:
        with pytest.raises(UnreachableError, match="refuses the connection"):
            await caller.send(POST)
    assert records.outcomes("submit") == ["ConnectError"] * 3
    async with calling(url, records, retry=retry) as caller:
        with pytest.raises(UnreachableError, match="refuses the connection"):
            await caller.send(GET)
    assert records.outcomes("token") == ["ConnectError"] * 3
    assert (records.last().state, records.last().attempts) == (CallState.FAILED, ())
    assert "refuses the connection" in records.last().gave_up


@pytest.mark.parametrize(
    "broken",
    [
        [reset],
        [hang_up],
        [reply(body=b"half of it", headers={"content-length": "4096"}), reset],
        [reply(body=b"half of it", headers={"content-length": "4096"}), hang_up],
        [b"HTTP/9.9 nonsense\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ],
)
async def test_a_broken_answer_is_tried_again_for_a_get_alone(broken: list):
    records = Records()
    async with serving(broken, reply()) as server, calling(server, records) as caller:
        await caller.send(GET)
        assert records.outcomes()[0] in ("ReadError", "RemoteProtocolError")
        assert records.last().attempts[0].detail.startswith("The connection to 127.0.0.1:")
        server.script[""] = [broken]
        with pytest.raises(NoAnswerError, match="broke off"):
            await caller.send(POST)
    assert len(records.outcomes("submit")) == 1


async def test_silence_is_a_timeout_and_the_request_may_set_its_own():
    records = Records()
    async with (
        serving([hang], reply()) as server,
        calling(server, records, timeouts={"read_s": 0.05}) as caller,
    ):
        await caller.send(GET)
        assert records.outcomes() == ["ReadTimeout", "200"]
        server.script[""] = [[hang]]
        patient = replace(POST, timeout_s=0.2)
        with pytest.raises(NoAnswerError, match="did not answer in time"):
            await caller.send(patient)
    assert records.last("submit").attempts[0].duration_ms >= 200


async def test_cancelled_while_it_sleeps():
    records = Records()
    answer = reply(429, headers={"Retry-After": "100"})
    async with serving(answer) as server, calling(server, records) as caller:
        task = asyncio.create_task(caller.send(GET))
        await records.bell.until(records.waiting)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    call = records.last()
    assert call.state is CallState.CANCELLED
    assert [a.outcome for a in call.attempts] == ["429"]
    assert call.next_attempt_at is None
    assert len(server.api()) == 1


async def test_cancelled_on_the_wire_frees_its_place():
    records, reached = Records(), asyncio.Event()

    async def arrive(_: object) -> None:
        reached.set()

    async with serving([arrive, hang]) as server, calling(server, records) as caller:
        task = asyncio.create_task(caller.send(GET))
        async with asyncio.timeout(5):
            await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert records.last().state is CallState.CANCELLED
        assert records.outcomes() == ["CancelledError"]
        server.script[""] = [reply()]
        for _ in range(WIDTH + 1):
            await caller.send(GET)


async def test_at_most_so_many_at_a_time_and_in_order():
    records, go = Records(), asyncio.Event()
    async with serving([wait_for(go), reply()]) as server, calling(server, records) as caller:
        await caller.check_token()
        async with asyncio.TaskGroup() as group:
            for number in range(3 * WIDTH):
                group.create_task(caller.send(replace(GET, path=f"/{number}")))
            await server.bell.until(lambda: server.inside == WIDTH)
            go.set()
    assert server.most_inside == WIDTH
    assert set(server.targets()[:WIDTH]) == {f"/{number}" for number in range(WIDTH)}
    ends = [int(call.url.rsplit("/", 1)[1]) for call in records.changes[1:]]
    assert sorted(ends) == list(range(3 * WIDTH))


async def test_a_call_that_waits_holds_no_place():
    records = Records()
    asleep = reply(429, headers={"Retry-After": "100"})
    async with serving(asleep) as server, calling(server, records) as caller:
        sleepers = [asyncio.create_task(caller.send(GET)) for _ in range(WIDTH)]
        await records.bell.until(lambda: records.waiting() == WIDTH)
        server.script[""] = [reply()]
        async with asyncio.timeout(5):
            await caller.send(replace(GET, operation="other"))
        for sleeper in sleepers:
            sleeper.cancel()
        await asyncio.wait(sleepers)
    assert records.last("other").state is CallState.DONE


async def test_a_storm_of_failing_calls_costs_a_bounded_number_of_calls():
    """Each host answers now and then, so that it is the quota that bounds, not the circuit."""
    records, calls = Records(), 100
    turn = [reply(503)] * 3 + [reply(404)]
    async with serving(*(turn * 2000)) as server, calling(server, records) as caller:
        results = await asyncio.gather(
            *(caller.send(GET) for _ in range(calls)), return_exceptions=True
        )
    assert all(isinstance(result, Exception) for result in results)
    assert len(server.api()) <= calls + QUOTA
    gave_up = [call.gave_up for call in records.changes if call.state is CallState.FAILED]
    assert any("So many calls fail" in reason for reason in gave_up)


async def test_a_host_that_keeps_failing_is_left_alone():
    records = Records()
    async with serving(reply(500)) as server, calling(server, records) as caller:
        for _ in range(2):
            with pytest.raises(ServerError):
                await caller.send(GET)
        with pytest.raises(CircuitOpenError, match="paused") as caught:
            await caller.send(GET)
    assert "500" in caught.value.why
    assert len(server.api()) == FAILURES
    assert records.last().state is CallState.FAILED
    assert "paused" in records.last().gave_up


async def test_a_redirect_is_not_followed_and_the_token_stays():
    records = Records()
    async with serving() as stranger:
        place = f"{stranger.url}/elsewhere?access_token=canary"
        away = reply(302, headers={"Location": place})
        async with serving(away) as server, calling(server, records) as caller:
            with pytest.raises(AnswerError) as caught:
                await caller.send(GET)
    assert stranger.seen == []
    assert f"{stranger.url}/elsewhere" in caught.value.why
    assert "canary" not in str(caught.value)
    assert records.outcomes() == ["302"]


async def test_the_budget_follows_the_headers():
    records = Records()
    told = {
        "inin-ratelimit-count": "40",
        "inin-ratelimit-allowed": "300",
        "inin-ratelimit-reset": "30",
    }
    async with serving(reply(headers=told)) as server, calling(server, records) as caller:
        assert caller.budget.remaining == 300
        await caller.send(GET)
        assert (caller.budget.allowed, caller.budget.remaining) == (300, 260)
        assert records.last().attempts[0].rate_limit == told
    assert records.budgets[-1].remaining == 260


async def test_no_cookie_is_kept_and_nothing_secret_is_recorded():
    records = Records()
    answer = reply(
        500, f'{{"message": "Bearer {"x" * 40}"}}'.encode(), headers={"Set-Cookie": "a=b"}
    )
    async with serving(answer, reply()) as server, calling(server, records) as caller:
        await caller.send(replace(GET, params={"access_token": "canary-token"}))
    assert all("cookie" not in seen.headers for seen in server.seen)
    everything = "".join(call.model_dump_json() for call in records.changes)
    for secret in (SECRET, "token-1", "canary-token", "x" * 40):
        assert secret not in everything
    assert SECRET not in repr(caller.__dict__)


async def test_a_body_that_is_no_json_fails_before_it_is_sent():
    records = Records()
    async with serving() as server, calling(server, records) as caller:
        with pytest.raises(ValueError, match="not JSON compliant"):
            await caller.send(replace(POST, json=float("nan")))
    assert server.seen == []
    assert records.last("submit").state is CallState.FAILED


async def test_a_caller_that_is_not_open_says_so():
    records = Records()
    async with serving() as server:
        caller = calling(server, records)
        with pytest.raises(RuntimeError, match="not open"):
            await caller.send(GET)
        async with caller:
            await caller.send(Request("null", "POST", "/x", json=None))
    assert server.api()[0].body == b"null"


async def test_a_url_that_cannot_be_one_is_refused_before_it_is_sent():
    records = Records()
    async with serving() as server, calling(server, records) as caller:
        with pytest.raises(RequestError, match="too long"):
            await caller.send(replace(GET, path="/" + "x" * 70_000))
    assert server.seen == []
    assert records.changes == []
