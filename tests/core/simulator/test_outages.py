from pathlib import Path

import httpx
import pytest

from cxtop.core.capture import CaptureLog
from cxtop.core.simulator.blunders import Wrong
from cxtop.core.simulator.listening import listening
from cxtop.core.simulator.outages import Outage
from cxtop.core.simulator.scenarios import scenario
from cxtop.core.simulator.service import create_service

from .conftest import Clock

OUTAGE = Outage("/loyalty/points", 10, 20, 1.0, Wrong(b'{"code":"down","message":"x"}', 503))
CALL = {"variables": {"memberId": "LOY-0000001", "customerId": "CRM-1", "orderNumber": "SO-1"}}


@pytest.mark.parametrize(("elapsed", "out"), [(9.9, False), (10, True), (19.9, True), (20, False)])
def test_it_has_a_beginning_and_an_end(elapsed, out):
    assert OUTAGE.befalls("/loyalty/points", elapsed, 1, 1) is out
    assert not OUTAGE.befalls("/crm/lookup", elapsed, 1, 1)


def test_it_befalls_a_share_and_the_same_ones_each_time():
    outage = Outage("/a", 0, 10, 0.8, OUTAGE.answer)
    struck = [outage.befalls("/a", 5, 7, turn) for turn in range(500)]
    assert 350 < sum(struck) < 450
    assert struck == [outage.befalls("/a", 5, 7, turn) for turn in range(500)]


async def test_the_service_is_out_of_order_for_that_time(tmp_path: Path):
    clock = Clock(now=0)
    with CaptureLog(tmp_path, "crm") as log:
        service = create_service(log, share=0, pace=50, outage=OUTAGE, elapsed=clock)
        async with (
            listening(service) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            statuses = []
            for now in (0, 15, 25):
                clock.now = now
                loyalty = await client.post("/loyalty/points", json=CALL)
                orders = await client.post("/orders/status", json=CALL)
                statuses.append((loyalty.status_code, orders.status_code))
                if loyalty.status_code == 503:
                    assert loyalty.json()["code"] == "down"
    assert statuses == [(200, 200), (503, 200), (200, 200)]


def test_the_busy_scenario_has_one_that_ends_while_somebody_looks():
    outage = scenario("busy").outage
    assert outage is not None
    assert outage.ends_s - outage.begins_s <= 300
    assert scenario("calm").outage is None
