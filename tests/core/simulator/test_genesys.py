from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from cxtop.core.simulator.records import failed_record
from cxtop.core.simulator.scenarios import scenario

from .conftest import Clock, sign_in, signed_in

FIELDS = {
    "dataActionId",
    "status",
    "progress",
    "processedCount",
    "totalCount",
    "errorCount",
    "warningCount",
    "createdTimestamp",
    "updatedTimestamp",
}
BUSY = {plan.run_id: plan for plan in scenario("busy").plans}
INVOICES = "6f1d2c9e-0b7a-4f35-9a55-3f2d8c1e7b10"


def path(run_id, call="status"):
    return f"/api/v2/data-actions/{quote(run_id, safe='')}/{call}"


async def get(client, run_id, call="status", **params):
    for _ in range(3):  # the weather lets every third request through
        answer = await client.get(path(run_id, call), params=params)
        if answer.status_code not in {429, 503}:
            break
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_status_has_the_documented_fields():
    async with signed_in("calm") as client:
        body = await get(client, "crm-import")
        assert body.keys() == FIELDS
        assert body["status"] == "failed"
        assert (body["processedCount"], body["totalCount"], body["errorCount"]) == (730, 1000, 270)
        assert body["progress"] == 0.73
        times = [
            datetime.fromisoformat(body[f"{word}Timestamp"]) for word in ("created", "updated")
        ]
        assert times[0] < times[1] < datetime.now(UTC)
        assert body["createdTimestamp"].endswith("Z")


async def test_state_moves_with_time_and_not_with_polls():
    clock = Clock()
    async with signed_in("calm", clock=clock, speed=3) as client:
        polls = [await get(client, "contact-import") for _ in range(3)]
        assert polls[0] == polls[1] == polls[2]
        assert polls[0]["status"] == "running"
        clock.now += 10
        after = await get(client, "contact-import")
        assert after["processedCount"] > polls[0]["processedCount"] + 100
        clock.now += 90
        assert (await get(client, "contact-import"))["status"] == "completed"


async def test_the_oddities_of_real_deployments():
    clock = Clock()
    async with signed_in("busy", clock=clock) as client:
        assert "progress" not in await get(client, "wfm-schedule-push")
        assert (await get(client, "wfm-schedule-push"))["errorCount"] is None
        assert (await get(client, "crm-backfill"))["name"] == "CRM backfill"
        assert (await get(client, "loyalty-sync")).keys() == FIELDS
        assert (await get(client, "loyalty-sync"))["status"] == "IN_PROGRESS"
        shares, totals = [], []
        for _ in range(30):
            shares.append((await get(client, "callback-scheduler"))["progress"])
            totals.append((await get(client, "product-catalog-upsert"))["totalCount"])
            clock.now += 1
        assert shares != sorted(shares)
        assert totals == sorted(set(totals))
        clock.now += 1_000
        await sign_in(client)
        assert (await get(client, INVOICES))["progress"] > 1
        assert (await get(client, "wfm-schedule-push"))["errorCount"] == 410


async def test_results_walk_to_an_empty_page():
    async with signed_in("calm") as client:
        seen, number = [], 0
        while True:
            number += 1
            page = await get(
                client, "crm-import", "results", filter="error", pageSize=100, pageNumber=number
            )
            assert (page["pageSize"], page["pageNumber"], page["total"]) == (100, number, 270)
            if not page["entities"]:
                break
            seen += page["entities"]
        assert number == 4
        plan = next(plan for plan in scenario("calm").plans if plan.run_id == "crm-import")
        assert seen == [failed_record(plan, 1, index) for index in range(270)]


async def test_results_grow_while_the_run_lives():
    clock = Clock()
    async with signed_in("busy", clock=clock) as client:
        before = await get(client, "loyalty-sync", "results", filter="error")
        clock.now += 60
        after = await get(client, "loyalty-sync", "results", filter="error")
        assert after["total"] > before["total"] > 0
        kept = before["entities"][: len(after["entities"])]
        assert after["entities"][: len(kept)] == kept


async def test_pages_that_repeat_ids_still_hold_every_record():
    clock = Clock()
    async with signed_in("busy", clock=clock) as client:
        clock.now += 2_000
        await sign_in(client)
        ids = []
        for number in range(1, 9):
            page = await get(
                client, "product-catalog-upsert", "results", filter="error", pageNumber=number
            )
            ids += [entity["id"] for entity in page["entities"]]
        assert not page["entities"]
        assert len(set(ids)) == page["total"] == BUSY["product-catalog-upsert"].errors
        assert len(ids) == len(set(ids)) + 2 * 6


async def test_wrong_parameters_are_named():
    wrong = [
        ({}, "filter"),
        ({"filter": "all"}, "filter"),
        ({"filter": "error", "pageSize": "0"}, "pageSize"),
        ({"filter": "error", "pageSize": "501"}, "pageSize"),
        ({"filter": "error", "pageNumber": "x"}, "pageNumber"),
    ]
    async with signed_in("calm") as client:
        for params, named in wrong:
            answer = await client.get(path("crm-import", "results"), params=params)
            assert answer.status_code == 400
            assert answer.json()["code"] == "bad.request"
            assert named in answer.json()["message"]


@pytest.mark.parametrize("call", ["status", "results"])
async def test_refusals_and_pages(call):
    async with signed_in("calm") as client:
        params = {"filter": "error"} if call == "results" else {}
        unknown = await client.get(path("no/such run?", call), params=params)
        assert (unknown.status_code, unknown.json()["entityId"]) == (404, "no/such run?")
        forbidden = await client.get(path("forbidden-run", call), params=params)
        assert (forbidden.status_code, forbidden.json()["status"]) == (403, 403)
        assert "data:actions:read" in forbidden.json()["message"]
        page = await client.get(path("html-run", call), params=params)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<title>" in page.text


async def test_a_hostile_id_is_one_segment():
    async with signed_in("hostile") as client:
        run_id = "../../x?y=1#z"
        assert (await get(client, run_id))["dataActionId"] == run_id
        seen = (await client.get("/simulator/requests")).json()
        assert seen[-1]["raw_path"] == "/api/v2/data-actions/..%2F..%2Fx%3Fy%3D1%23z/status"
        assert seen[-1]["status"] == 200
