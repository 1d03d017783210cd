import httpx
import pytest

from cxtop.core.simulator.app import create_app
from cxtop.core.simulator.deployments import FORBIDDEN, MOST_SCHEMAS

from .conftest import SECRET, sign_in, signed_in

GOOD = {
    "name": "lookup/1",
    "description": "Looks up.",
    "input": {"type": "object"},
    "output": {},
    "errorCodes": [{"code": "A", "message": "a"}],
}


async def deploy(client, schema):
    return await client.post("/api/v2/dataactions", json=schema)


async def test_a_schema_is_new_once():
    async with signed_in("calm") as client:
        first, again = await deploy(client, GOOD), await deploy(client, GOOD)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] == "lookup%2F1"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name:"),
        ({"input": None}, "input: expected a JSON Schema"),
        ({"output": {"type": 3}}, "output.type:"),
        ({"errorCodes": [1]}, "errorCodes: must be"),
        ({"errorCodes": [{"code": "A"}, {"code": "A"}]}, "errorCodes: A is there twice."),
    ],
    ids=["name", "input", "output", "codes", "double"],
)
async def test_a_fault_is_named(change, told):
    async with signed_in("calm") as client:
        answer = await deploy(client, GOOD | change)
    assert answer.status_code == 400
    assert told in answer.json()["message"]


async def test_what_is_not_allowed_and_too_much():
    app = create_app("calm", client_secret=SECRET)
    full = {f"schema-{number}": GOOD for number in range(MOST_SCHEMAS - 1)}
    app.state.simulation.deployed.update(full)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
        await sign_in(client)
        assert (await deploy(client, GOOD | {"name": FORBIDDEN})).status_code == 403
        assert (await deploy(client, GOOD)).status_code == 201
        assert (await deploy(client, GOOD | {"name": "other"})).status_code == 400
        assert (await deploy(client, GOOD)).status_code == 200
