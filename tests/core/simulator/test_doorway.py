import asyncio
from collections import Counter

import httpx
import pytest

from cxtop.core.simulator.app import create_app
from cxtop.core.simulator.serve import listening
from cxtop.core.simulator.simulation import MOST_REQUESTS
from cxtop.core.simulator.weather import STORM, Fault, Weather

from .conftest import SECRET, Clock, outcome, platform, sign_in, signed_in, until
from .test_genesys import path

RUN = path("crm-import")
STORM_RUN = path("storm-import")
SHOWN = {
    Fault.THROTTLED_SECONDS: "429",
    Fault.THROTTLED_DATE: "429",
    Fault.SERVER_ERROR: "500",
    Fault.BAD_GATEWAY_PAGE: "502",
    Fault.UNAVAILABLE: "503",
    Fault.GATEWAY_TIMEOUT: "504",
    Fault.DROPPED: "RemoteProtocolError ReadError",
    Fault.CUT: "RemoteProtocolError ReadError",
    Fault.SLOW: "200",
    None: "200",
}


async def storm_token(client):
    for _ in range(3):
        try:
            return await sign_in(client)
        except httpx.HTTPStatusError:
            continue
    raise AssertionError("three tokens were refused")


async def test_a_storm_really_happens_on_the_wire():
    """Each outcome is the one that the weather has for this request, and all kinds come."""
    app = create_app("storm", seed=3, client_secret=SECRET, clock=Clock())
    simulation = app.state.simulation
    simulation.closing.set()  # slow answers are still such, but take no time here
    expected = Weather(STORM, 3)
    kinds = Counter()
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        await storm_token(client)
        for _ in range(60):
            fault = expected.next(STORM_RUN)
            assert await outcome(client, STORM_RUN) in SHOWN[fault], fault
            kinds[fault] += 1
        seen = (await client.get("/simulator/requests")).json()[-60:]
    assert kinds.keys() == SHOWN.keys()
    assert Counter(one["fault"] for one in seen) == {k or "": n for k, n in kinds.items()}
    assert {one["status"] for one in seen if one["fault"] == Fault.DROPPED} == {0}


async def test_throttling_says_when_in_both_forms():
    forms = set()
    async with platform("storm", clock=Clock()) as client:
        await storm_token(client)
        for number in range(80):
            target = f"/api/v2/data-actions/{number}/status"
            request = client.build_request("GET", target)
            try:
                async with asyncio.timeout(0.9):  # passes over the slow ones
                    answer = await client.send(request)
            except (httpx.TransportError, TimeoutError):
                continue
            if answer.status_code == 429:
                forms.add(answer.headers["retry-after"].endswith("GMT"))
            if len(forms) == 2:
                break
    assert forms == {True, False}


async def test_five_attempts_bring_every_call_through():
    """The client that the contract describes: attempts, and a token fetched within them."""
    app = create_app("storm", seed=11, client_secret=SECRET)
    app.state.simulation.closing.set()
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        for _ in range(40):
            client.headers.pop("authorization", None)
            for _ in range(5):
                if "authorization" not in client.headers:
                    try:
                        await sign_in(client)
                    except httpx.HTTPStatusError:
                        continue
                if await outcome(client, STORM_RUN) == "200":
                    break
            else:
                raise AssertionError("five attempts were not enough")


async def test_slow_answers_end_with_the_simulation():
    app = create_app("storm", client_secret=SECRET, clock=Clock())
    loop = asyncio.get_running_loop()
    weather = Weather(STORM, 1)
    targets = (f"/api/v2/data-actions/{number}/status" for number in range(1000))
    wanted = next(target for target in targets if weather.next(target) is Fault.SLOW)
    requests = app.state.simulation.requests
    bearer = {"authorization": f"Bearer {app.state.simulation.tokens.give()}"}
    async with httpx.AsyncClient(trust_env=False, timeout=10, headers=bearer) as client:
        async with listening(app) as url:
            for number in range(int(wanted.split("/")[4])):
                app.state.simulation.weather.next(f"/api/v2/data-actions/{number}/status")
            slow = asyncio.create_task(outcome(client, url + wanted))
            await until(lambda: bool(requests))
            before = loop.time()
        assert loop.time() - before < 0.9
        assert await slow == "404"


async def test_rate_limit_headers_count_down_in_each_dialect_s_words():
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        first = await client.get(RUN)
        clock.now += 7
        second = await client.get(RUN)
        names = ("allowed", "count", "reset")
        counts = [
            [answer.headers[f"inin-ratelimit-{n}"] for n in names] for answer in (first, second)
        ]
        assert counts == [["300", "1", "60"], ["300", "2", "53"]]
        third = await client.get("/api/v2/data/actions/crm-import")
        names = ("limit", "remaining", "reset")
        assert [third.headers[f"x-ratelimit-{n}"] for n in names] == ["300", "297", "53"]


async def test_the_window_of_300_a_minute_is_real():
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        statuses = Counter([await outcome(client, RUN) for _ in range(302)])
        assert statuses == {"200": 300, "429": 2}
        clock.now += 20
        refused = await client.get(RUN)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
        assert refused.headers["inin-ratelimit-count"] == "300"
        assert refused.json()["code"] == "too.many.requests"
        clock.now += 40
        assert (await client.get(RUN)).status_code == 200


async def test_ids_for_the_vendor_are_sent_and_echoed():
    async with signed_in("calm") as client:
        one = await client.get(RUN, headers={"x-request-id": "abc"})
        two = await client.get(RUN)
        assert one.headers["x-request-id"] == "abc"
        assert "x-request-id" not in two.headers
        assert one.headers["inin-correlation-id"] != two.headers["inin-correlation-id"]
        seen = (await client.get("/simulator/requests")).json()
        assert [one["request_id"] for one in seen[-2:]] == ["abc", ""]


async def test_refusals_quote_the_correlation_id():
    async with signed_in("calm") as client:
        answer = await client.get(path("nothing"))
        assert answer.json()["contextId"] == answer.headers["inin-correlation-id"]


async def test_requests_are_remembered_as_they_came_and_the_oldest_forgotten():
    async with platform("calm") as client:
        await client.get("/a%2Fb%3Fc?d=%2F")
        seen = (await client.get("/simulator/requests")).json()
        assert len(seen) == 1
        assert (seen[0]["raw_path"], seen[0]["query"]) == ("/a%2Fb%3Fc", "d=%2F")
        assert (seen[0]["method"], seen[0]["status"], seen[0]["fault"]) == ("GET", 401, "")
    app = create_app("calm")
    scope = {"headers": [], "method": "GET", "query_string": b""}
    for _ in range(MOST_REQUESTS + 5):
        app.state.simulation.note(scope, "/a")
    assert [app.state.simulation.requests[at].number for at in (0, -1)] == [5, MOST_REQUESTS + 4]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [("GET", "/api/v2/other", 404), ("DELETE", RUN, 405), ("GET", RUN + "/", 404)],
)
async def test_what_is_not_served_is_an_error_body(method, target, status):
    async with signed_in("calm") as client:
        answer = await client.request(method, target)
        assert answer.status_code == status
        assert answer.json()["status"] == status
