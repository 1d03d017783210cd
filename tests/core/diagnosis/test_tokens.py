from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from cxtop.core.diagnosis import TokenReading, TokenState, token_of
from cxtop.core.diagnosis.tokens import moment, token_reading
from cxtop.core.models import Outcome

from .support import GOOD_TOKEN, JSON, NOW, TOKEN, answered

THEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (THEN.timestamp(), THEN),
        (int(THEN.timestamp()) * 1000, THEN),
        ("2024-05-06T07:08:09Z", THEN),
        ("2024-05-06t09:08:09+02:00", THEN),
        ("2024-05-06 07:08:09.000z", THEN),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("2024-05-06", None),
        ("2024-05-06T07:08:09", None),
        ("2024-13-06T07:08:09Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("1714979289", None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        (-(10**16), None),
        ([], None),
    ],
)
def test_moments(value, expected):
    assert moment(value) == expected


@pytest.mark.parametrize(
    ("value", "state", "directive"),
    [
        (None, TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        ({}, TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        ({"token": ""}, TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        ({"token": 5}, TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        (" ", TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        ([], TokenState.NO_TOKEN, "INITIATE_AUTH_FLOW"),
        ("abc", TokenState.VALID, ""),
        ({"token": "t"}, TokenState.VALID, ""),
        ({"token": "t", "expiresAt": "2026-01-02T03:04:06Z"}, TokenState.VALID, ""),
        ({"token": "t", "expiresAt": "soon"}, TokenState.VALID, ""),
        (
            {"token": "t", "expiresAt": "2026-01-02T03:04:05Z"},
            TokenState.TOKEN_EXPIRED,
            "REFRESH_TOKEN",
        ),
    ],
)
def test_states(value, state, directive):
    reading = token_reading(value, NOW)
    assert (reading.state, reading.directive) == (state, directive)
    assert (reading.expired_at is not None) is (state is TokenState.TOKEN_EXPIRED)


def test_a_token_that_fits_says_where_it_stands():
    found = answered({"result": GOOD_TOKEN}, expects=TOKEN)
    assert found.message == "The answer fits the Cognigy profile token, which is valid."
    expired = answered({"result": {**GOOD_TOKEN, "expiresAt": 1_700_000_000_000}}, expects=TOKEN)
    assert expired.outcome is Outcome.OK
    assert expired.message.endswith("which expired at 2023-11-14 22:13:20 UTC.")
    assert "REFRESH_TOKEN" in expired.hint
    none = answered({"result": {"token": None, "userId": "u"}}, expects=TOKEN)
    assert none.outcome is Outcome.OK
    assert "INITIATE_AUTH_FLOW" in none.hint


def test_every_field_that_drifts_is_named_and_the_rest_is_kept():
    token = {"token": "t", "expiresAt": "soon", "userId": 4, "metadata": [], "extra": 1}
    found = answered({"result": token}, expects=TOKEN)
    assert found.outcome is Outcome.SCHEMA_DRIFT
    assert dict(found.findings) == {
        "$.result.expiresAt": "expected an epoch in s or ms, or an RFC 3339 time, found string",
        "$.result.userId": "expected string, found integer",
        "$.result.metadata": "expected object, found array",
    }
    assert found.result == {"token": "t", "extra": 1}
    assert "and 2 more" in found.message


@pytest.mark.parametrize(
    ("change", "place", "found"),
    [
        ({"expiresAt": None}, "$.result.expiresAt", "found null"),
        ({"expiresAt": 1e300}, "$.result.expiresAt", "found a number out of range"),
        ({"expiresAt": True}, "$.result.expiresAt", "found boolean"),
        ({"userId": None}, "$.result.userId", "found null"),
        ({"token": 5}, "$.result.token", "found integer"),
    ],
)
def test_one_field_that_drifts(change, place, found):
    diagnosis = answered({"result": {**GOOD_TOKEN, **change}}, expects=TOKEN)
    assert diagnosis.findings[0][0] == place
    assert diagnosis.findings[0][1].endswith(found)


def test_what_a_bearer_of_a_token_lacks():
    found = answered({"result": {"token": "t"}}, expects=TOKEN)
    assert [place for place, _ in found.findings] == ["$.result.expiresAt", "$.result.userId"]
    assert all(told.endswith("found nothing") for _, told in found.findings)
    assert answered({"result": [1]}, expects=TOKEN).findings == (
        ("$.result", "expected object, found array"),
    )


def test_the_state_of_an_answer():
    def state(body, status=200):
        return token_of(answered(body, status, expects=TOKEN), NOW)

    assert state({"result": None}) == TokenReading(TokenState.NO_TOKEN)
    assert state({"result": "abc"}) == TokenReading(TokenState.VALID)
    assert state({"result": {"token": "t", "expiresAt": 1}}) == TokenReading(
        TokenState.TOKEN_EXPIRED, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1)
    )
    assert state(b"<html>") is None
    assert state({"errors": ["x"]}) is None
    assert state(b"", 500) is None


@given(JSON)
def test_any_value_has_a_state_and_a_moment_or_none(value):
    assert token_reading(value, NOW).state in TokenState
    found = moment(value)
    assert found is None or found.tzinfo is UTC
