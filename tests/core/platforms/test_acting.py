"""Running an action and submitting a run, over real HTTP."""

import json

import pytest

from cxtop.core.errors import (
    AnswerError,
    ConfigError,
    ForbiddenError,
    NoAnswerError,
    RequestError,
    ServerError,
    UnreachableError,
    UnsupportedError,
)
from cxtop.core.models import CallState, WaitReason
from cxtop.core.platforms import platform_for

from .server import Reply, calling, profile_for, serving

HASTY = {"timeouts": {"connect_s": 5, "read_s": 0.2, "execute_s": 0.2}}
BODY = {"actionType": "order", "payload": {"n": 1}, "metadata": {}}


async def executed(handler, action_id="find-customer", payload=None, **changes):
    calls = {}
    async with serving(handler) as server:
        profile = profile_for(server.url, **changes)
        async with calling(profile, lambda call: calls.update({call.call_id: call})) as caller:
            answer = await platform_for(profile, caller).execute(action_id, payload or {})
    return answer, server.asked, list(calls.values())


async def submitted(handler, body=BODY, key="key-1", **changes):
    async with serving(handler) as server:
        profile = profile_for(server.url, platform="cxone", **changes)
        async with calling(profile) as caller:
            try:
                return await platform_for(profile, caller).submit(body, key), server.asked
            except Exception as error:
                error.add_note(str(len(server.asked)))
                raise


def in_turn(*replies):
    waiting = list(replies)
    return lambda asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]


async def test_an_action_is_run_once_with_its_input():
    answer, asked, calls = await executed(
        lambda asked: Reply({"result": 1}), "a/../b?c", {"phone": "+49"}
    )
    assert [(one.method, one.path) for one in asked] == [
        ("POST", "/api/v2/data/actions/a%2F..%2Fb%3Fc/execute")
    ]
    assert json.loads(asked[0].body) == {"phone": "+49"}
    assert (answer.status, json.loads(answer.body)) == (200, {"result": 1})
    assert answer.duration_ms > 0
    assert answer.asked["x-request-id"] == asked[0].headers["x-request-id"] == answer.request_id
    assert "authorization" in asked[0].headers
    assert "authorization" not in answer.asked
    assert calls[0].state is CallState.DONE


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502, 503, 504])
async def test_any_status_is_an_answer_and_is_not_asked_for_again(status):
    answer, asked, calls = await executed(lambda asked: Reply(b"no", status))
    assert (answer.status, answer.body) == (status, b"no")
    assert len(asked) == 1
    assert calls[0].state is CallState.FAILED
    assert [one.status for one in calls[0].attempts] == [status]


async def test_a_throttled_action_is_run_again():
    throttled = Reply({}, 429, {"retry-after": "0"})
    answer, asked, calls = await executed(in_turn(throttled, Reply({"result": 2})))
    assert (answer.status, len(asked)) == (200, 2)
    assert calls[0].attempts[0].wait_reason is WaitReason.RETRY_AFTER


async def test_still_throttled_after_the_last_attempt_is_an_answer():
    answer, asked, _ = await executed(lambda asked: Reply({"message": "slow"}, 429))
    assert (answer.status, len(asked)) == (429, 2)


async def test_an_action_whose_answer_is_lost_is_not_run_again():
    served = []

    def lose(asked):
        served.append(asked)
        return Reply(b"{", headers={"content-length": "9"})

    with pytest.raises(NoAnswerError):
        await executed(lose, **HASTY)
    assert len(served) == 1


async def test_an_unreachable_platform_is_a_network_error():
    async with serving(lambda asked: Reply({})) as server:
        profile = profile_for(server.url)
    async with calling(profile) as caller:
        with pytest.raises(UnreachableError):
            await platform_for(profile, caller).execute("a", {})


async def test_the_platforms_say_what_they_cannot():
    async with serving(lambda asked: Reply({})) as server:
        for name, call, given in (
            ("cxone", "execute", ("a", {})),
            ("genesys", "submit", ("a", {})),
            ("genesys", "deploy_schema", ({},)),
        ):
            profile = profile_for(server.url, platform=name)
            async with calling(profile) as caller:
                with pytest.raises(UnsupportedError) as raised:
                    await getattr(platform_for(profile, caller), call)(*given)
                assert name in raised.value.what
    assert server.asked == []


