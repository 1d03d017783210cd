from urllib.parse import quote

import httpx
import pytest

from cxtop.core.simulator.app import create_app
from cxtop.core.simulator.executions import Execution
from cxtop.core.simulator.flows import FLOWS, Told
from cxtop.core.simulator.listening import listening

from .conftest import SECRET, sign_in

PATH = "/api/v2/flows/executions/"


@pytest.mark.parametrize(
    ("manner", "status"),
    [
        (Told.WELL, 200),
        (Told.SNAKE_CASE, 200),
        (Told.NO_STEPS, 200),
        (Told.FORBIDDEN, 403),
        (Told.NOT_KEPT, 404),
    ],
)
async def test_how_much_is_told(manner, status):
    app = create_app("calm", client_secret=SECRET)
    flow = next(flow for flow in FLOWS if flow.told is manner)
    app.state.simulation.executions.add(Execution("a/../b?", flow, "c", "ab" * 16))
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        assert (await client.get(f"{PATH}x")).status_code == 401
        await sign_in(client)
        answer = await client.get(PATH + quote("a/../b?", safe=""))
        assert (await client.get(f"{PATH}x")).json()["entityId"] == "x"
    assert answer.status_code == status
    body = answer.json()
    if status == 403:
        assert "flow:execution:view" in body["message"]
    if status == 200:
        assert body["id"] == "a/../b?"
        assert ("steps" in body) is (manner is not Told.NO_STEPS)
