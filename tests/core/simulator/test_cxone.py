from cxtop.core.simulator.cxone import MOST_ERRORS
from cxtop.core.simulator.scenarios import scenario

from .conftest import Clock, sign_in, signed_in

RUN = "/api/v2/data/actions/{}"


async def test_a_live_run_and_its_end():
    clock = Clock()
    async with signed_in("busy", clock=clock) as client:
        await sign_in(client, "/api/v2/oauth/token")
        live = (await client.get(RUN.format("crm-case-push"))).json()
        assert live["id"] == "crm-case-push"
        assert live["status"] == "running"
        assert 0 < live["progress"] < 1
        assert "result" not in live
        assert len(live["errors"]) == live["errorCount"] > 0
        clock.now += 100
        ended = (await client.get(RUN.format("crm-case-push"))).json()
        assert ended["status"] == "failed"
        assert ended["result"] == {"succeeded": 911 - 130, "failed": 130}
        assert ended["errors"][: len(live["errors"])] == live["errors"]


async def test_errors_have_codes_messages_and_some_a_stack_trace():
    async with signed_in("busy") as client:
        body = (await client.get(RUN.format("crm-backfill"))).json()
        errors = body["errors"]
        assert len(errors) == MOST_ERRORS < body["errorCount"] == 1_489
        assert all(error["message"] for error in errors)
        assert all(
            error["code"] in {"TIMEOUT", "CONFLICT"} for error in errors if "stackTrace" in error
        )
        assert any("code" not in error for error in errors)


async def test_every_run_is_served_in_both_dialects():
    async with signed_in("busy") as client:
        for plan in scenario("busy").plans:
            one = (await client.get(RUN.format(plan.run_id))).json()
            two = (await client.get(f"/api/v2/data-actions/{plan.run_id}/status")).json()
            assert one["totalCount"] <= two["totalCount"]


async def test_refusals_and_a_page():
    async with signed_in("calm") as client:
        assert (await client.get(RUN.format("nothing"))).status_code == 404
        assert (await client.get(RUN.format("forbidden-run"))).status_code == 403
        assert (await client.get(RUN.format("html-run"))).text.startswith("<!DOCTYPE html>")