@pytest.mark.parametrize(
    ("reply", "run_id", "told_by"),
    [
        (Reply({"id": "r-1"}, 202, {"x-action-id": "other"}), "r-1", "body"),
        (Reply({"id": 17}, 202), "17", "body"),
        (Reply({"id": " "}, 202, {"x-action-id": "r-2"}), "r-2", "header"),
        (Reply({"id": True}, 202, {"x-action-id": "r-2"}), "r-2", "header"),
        (Reply(b"<html>", 202, {"x-action-id": "r-3", "location": "/x/y"}), "r-3", "header"),
        (Reply(b"", 202, {"location": "/api/v2/data/actions/a%2Fb%3F/?x=1#y"}), "a/b?", "location"),
        (Reply([1], 202, {"location": "https://h.example/runs/r-4"}), "r-4", "location"),
    ],
)
async def test_where_the_run_is_named(reply, run_id, told_by):
    found, asked = await submitted(lambda asked: reply)
    assert (found.run_id, found.told_by, found.idempotency_key) == (run_id, told_by, "key-1")
    assert (asked[0].method, asked[0].path) == ("POST", "/api/v2/data/actions")
    assert asked[0].headers["idempotency-key"] == "key-1"
    assert json.loads(asked[0].body) == BODY


async def test_a_run_that_nobody_names_is_an_error_that_shows_the_answer():
    reply = Reply(
        {"status": "queued", "accessToken": "s3cr3t-0f-it"}, 202, {"location": "http://["}
    )
    with pytest.raises(AnswerError) as raised:
        await submitted(lambda asked: reply, key="key-9")
    told = str(raised.value)
    assert "202" in told
    assert '"status": "queued"' in told
    assert "s3cr3t-0f-it" not in told
    assert "key-9" in told


async def test_a_long_answer_is_clipped():
    with pytest.raises(AnswerError) as raised:
        await submitted(lambda asked: Reply({"text": "x" * 100_000}, 202))
    assert len(str(raised.value)) < 4_000


async def test_a_lost_answer_is_asked_for_again_with_the_same_key():
    lost = Reply(b"{", 202, {"content-length": "99"})
    replies = in_turn(Reply({}, 503), lost, Reply({"id": "r"}, 202))
    found, asked = await submitted(replies, **_many())
    assert found.run_id == "r"
    assert [one.headers["idempotency-key"] for one in asked] == ["key-1"] * 3


async def test_a_submission_that_is_refused_says_which_permission_it_needs():
    with pytest.raises(ForbiddenError) as raised:
        await submitted(lambda asked: Reply({}, 403))
    assert "data:actions:write" in raised.value.fix
    assert raised.value.__notes__ == ["1"]


async def test_a_platform_that_keeps_failing_is_a_server_error():
    with pytest.raises(ServerError):
        await submitted(lambda asked: Reply({}, 500))


async def deployed(handler, **changes):
    async with serving(handler) as server:
        profile = profile_for(server.url, platform="cxone", **changes)
        async with calling(profile) as caller:
            return await platform_for(profile, caller).deploy_schema({"name": "x"}), server.asked


@pytest.mark.parametrize(
    ("reply", "schema_id", "created"),
    [
        (Reply({"id": "s-1"}, 201), "s-1", True),
        (Reply({"id": 7}, 200), "7", False),
        (Reply(b"", 201, {"location": "/api/v2/dataactions/s%2F2"}), "s/2", True),
        (Reply(b"<html>", 200), "", False),
    ],
    ids=["new", "known", "by-location", "unnamed"],
)
async def test_a_schema_is_deployed(reply, schema_id, created):
    found, asked = await deployed(lambda asked: reply)
    assert (found.schema_id, found.created) == (schema_id, created)
    assert [(one.method, one.path, json.loads(one.body)) for one in asked] == [
        ("POST", "/api/v2/dataactions", {"name": "x"})
    ]
    _, asked = await deployed(lambda asked: reply, endpoints={"deploy_schema": "/v3/schemas"})
    assert asked[0].path == "/v3/schemas"


async def test_a_schema_that_is_refused_says_why_and_is_not_sent_twice():
    refused = Reply({"message": "input: no type", "code": "bad.request"}, 400)
    with pytest.raises(RequestError, match="input: no type"):
        await deployed(lambda asked: refused)
    with pytest.raises(ForbiddenError) as raised:
        await deployed(lambda asked: Reply({}, 403))
    assert "dataactions:write" in raised.value.fix
    served = []
    with pytest.raises(ServerError):
        await deployed(lambda asked: served.append(asked) or Reply({}, 503))
    assert len(served) == 1


async def test_the_profile_may_set_the_paths():
    found, asked = await submitted(
        lambda asked: Reply({"id": "r"}, 202), endpoints={"submit": "/v3/runs"}
    )
    assert (found.run_id, asked[0].path) == ("r", "/v3/runs")
    _, asked, _ = await executed(lambda asked: Reply({}), endpoints={"execute": "/x/{run_id}"})
    assert asked[0].path == "/x/find-customer"
    with pytest.raises(ConfigError):
        await submitted(lambda asked: Reply({}), endpoints={"submit": "/v3/{run_id}"})


def _many():
    return {"retry": {"base_s": 0.001, "cap_s": 0.002, "attempts": 5}, **HASTY}
