import asyncio
import logging

import httpx
import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.models import RequestIdSource, StepStatus
from cxtop.core.platforms.traces import read_trace
from cxtop.core.simulator.chance import chance
from cxtop.core.simulator.flows import FLOWS, Told
from cxtop.core.simulator.records import uuid
from cxtop.core.simulator.serve import simulator

from .conftest import until
from .test_service import captured

MANNERS = {flow.name: flow.told for flow in FLOWS}
SEED = 1


async def signed_in_to(client, here):
    form = {
        "grant_type": "client_credentials",
        "client_id": here.client_id,
        "client_secret": here.client_secret,
    }
    answer = await client.post("/oauth/token", data=form)
    client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"


def flow_of(exchange):
    return MANNERS[exchange.request.value["metadata"]["flowName"]]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "captures"


async def test_flows_run_exchanges_are_captured_and_the_platform_tells_of_both(folder):
    async with (
        simulator("calm", seed=SEED, speed=10, traffic_log=folder) as here,
        httpx.AsyncClient(base_url=here.url, trust_env=False, timeout=10) as client,
    ):
        await signed_in_to(client, here)
        assert here.traffic.log == str(folder)

        def of_flows():
            return [each for each in captured(folder) if each.flow_execution_id]

        await until(lambda: {flow_of(each) for each in of_flows()} == set(Told), within_s=15)
        statuses = {}
        for exchange in of_flows():
            if flow_of(exchange) not in statuses:
                path = f"/api/v2/flows/executions/{exchange.flow_execution_id}"
                statuses[flow_of(exchange)] = (await client.get(path)).status_code
        assert statuses.pop(Told.FORBIDDEN) == 403
        assert statuses.pop(Told.NOT_KEPT) == 404
        assert set(statuses.values()) == {200}

        record = await caused(client)
        await until(lambda: record["requestId"] in {each.request_id for each in captured(folder)})
        exchange = next(e for e in captured(folder) if e.request_id == record["requestId"])
        answer = await client.get(f"/api/v2/flows/executions/{record['flowExecutionId']}")
    if answer.status_code == 200 and "steps" in answer.json():
        trace = read_trace(record["flowExecutionId"], answer.json())
        (failed,) = [step for step in trace.steps if step.status is StepStatus.FAILED]
        assert failed.message
        assert failed.started_at <= exchange.at <= failed.ended_at
    await at_the_end(folder, here)


async def caused(client):
    """The first failed record of the linked run that a call of the service is to blame for, and
    whose flow is told well."""
    async with asyncio.timeout(15):
        while True:
            path = "/api/v2/data-actions/contact-import/results?filter=error"
            page = (await client.get(path)).json()
            for entity in page["entities"]:
                record = entity["record"]
                if "requestId" in record:
                    path = f"/api/v2/flows/executions/{record['flowExecutionId']}"
                    answer = await client.get(path)
                    if answer.status_code == 200 and "steps" in answer.json():
                        return record
            await asyncio.sleep(0.2)


async def at_the_end(folder, here):
    """Everything is over, and what was captured is whole and without secrets."""
    exchanges = captured(folder)
    assert {each.request_id_source for each in exchanges} == set(RequestIdSource)
    assert all(each.trace_id for each in exchanges if each.method == "POST")
    assert len({each.request_id for each in exchanges}) > len(exchanges) * 0.8
    assert sum(each.outcome.good for each in exchanges) > len(exchanges) * 0.6
    assert any(not each.outcome.good for each in exchanges)
    credential = uuid(chance(SEED, "credential")).encode()
    assert all(credential not in file.read_bytes() for file in folder.iterdir())
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{here.traffic.url}/healthz")


async def test_exceptions_that_are_meant_are_not_told(folder, caplog):
    async with simulator("calm", traffic_log=folder):
        logger = logging.getLogger("cxtop.capture")
        logger.warning("The disk is full.")
        try:
            raise LookupError
        except LookupError:
            logger.exception("Nobody handled it.")
    assert caplog.messages == ["The disk is full."]
    assert not logger.filters


async def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file/captures"):
        async with simulator("calm", traffic_log=tmp_path / "file" / "captures"):
            pytest.fail("captured into a file's folder")
