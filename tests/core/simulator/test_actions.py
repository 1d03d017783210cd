"""Every outcome of the diagnosis has an action that answers so."""

from datetime import UTC, datetime

import pytest

from cxtop.core.diagnosis import EXECUTE, ProfileToken, diagnose
from cxtop.core.models import Outcome
from cxtop.core.simulator.actions import ACTIONS
from cxtop.core.simulator.bodies import MOST_BYTES

from .conftest import signed_in

PATH = "/api/v2/data/actions/{}/execute"
NOT_ANSWERED = {Outcome.EXCEPTION, Outcome.DISCONNECTED, Outcome.UNREACHABLE}


async def test_there_is_an_action_for_every_outcome():
    expects = EXECUTE.bringing(ProfileToken(datetime.now(UTC)))
    seen = {}
    async with signed_in("calm") as client:
        for action in ACTIONS:
            answer = await client.post(PATH.format(action), json={"n": 1})
            plain = diagnose(answer.status_code, answer.headers, answer.content, expects=EXECUTE)
            token = diagnose(answer.status_code, answer.headers, answer.content, expects=expects)
            seen[action] = plain.outcome, token.outcome
    found = {outcome for pair in seen.values() for outcome in pair}
    assert found == set(Outcome) - NOT_ANSWERED
    assert seen["ok"][0] is Outcome.OK
    assert seen["token-valid"] == seen["token-expired"] == (Outcome.OK, Outcome.OK)
    assert seen["schema-drift"] == (Outcome.SCHEMA_DRIFT, Outcome.SCHEMA_DRIFT)
    for levels in ("stringified", "stringified-2", "stringified-3"):
        assert seen[levels][0] is Outcome.STRINGIFIED_RESULT


async def test_an_input_comes_back():
    async with signed_in("calm") as client:
        body = (await client.post(PATH.format("echo"), json={"a": [1]})).json()
        assert body["result"] == {"a": [1]}


@pytest.mark.parametrize(
    ("action", "content", "status"),
    [
        ("ok", b"[]", 400),
        ("ok", b"{", 400),
        ("nothing", b"{}", 404),
        ("ok", b"x" * MOST_BYTES, 400),
    ],
)
async def test_what_it_does_not_take(action, content, status):
    async with signed_in("calm") as client:
        answer = await client.post(PATH.format(action), content=content)
        assert answer.status_code == status
        assert answer.json()["message"]


async def test_it_takes_no_more_than_it_can_hold():
    async with signed_in("calm") as client:
        answer = await client.post(PATH.format("ok"), content=b" " * (MOST_BYTES + 1))
        assert answer.status_code == 413
