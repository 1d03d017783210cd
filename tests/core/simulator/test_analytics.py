"""Analytics of the simulated platform count what it really did."""

import httpx
import pytest

from cxtop.core.simulator.analytics import REPEATING_ACTION, ROWS_A_PAGE
from cxtop.core.simulator.questions import MOST_QUESTIONS, Questions

from .conftest import Clock, signed_in

QUERY = "/api/v2/analytics/actions/details/query"


def question(action_id: str, interval: str = "PT24H", **more):
    return {
        "interval": interval,
        "groupBy": ["status", "errorCode"],
        "filter": {"type": "equals", "path": "actionId", "value": action_id},
        "metrics": ["executionCount", "errorCount", "averageDuration"],
    } | more


async def rows_of(client: httpx.AsyncClient, action_id: str, interval: str = "PT24H"):
    rows, pages, token = [], 0, None
    while True:
        body = question(action_id, interval) | ({"nextPageToken": token} if token else {})
        told = (await client.post(QUERY, json=body)).json()
        assert len(told["data"]) <= ROWS_A_PAGE
        rows += told["data"]
        pages += 1
        token = told.get("nextPageToken")
        if not token:
            return rows, pages


async def did(client: httpx.AsyncClient, action_id: str):
    return (await client.get("/simulator/actions")).json()[action_id]


async def test_the_records_of_a_run_are_its_executions():
    async with signed_in("calm") as client:
        rows, pages = await rows_of(client, "crm-import")
        assert pages == 3
        assert rows[0] == {
            "status": "COMPLETED",
            "executionCount": 460,
            "errorCount": 0,
            "averageDuration": 50.0,
        }
        told = await did(client, "crm-import")
        assert sum(row["executionCount"] for row in rows) == told["executions"] == 730
        assert sum(row["errorCount"] for row in rows) == told["errors"] == 270
        codes = {row.get("errorCode", ""): row["errorCount"] for row in rows[1:]}
        assert codes == told["codes"]
        run = (await client.get("/api/v2/data/actions/crm-import")).json()
        assert run["errorCount"] == told["errors"]


async def test_the_interval_reaches_back_in_simulated_time():
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        all_of_it, _ = await rows_of(client, "order-sync")
        assert all_of_it == []  # it has just begun
        clock.now += 50
        whole, _ = await rows_of(client, "order-sync")
        last, _ = await rows_of(client, "order-sync", "PT10S")
        assert 0 < last[0]["executionCount"] < whole[0]["executionCount"]
        clock.now += 600
        assert (await rows_of(client, "order-sync", "PT1M"))[0] == []


async def test_executions_are_counted_as_they_ended():
    async with signed_in("calm") as client:
        for action in ("ok", "ok", "errors", "errors-text", "html", "unauthorized", "null"):
            await client.post(f"/api/v2/data/actions/{action}/execute", json={})
        told = (await client.get("/simulator/actions")).json()
        assert (told["ok"]["executions"], told["ok"]["errors"]) == (2, 0)
        assert told["errors"]["codes"] == {"UPSTREAM_TIMEOUT": 1}
        assert told["errors-text"]["codes"] == {"": 1}
        assert told["html"]["codes"] == {"DESERIALIZATION_FAILURE": 1}
        assert told["unauthorized"]["codes"] == {"bad.credentials": 1}
        assert told["null"]["errors"] == 0
        (row,), _ = await rows_of(client, "errors-text")
        assert (row["errorCount"], "errorCode" in row) == (1, False)
        assert row["averageDuration"] >= 0
        assert (await rows_of(client, "nobody-knows"))[0] == []


async def test_pages_are_those_of_the_first_question():
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        clock.now += 30
        first = (await client.post(QUERY, json=question("contact-import"))).json()
        clock.now += 60
        body = question("contact-import", nextPageToken=first["nextPageToken"])
        second = (await client.post(QUERY, json=body)).json()
        later = await rows_of(client, "contact-import")
        told = [*first["data"], *second["data"]]
        assert sum(row["executionCount"] for row in told) < sum(
            row["executionCount"] for row in later[0]
        )


async def test_a_token_may_repeat():
    async with signed_in("calm") as client:
        for token in (None, "once-more"):
            body = question(REPEATING_ACTION, nextPageToken=token)
            assert (await client.post(QUERY, json=body)).json()["nextPageToken"] == "once-more"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"interval": "a day"}, "interval"),
        ({"interval": None}, "interval"),
        ({"groupBy": ["status"]}, "groupBy"),
        ({"filter": None}, "filter"),
        ({"filter": {"type": "equals", "path": "actionId", "value": ""}}, "filter"),
        ({"filter": {"type": "like", "path": "actionId", "value": "x"}}, "filter"),
        ({"nextPageToken": "7"}, "nextPageToken"),
        ({"nextPageToken": "99-3"}, "nextPageToken"),
    ],
)
async def test_a_wrong_question_is_refused(changed, named):
    async with signed_in("calm") as client:
        answer = await client.post(QUERY, json=question("crm-import") | changed)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(named)


async def test_refusals_a_page_and_the_budget_as_this_dialect_writes_it():
    async with signed_in("calm") as client:
        assert (await client.post(QUERY, json=question("forbidden-run"))).status_code == 403
        page = await client.post(QUERY, json=question("html-run"))
        assert page.text.startswith("<!DOCTYPE html>")
        assert page.headers["x-ratelimit-limit"] == "300"
        del client.headers["authorization"]
        assert (await client.post(QUERY, json=question("crm-import"))).status_code == 401


def test_old_questions_are_forgotten():
    questions = Questions()
    numbers = [questions.ask([{"n": number}]) for number in range(MOST_QUESTIONS + 1)]
    assert questions.rows(numbers[0]) is None
    assert questions.rows(numbers[1]) == [{"n": 1}]
