import base64

import pytest

from cxtop.core.simulator.app import CLIENT_ID
from cxtop.core.simulator.tokens import MOST_FORM_BYTES, TOKEN_PATHS

from .conftest import SECRET, Clock, outcome, platform, sign_in

RUN = "/api/v2/data-actions/crm-import/status"
GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize("path", sorted(TOKEN_PATHS))
async def test_both_paths_give_tokens_both_ways(path):
    in_form = {"data": GRANT | {"client_id": CLIENT_ID, "client_secret": SECRET}}
    by_basic = {"data": GRANT, "auth": (CLIENT_ID, SECRET)}
    async with platform("calm") as client:
        for way in (in_form, by_basic):
            answer = await client.post(path, **way)
            assert answer.status_code == 200
            given = answer.json()
            assert given.keys() == {"access_token", "token_type", "expires_in"}
            bearer = {"authorization": f"Bearer {given['access_token']}"}
            assert (await client.get(RUN, headers=bearer)).status_code == 200


async def test_basic_may_be_form_encoded():
    """RFC 6749 §2.3.1 encodes id and secret before they are joined."""
    coded = base64.b64encode(f"{CLIENT_ID.replace('-', '%2D')}:{SECRET}".encode()).decode()
    async with platform("calm") as client:
        headers = {"authorization": f"Basic {coded}"}
        answer = await client.post("/oauth/token", data=GRANT, headers=headers)
        assert answer.status_code == 200


BAD_CLIENTS = (
    {"auth": (CLIENT_ID, "wrong")},
    {"auth": ("other", SECRET)},
    {"auth": ("", "")},
    {"headers": {"authorization": "Basic ***"}},
    {"headers": {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}},
    {"headers": {"authorization": "Basic " + base64.b64encode(b"no colon").decode()}},
    {"headers": {"authorization": "Bearer x"}},
    {},
)


async def test_a_bad_client_is_refused_and_the_secret_not_told():
    async with platform("calm") as http:
        for client in BAD_CLIENTS:
            answer = await http.post("/oauth/token", data=GRANT, **client)
            assert answer.status_code == 401, client
            assert answer.json()["error"] == "invalid_client"
            assert SECRET not in answer.text


async def test_other_grants_are_refused():
    async with platform("calm") as client:
        answer = await client.post(
            "/oauth/token", data={"grant_type": "password"}, auth=(CLIENT_ID, SECRET)
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_huge_form_is_refused():
    async with platform("calm") as client:
        form = GRANT | {"client_id": "x" * MOST_FORM_BYTES}
        answer = await client.post("/oauth/token", data=form)
        assert answer.status_code == 413


async def test_tokens_expire():
    clock = Clock()
    async with platform("calm", clock=clock) as client:
        lifetime = (await sign_in(client)).json()["expires_in"]
        clock.now += lifetime - 1
        assert (await client.get(RUN)).status_code == 200
        clock.now += 1
        answer = await client.get(RUN)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad.credentials")
        await sign_in(client)
        assert (await client.get(RUN)).status_code == 200


async def test_a_storm_revokes_tokens_before_their_time():
    clock = Clock()
    async with platform("storm", clock=clock) as client:
        answer = None
        while answer is None or answer.status_code != 200:
            answer = await client.post("/oauth/token", data=GRANT, auth=(CLIENT_ID, SECRET))
        given = answer.json()
        clock.now += 20
        assert given["expires_in"] > 20
        client.headers["authorization"] = f"Bearer {given['access_token']}"
        assert await outcome(client, "/api/v2/data-actions/storm-import/status") == "401"


async def test_calls_without_a_token_that_holds_are_refused():
    async with platform("calm") as client:
        for header in (b"", b"Basic abc", b"Bearer", b"Bearer wrong", b"bearer \xe9"):
            answer = await client.get(RUN, headers=[(b"authorization", header)])
            assert answer.status_code == 401, header
            assert answer.json()["contextId"]


async def test_the_scheme_counts_in_any_case():
    async with platform("calm") as client:
        await sign_in(client)
        header = client.headers["authorization"].replace("Bearer", "bearer")
        assert (await client.get(RUN, headers={"authorization": header})).status_code == 200
