"""From a refusing answer to a typed error with its cause and fix."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitError,
    RequestError,
    ServerError,
)
from cxtop.core.http.answer import Answer
from cxtop.core.http.refusal import deepest_message, message_of, refusal, token_refusal
from cxtop.core.http.request import Request

from .server import GET


def an_answer(status: int, body: object = b"", **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status, headers, raw, False, "call-1", "req", "corr-1", "https://h/x", "run status"
    )


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, AuthenticationError, "renewed and refused again"),
        (403, ForbiddenError, "the permission data:actions:read"),
        (404, NotFoundError, "the id 7"),
        (410, NotFoundError, "the id 7"),
        (409, ConflictError, "present state"),
        (400, RequestError, "what was asked for"),
        (422, RequestError, "what was asked for"),
        (418, RequestError, "418"),
        (429, RateLimitError, "less often"),
        (500, ServerError, "500 Internal Server Error"),
        (599, ServerError, "the answer 599."),
        (304, AnswerError, "does not say where to"),
        (600, AnswerError, "no status that an API answers with"),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[PlatformError], says: str):
    error = refusal(GET, an_answer(status, {"message": "because"}))
    assert type(error) is kind
    assert says in str(error)
    assert "“run status”" in error.what
    assert (error.status, error.correlation_id, error.call_id) == (status, "corr-1", "call-1")
    if kind is not AnswerError:
        assert "because" in error.why


def test_without_a_permission_or_an_id_to_name():
    bare = Request("x", "GET", "/")
    assert "Give the client the permission on" in refusal(bare, an_answer(403)).fix
    assert "base_url" in refusal(bare, an_answer(404)).fix


def test_a_given_token_is_not_said_to_have_been_renewed():
    assert "give a new one" in refusal(GET, an_answer(401), token_given=True).fix


def test_a_rate_limit_keeps_its_wait():
    error = refusal(GET, an_answer(429), retry_after=7.5)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 7.5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "top", "code": "bad.request"}, "top (bad.request)"),
        ({"message": "failed bad.request"}, "failed bad.request"),
        ({"message": "bad.request", "code": "bad.request"}, "bad.request"),
        ({"code": "only.code", "errors": []}, "only.code"),
        (
            {
                "message": "top",
                "errors": [{}, {"message": "in", "errors": [{"message": "deepest"}]}],
            },
            "deepest",
        ),
        ({"message": "top", "errors": ["a string"]}, "a string"),
        ({"message": "top", "errors": [{"code": 5}]}, "top"),
        ({"message": "top", "errors": [[]]}, "top"),
        ({"error": "invalid_client", "error_description": "no such"}, "no such (invalid_client)"),
        ({"error": {"message": "nested", "code": "x"}}, "nested (x)"),
        ([{"message": "first"}], "first"),
        ("bare", "bare"),
        ({}, ""),
        (None, ""),
        (17, ""),
    ],
)
def test_the_deepest_message(body: Any, message: str):
    assert deepest_message(body) == message


def test_a_bottomless_body_ends():
    body: Any = {"message": "bottom"}
    for depth in range(100):
        body = {"message": str(depth), "errors": [body]}
    assert deepest_message(body)


def test_what_no_json_says():
    assert message_of(an_answer(502, b"upstream\n  is down")) == "upstream is down"
    assert message_of(an_answer(502, b"<html><title>Bad</title>")) == "(an HTML page) Bad"
    assert message_of(an_answer(502, b"<p>")) == "(an HTML page)"
    assert message_of(an_answer(502)) == ""
    assert len(message_of(an_answer(500, {"message": "x" * 10_000}))) <= 301
    assert message_of(an_answer(500, b"\xff\xfe\xfa")) != ""


def test_what_a_message_quotes_is_redacted():
    secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    assert secret not in str(refusal(GET, an_answer(400, {"message": f"Bearer {secret}"})))
    away = an_answer(307, location="https://u:hunter2@e/?access_token=canary")
    assert "canary" not in str(refusal(GET, away))
    assert "hunter2" not in str(refusal(GET, away))


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, AuthenticationError, "token_auth"),
        (403, AuthenticationError, "disabled"),
        (404, AuthenticationError, "token_path"),
        (405, AuthenticationError, "token_path"),
        (429, RateLimitError, "token"),
        (500, ServerError, "token"),
        (301, AnswerError, "elsewhere"),
    ],
)
def test_the_token_endpoints_refusals(status: int, kind: type[PlatformError], says: str):
    error = token_refusal(an_answer(status, location="https://elsewhere/"), retry_after=1.0)
    assert type(error) is kind
    assert says in str(error)


@given(st.binary(max_size=100), st.integers(300, 700))
@settings(max_examples=100)
def test_any_answer_has_its_error(body: bytes, status: int):
    for error in (refusal(GET, an_answer(status, body)), token_refusal(an_answer(status, body))):
        assert error.what
        assert error.fix
        assert error.status == status
