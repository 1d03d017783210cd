import asyncio
import json
from collections import Counter

import httpx
import pytest

from cxtop.core.capture import CaptureLog
from cxtop.core.capture.record import decode_line
from cxtop.core.diagnosis import diagnose_exchange
from cxtop.core.models import Outcome, RequestIdSource
from cxtop.core.simulator.listening import listening
from cxtop.core.simulator.payloads import ROUTES
from cxtop.core.simulator.service import create_service

from .test_blunders import VARIABLES

INBOUND = {"flowExecutionId": "f-1", "conversationId": "c-1", "variables": VARIABLES}


def captured(folder):
    lines = [line for file in folder.glob("*.jsonl") for line in file.read_bytes().splitlines()]
    return sorted(map(decode_line, lines), key=lambda exchange: exchange.at)


@pytest.fixture
def log(tmp_path):
    with CaptureLog(tmp_path / "captures", "crm-gateway") as log:
        yield log


async def test_it_goes_wrong_in_all_the_ways_there_are(log, tmp_path):
    service = create_service(log, share=1.0, pace=6)
    few = asyncio.Semaphore(30)
    async with (
        listening(service) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=1) as client,
    ):

        async def call(path):
            async with few:
                try:
                    await client.post(path, json=INBOUND)
                except httpx.TimeoutException:
                    return

        await asyncio.gather(*(call(route.path) for _ in range(12) for route in ROUTES))
    log.flush()
    exchanges = captured(tmp_path / "captures")
    outcomes = {diagnose_exchange(exchange).outcome for exchange in exchanges}
    assert outcomes == set(Outcome) - {Outcome.UNREACHABLE}
    for route in ROUTES:
        of_route = [exchange for exchange in exchanges if exchange.route == route.path]
        assert len(of_route) == 12
        assert sum(exchange.outcome is Outcome.OK for exchange in of_route) >= 2
    failures = [exchange.failure for exchange in exchanges if exchange.failure is not None]
    assert failures
    assert all("service.py" in failure.frames[-1].file for failure in failures)


async def test_most_answers_are_good_and_the_same_again(log, tmp_path):
    async with (
        listening(create_service(log, pace=50)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=5) as client,
    ):
        answers = [
            await client.post("/crm/lookup", json=INBOUND, headers={"x-request-id": f"r-{n}"})
            for n in range(40)
        ]
        assert (await client.get("/healthz")).json()["status"] == "ok"
    log.flush()
    texts = Counter(answer.text for answer in answers)
    assert 20 <= texts.most_common(1)[0][1] < 40
    exchanges = captured(tmp_path / "captures")
    assert [exchange.request_id for exchange in exchanges[:-1]] == [f"r-{n}" for n in range(40)]
    assert exchanges[0].flow_execution_id == "f-1"
    assert exchanges[-1].request_id_source is RequestIdSource.GENERATED


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (b"", "variables.customerId, variables.topic"),
        (b"[1]", "variables.customerId, variables.topic"),
        (b'{"variables": "none"}', "variables.customerId, variables.topic"),
        (json.dumps({"variables": {"customerId": "CRM-1", "topic": ""}}).encode(), "topic"),
    ],
)
async def test_a_call_that_lacks_something_is_told_what(log, body, missing):
    async with (
        listening(create_service(log)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        answer = await client.post("/dataaction/webhook", content=body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "INVALID_INPUT_FORMAT"
    assert error["message"].endswith(missing)


async def test_the_end_does_not_wait_for_what_is_slow(log):
    sent = asyncio.Event()

    async def trace(name, info):
        if name == "http11.send_request_body.complete":
            sent.set()

    service = create_service(log, pace=0.001)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client, asyncio.timeout(10):
        async with listening(service) as url:
            call = asyncio.create_task(
                client.post(f"{url}/crm/lookup", json=INBOUND, extensions={"trace": trace})
            )
            await sent.wait()
            # What was sent before this is being worked on once this is answered.
            await client.get(f"{url}/healthz")
        assert (await call).json()["success"] is True
