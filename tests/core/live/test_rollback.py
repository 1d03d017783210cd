import pytest

from cxtop.core.config import RollbackCheck
from cxtop.core.errors import NetworkError
from cxtop.core.live.outbound import MOST_BYTES, Outbound
from cxtop.core.live.rollback import check_rollback

from ..platforms.server import Reply, calling, profile_for, serving
from .support import closed_port


async def checked(reply, field="state", value="DONE", path="/x/{actionId}"):
    async with serving(lambda asked: reply) as server, Outbound() as outbound:
        check = RollbackCheck(url=f"{server.url}{path}", field=field, value=value)
        seen = await check_rollback(check, "r", outbound=outbound, ask=None)
        return seen, server.asked


@pytest.mark.parametrize(
    ("body", "field", "value", "verified"),
    [
        ({"state": "DONE"}, "state", "DONE", True),
        ({"state": "done"}, "state", "DONE", False),
        ({"a": [{"b": 1}]}, "a.0.b", 1, True),
        ({"a": [{"b": True}]}, "a.0.b", 1, False),
        ({"a": 1}, "a", True, False),
        ({"a": None}, "a", None, True),
        ({}, "a", None, False),
        ({"a": [1]}, "a.1", 1, False),
        ({"a": 1}, "a.b", 1, False),
        ([], "a", 1, False),
    ],
)
async def test_only_the_configured_value_verifies(body, field, value, verified):
    seen, _ = await checked(Reply(body), field, value)
    assert seen.verified is verified
    assert seen.note


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"state": "DONE"}, 500),
        Reply({"state": "DONE"}, 302, {"location": "/elsewhere"}),
        Reply(b"<html>DONE</html>", headers={"content-type": "text/html"}),
        Reply(b""),
        Reply(b'{"state": "DO'),
    ],
)
async def test_any_other_answer_verifies_nothing(reply):
    seen, asked = await checked(reply)
    assert not seen.verified
    assert len(asked) == 1


async def test_nobody_there_verifies_nothing():
    with closed_port() as url:
        async with Outbound() as outbound:
            check = RollbackCheck(url=f"{url}/{{actionId}}", field="a", value=1)
            seen = await check_rollback(check, "r", outbound=outbound, ask=None)
    assert not seen.verified
    assert "refuses" in seen.note


async def test_a_path_is_asked_of_the_platform_with_its_query():
    check = RollbackCheck(url="/x/{actionId}?a=b%20c", field="state", value="DONE")
    async with (
        serving(lambda asked: Reply({"state": "DONE"})) as server,
        calling(profile_for(server.url)) as caller,
        Outbound() as outbound,
    ):
        seen = await check_rollback(check, "a/b", outbound=outbound, ask=caller.send)
        assert seen.verified
        assert server.asked[0].path == "/x/a%2Fb"
        assert server.asked[0].query == {"a": "b c"}
        assert server.asked[0].headers["authorization"].startswith("Bearer ")
        nowhere = await check_rollback(check, "a/b", outbound=outbound, ask=None)
        assert not nowhere.verified


async def test_answers_are_read_within_bounds_and_told_without_secrets():
    async with Outbound() as outbound:
        async with serving(lambda asked: Reply(b"x" * (2 * MOST_BYTES))) as server:
            reply = await outbound.get(server.url)
            assert len(reply.body) == MOST_BYTES
            assert len(str(reply)) < 300
        refusal = Reply(b"no: password=hush-hush\nnext", 599, {"retry-after": "7"})
        async with serving(lambda asked: refusal) as server:
            reply = await outbound.post(f"{server.url}/?sig=hush", {"a": 1}, {"x-y": "z"})
            assert not reply.good
            assert reply.retry_after_s == 7
            assert str(reply).startswith("599: no: password=")
            assert "hush-hush" not in str(reply)
            assert server.asked[0].headers["x-y"] == "z"
            assert server.asked[0].body == b'{"a":1}'


async def test_an_error_names_the_host_alone():
    with closed_port() as url:
        async with Outbound() as outbound:
            with pytest.raises(NetworkError) as caught:
                await outbound.post(f"{url}/hook?sig=hush", {}, {})
    assert "hush" not in str(caught.value)
    assert "hook" not in str(caught.value)
    async with Outbound() as outbound:
        with pytest.raises(NetworkError):
            await outbound.get("http://127.0.0.1:1/\x00")
