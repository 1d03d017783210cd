"""The token's life: fetched, shared, renewed, refused (contract §0, "Token")."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from cxtop.core.config import Credentials
from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    CxtopError,
    RateLimitError,
    SecretError,
    ServerError,
    UnreachableError,
)
from cxtop.core.http.answer import Answer
from cxtop.core.http.auth import REFUSAL_HOLDS_S, Token, TokenKeeper, token_from
from cxtop.core.models import CallState

from .server import (
    GET,
    SECRET,
    Records,
    a_client,
    a_token,
    calling,
    grant,
    hang,
    reply,
    serving,
    wait_for,
)


def bearer(token: Token) -> str:
    request = next(token.auth_flow(httpx.Request("GET", "http://h/")))
    return request.headers["authorization"]


def token_answer(json: bytes, status: int = 200) -> Answer:
    return Answer(status, {}, json, False, "call", "req", "corr", "https://h/oauth/token", "token")


async def test_the_client_is_shown_by_basic():
    records = Records()
    async with serving() as server, calling(server, records) as caller:
        await caller.send(GET)
    [seen] = server.token_requests()
    assert (seen.method, seen.target) == ("POST", "/oauth/token")
    scheme, encoded = seen.headers["authorization"].split()
    assert (scheme, base64.b64decode(encoded).decode()) == ("Basic", f"client:{SECRET}")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(seen.body.decode()) == {"grant_type": ["client_credentials"]}
    assert records.last("token").state is CallState.DONE
    assert records.last("token").url == server.url + "/oauth/token"


async def test_the_client_is_shown_in_the_form():
    tricky = Credentials("cl&ient", SecretStr("s=cr +et&%"))
    async with (
        serving() as server,
        calling(server, Records(), tricky, token_auth="form") as caller,
    ):
        await caller.send(GET)
    [seen] = server.token_requests()
    assert "authorization" not in seen.headers
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["cl&ient"],
        "client_secret": ["s=cr +et&%"],
    }


async def test_one_asks_however_many_wait():
    go = asyncio.Event()
    async with (
        serving(token=[[wait_for(go), grant()]]) as server,
        calling(server, Records()) as caller,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(30):
            group.create_task(caller.send(GET))
        await server.bell.until(server.token_requests)
        go.set()
    assert len(server.token_requests()) == 1
    assert len(server.api()) == 30


async def test_a_401_renews_once_and_tries_once_more():
    records = Records()
    tokens = [grant("token-1"), grant("token-2")]
    async with (
        serving(reply(401), reply(), token=tokens) as server,
        calling(server, records) as caller,
    ):
        await caller.send(GET)
    assert [s.headers["authorization"] for s in server.api()] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert records.outcomes() == ["401", "200"]
    assert records.last().attempts[0].wait_s is None
    assert records.last().state is CallState.DONE


async def test_a_second_401_is_an_authentication_error():
    records = Records()
    async with (
        serving(reply(401, b'{"message": "Bad token"}')) as server,
        calling(server, records) as caller,
    ):
        with pytest.raises(AuthenticationError, match="Bad token") as caught:
            await caller.send(GET)
    assert len(server.api()) == 2
    assert len(server.token_requests()) == 2
    assert caught.value.status == 401
    assert records.outcomes() == ["401", "401"]
    assert records.last().state is CallState.FAILED


async def test_a_401_after_the_retry_of_a_503_still_renews_only_once():
    records = Records()
    answers = reply(401), reply(503), reply(401)
    async with serving(*answers) as server, calling(server, records) as caller:
        with pytest.raises(AuthenticationError):
            await caller.send(GET)
    assert records.outcomes() == ["401", "503", "401"]
    assert len(server.token_requests()) == 2


async def test_a_token_that_is_revoked_under_many_calls_is_renewed_once():
    go = asyncio.Event()
    answers = [[wait_for(go), reply(401)] for _ in range(8)]
    tokens = [grant("token-1"), grant("token-2")]
    async with (
        serving(*answers, reply(), token=tokens) as server,
        calling(server, Records()) as caller,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(40):
            group.create_task(caller.send(GET))
        await server.bell.until(lambda: server.inside == 8)
        go.set()
    assert len(server.token_requests()) == 2
    old = [s for s in server.api() if s.headers["authorization"] == "Bearer token-1"]
    assert len(old) == 8, "calls that still queued must not carry the token that was refused"
    assert len(server.api()) == 48


async def test_a_given_token_is_used_without_a_client():
    records = Records()
    async with (
        serving(reply(), reply(401)) as server,
        calling(server, records, a_token()) as caller,
    ):
        await caller.send(GET)
        assert server.api()[0].headers["authorization"] == "Bearer given-token"
        with pytest.raises(AuthenticationError, match="give a new one"):
            await caller.send(GET)
    assert server.token_requests() == []
    assert records.outcomes() == ["401"]


async def test_a_given_token_with_a_client_is_renewed_once_refused():
    both = Credentials("client", SecretStr(SECRET), SecretStr("given-token"))
    async with (
        serving(reply(401), reply()) as server,
        calling(server, Records(), both) as caller,
    ):
        await caller.send(GET)
    assert [s.headers["authorization"] for s in server.api()] == [
        "Bearer given-token",
        "Bearer token-1",
    ]


async def test_it_is_renewed_before_it_expires():
    tokens = [grant("token-1", expires_in=0.2), grant("token-2")]
    async with serving(token=tokens) as server, calling(server, Records()) as caller:
        await caller.send(GET)
        async with asyncio.timeout(5):
            while len(server.token_requests()) < 2:
                await caller.send(GET)
    assert {s.headers["authorization"] for s in server.api()} == {
        "Bearer token-1",
        "Bearer token-2",
    }


async def test_a_token_without_life_is_used_once_and_many_calls_get_through():
    async with (
        serving(token=[grant(expires_in=0)]) as server,
        calling(server, Records()) as caller,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(30):
            group.create_task(caller.send(GET))
    assert len(server.api()) == 30


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            reply(400, json={"error": "invalid_client", "error_description": "no such client"}),
            "no such",
        ),
        (reply(401, json={"error": "invalid_client"}), "token_auth"),
        (reply(403, json={"message": "client is disabled"}), "disabled"),
        (reply(404, b"<html><title>Nope</title>"), "token_path"),
        (reply(200, json={"token": 1}), "without a usable access token"),
        (reply(200, json={"access_token": "a\nb"}), "not a token"),
    ],
)
async def test_a_refused_client_is_told_what_to_do(answer: bytes, says: str):
    records = Records()
    async with serving(token=[answer]) as server, calling(server, records) as caller:
        with pytest.raises(AuthenticationError) as caught:
            await caller.send(GET)
        with pytest.raises(AuthenticationError):
            await caller.send(GET)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert server.api() == []
    assert len(server.token_requests()) == 1, "a refused client is not shown again at once"
    assert records.last().state is CallState.FAILED
    assert records.last().gave_up == caught.value.what


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(503), ServerError),
        (reply(429), RateLimitError),
        (reply(302, headers={"location": "https://elsewhere/"}), AnswerError),
        (reply(200, b"<html><title>Sign in</title>"), AnswerError),
        (reply(200, json=[]), AnswerError),
    ],
)
async def test_trouble_with_the_token_is_what_the_call_fails_with(
    answer: bytes, kind: type[CxtopError]
):
    async with serving(token=[answer]) as server, calling(server, Records()) as caller:
        with pytest.raises(kind):
            await caller.send(GET)
    assert server.api() == []


async def test_the_one_that_asked_is_cancelled_and_the_others_still_get_it():
    go = asyncio.Event()
    async with (
        serving(token=[[wait_for(go), grant()]]) as server,
        calling(server, Records()) as caller,
    ):
        first, second = (asyncio.create_task(caller.send(GET)) for _ in range(2))
        await server.bell.until(server.token_requests)
        first.cancel()
        await asyncio.wait([first])
        go.set()
        assert (await second).status == 200
    assert first.cancelled()
    assert len(server.token_requests()) == 1


async def test_closing_ends_the_asking():
    records = Records()
    async with serving(token=[[hang]]) as server:
        async with calling(server, records, timeouts={"read_s": 60}) as caller:
            task = asyncio.create_task(caller.send(GET))
            await server.bell.until(server.token_requests)
        await asyncio.wait([task])
    assert task.cancelled()
    assert records.last("token").state is CallState.CANCELLED


async def test_a_refusal_holds_for_a_while_only():
    now, asked = [0.0], []

    async def fetch(at: float) -> Token:
        asked.append(at)
        raise AuthenticationError("No.")

    keeper = TokenKeeper(a_client(), fetch, clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            await keeper.ready()
    now[0] = REFUSAL_HOLDS_S
    with pytest.raises(AuthenticationError):
        await keeper.ready()
    assert asked == [0.0, REFUSAL_HOLDS_S]


async def test_an_unreachable_login_is_asked_again_by_the_next_call():
    async def fetch(at: float) -> Token:
        asked.append(at)
        raise UnreachableError("No.")

    asked: list[float] = []
    keeper = TokenKeeper(a_client(), fetch)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            await keeper.ready()
    assert len(asked) == 2


async def test_a_late_401_to_an_older_token_leaves_the_newer_one():
    tokens = [Token(SecretStr("a")), Token(SecretStr("b"))]

    async def fetch(_: float) -> Token:
        return tokens.pop(0)

    keeper = TokenKeeper(a_client(), fetch)
    old = await keeper.ready()
    keeper.reject(old)
    new = await keeper.ready()
    keeper.reject(old)
    assert await keeper.ready() is new


@pytest.mark.parametrize(
    ("told", "stale_at"),
    [
        ("3600", 3640.0),
        ("100", 190.0),
        ('"100"', 190.0),
        ("0", 100.0),
        ("-5", 100.0),
        ("null", 3640.0),
        ("true", 3640.0),
        ('"soon"', 3640.0),
        ('"inf"', 3640.0),
        ("[]", 3640.0),
        ("1" * 400, 3640.0),
    ],
)
def test_the_slack_before_it_expires(told: str, stale_at: float):
    text = f'{{"access_token": "t", "expires_in": {told}}}'
    assert token_from(token_answer(text.encode()), 100.0).stale_at == stale_at


@given(st.binary(max_size=60) | st.sampled_from([b"null", b"[]", b'""', b'{"access_token": {}}']))
@settings(max_examples=100)
def test_any_token_answer_is_a_token_or_a_typed_error(body: bytes):
    try:
        token = token_from(token_answer(body), 0.0)
        told = bearer(token)
    except CxtopError as error:
        told = error.what
    assert told


@pytest.mark.parametrize("given_token", ["", " \n", "a b", "tök", "a\r\nX: y"])
def test_a_given_token_that_cannot_be_one(given_token: str):
    with pytest.raises(SecretError) as caught:
        calling("http://127.0.0.1:1", Records(), a_token(given_token))
    assert given_token.strip() == "" or given_token not in str(caught.value)


def test_no_credentials_at_all():
    with pytest.raises(SecretError, match="no credentials"):
        calling("http://127.0.0.1:1", Records(), Credentials())


def test_a_token_is_never_shown():
    token = Token(SecretStr("canary"))
    assert "canary" not in repr(token) + str(token) + repr(vars(token))
    assert bearer(token) == "Bearer canary"
