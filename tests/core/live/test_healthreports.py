"""Reports of a real simulated platform over HTTP, and of captured exchanges in a real store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from cxtop.core.errors import AnswerError, ForbiddenError, InputError, RequestError
from cxtop.core.live import Link
from cxtop.core.live.healthreports import HealthReports
from cxtop.core.models import CodeShare, HealthSource, Outcome
from cxtop.core.simulator.serve import simulator
from cxtop.core.store.exchanges import ExchangeIndex

from ..platforms.server import Asked, Reply, profile_for, serving
from ..store.exchangesupport import START, Shelf, make_exchange
from .support import store_in
from .test_session import client_of

QUERY = "/api/v2/analytics/actions/details/query"


@asynccontextmanager
async def simulated(folder, scenario="calm", **options) -> AsyncIterator:
    """Reports of a simulated platform, and what asks the platform itself what it did."""
    async with (
        simulator(scenario, **options) as announced,
        store_in(folder) as store,
        Link(client_of(announced, platform="cxone"), record=lambda call: None) as link,
        httpx.AsyncClient(base_url=announced.url, trust_env=False) as client,
    ):
        answer = await client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(announced.client_id, announced.client_secret),
        )
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield HealthReports(store, link), client


async def queries(client) -> int:
    requests = (await client.get("/simulator/requests")).json()
    return sum(seen["raw_path"] == QUERY for seen in requests)


async def test_figures_equal_what_the_simulated_platform_did(tmp_path):
    async with simulated(tmp_path) as (reports, client):
        did = (await client.get("/simulator/actions")).json()["crm-import"]
        report = await reports.report("crm-import")
        assert (report.source, report.interval) == (HealthSource.ANALYTICS, "PT24H")
        assert (report.executions, report.errors) == (did["executions"], did["errors"])
        assert report.error_rate == round(100 * did["errors"] / did["executions"], 2) == 36.99
        codes = {code or "UNKNOWN_ERROR": count for code, count in did["codes"].items()}
        assert {share.code: share.count for share in report.codes} == codes
        counts = [share.count for share in report.codes]
        assert counts == sorted(counts, reverse=True)
        assert report.top == report.codes[:5]
        assert report.average_ms == pytest.approx(did["took_ms"] / did["executions"], abs=0.01)
        assert (report.p95_ms, report.warnings) == (None, ())
        # Pages were walked to the end: there are more rows than one page holds.
        assert await queries(client) == 3


async def test_executions_that_were_really_made_are_counted(tmp_path):
    async with simulated(tmp_path) as (reports, client):
        for _ in range(3):
            for action in ("echo", "errors"):
                await client.post(f"/api/v2/data/actions/{action}/execute", json={"a": 1})
        good, bad = await asyncio.gather(reports.report("echo"), reports.report("errors"))
        assert (good.executions, good.errors, good.error_rate, good.codes) == (3, 0, 0.0, ())
        assert (bad.executions, bad.errors, bad.error_rate) == (3, 3, 100.0)
        assert [(share.code, share.count) for share in bad.codes] == [("UPSTREAM_TIMEOUT", 3)]
        nothing = await reports.report("nobody-called-this")
        assert (nothing.executions, nothing.error_rate, nothing.average_ms) == (0, 0.0, None)


async def test_two_asks_within_a_minute_make_one_call(tmp_path):
    async with simulated(tmp_path) as (reports, client):
        asks = [reports.report("repeating-pages") for _ in range(4)]
        first, *others = await asyncio.gather(*asks)
        later = await reports.report("repeating-pages", "pt24h")
        assert all(other is first for other in (*others, later))
        assert await queries(client) == 2  # the two pages of one walk
        await reports.report("repeating-pages", "PT1H")
        assert await queries(client) == 4


async def test_one_who_gives_up_leaves_the_others_their_report(tmp_path):
    async with simulated(tmp_path) as (reports, client):
        first, second = (asyncio.create_task(reports.report("crm-import")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).executions == 730
        assert first.cancelled()
        assert await queries(client) == 3


async def test_a_token_that_repeats_ends_with_a_warning(tmp_path):
    async with simulated(tmp_path) as (reports, _):
        report = await reports.report("repeating-pages")
        (warning,) = report.warnings
        assert "second time" in warning


async def test_what_rose_is_told_against_twice_the_time(tmp_path):
    """In the simulated time before, the run had fewer failures among as many records."""

    def answer(asked: Asked) -> Reply:
        twice = json.loads(asked.body)["interval"] == "PT2H"
        good, bad, gone = (300, 50, 20) if twice else (100, 40, 0)
        rows = [
            {"status": "ok", "executionCount": good, "errorCount": 0},
            {"status": "no", "errorCode": "BAD", "executionCount": bad, "errorCount": bad},
            {"status": "no", "errorCode": "GONE", "executionCount": gone, "errorCount": gone},
        ]
        return Reply({"data": rows})

    async with serving(answer) as server, store_in(tmp_path) as store:
        profile = profile_for(server.url, platform="cxone")
        async with Link(profile, record=lambda call: None) as link:
            reports = HealthReports(store, link)
            report = await reports.report("a", "PT1H")
            risen = await reports.risen(report)
            assert await reports.risen(report.model_copy(update={"codes": ()})) == ()
    assert [(one.code, one.before, one.now) for one in risen] == [("BAD", 4.35, 28.57)]
    assert len(server.asked) == 2


@pytest.mark.parametrize("interval", ["24h", "P1M", ""])
async def test_a_wrong_interval_is_refused_before_anything_is_asked(tmp_path, interval):
    async with simulated(tmp_path) as (reports, client):
        with pytest.raises(InputError):
            await reports.report("crm-import", interval)
        for wrong in ("", "  ", "a\ud800"):
            with pytest.raises(RequestError, match="cannot be the id"):
                await reports.report(wrong)
        assert await queries(client) == 0


async def test_refusals_are_typed_and_not_kept(tmp_path):
    async with simulated(tmp_path) as (reports, client):
        for _ in range(2):
            with pytest.raises(ForbiddenError, match="analytics:read"):
                await reports.report("forbidden-run")
        assert await queries(client) == 2
        with pytest.raises(AnswerError):
            await reports.report("html-run")


async def test_hostile_analytics_are_figures_warnings_or_answer_errors(tmp_path):
    async with simulated(tmp_path, "hostile") as (reports, client):
        actions = (await client.get("/simulator/actions")).json()
        told, refused = 0, 0
        for action_id in actions:
            try:
                report = await reports.report(action_id)
            except AnswerError:
                refused += 1
                continue
            told += 1
            assert 0 <= report.errors <= report.executions
            assert 0 <= report.error_rate <= 100
            assert all(len(share.code) <= 200 for share in report.codes)
        assert told >= 7
        assert refused >= 12
        wrong = await reports.report("wrong-types")
        assert len(wrong.warnings) == 7
        assert wrong.executions == 7 + 2 + 3 + 4


# Captured exchanges


async def captured(store, exchanges) -> None:
    await Shelf(ExchangeIndex(store)).add(exchanges)


def last(number: int, **fields):
    """An exchange of the last hour before the clock of these tests."""
    return make_exchange(number, at=NOW - timedelta(minutes=1, seconds=number), **fields)


NOW = START + timedelta(days=2)


async def test_where_the_platform_has_no_analytics_captures_are_counted(tmp_path):
    profile = profile_for("http://127.0.0.1:1", access_token=None)  # and no secret is needed
    async with store_in(tmp_path) as store, Link(profile, record=lambda call: None) as link:
        failed = {"action": "a", "status": 200, "code": ""}
        await captured(
            store,
            [
                *(
                    last(n, action="a", status=200, outcome=Outcome.OK, code="")
                    for n in range(1, 17)
                ),
                last(17, action="a", status=503, outcome=Outcome.SERVER_ERROR, code=""),
                last(18, action="a", status=500, outcome=Outcome.SERVER_ERROR, code="TIMEOUT"),
                last(19, outcome=Outcome.NOT_JSON, **failed),
                last(20, outcome=Outcome.NOT_JSON, **failed),
                last(21, outcome=Outcome.NULL_RESULT, **failed),
                last(22, action="b", outcome=Outcome.NOT_JSON),
                make_exchange(23, at=NOW - timedelta(hours=2), action="a"),
            ],
        )
        reports = HealthReports(store, link, now=lambda: NOW)
        report = await reports.report("a", "PT1H")
    assert report.source is HealthSource.CAPTURES
    assert (report.executions, report.errors, report.error_rate) == (21, 4, 19.05)
    assert report.codes == (
        CodeShare(code="NOT_JSON", count=2, average_ms=19.5),
        CodeShare(code="HTTP_503", count=1, average_ms=17.0),
        CodeShare(code="TIMEOUT", count=1, average_ms=18.0),
    )
    assert report.average_ms == 11.0
    assert report.p95_ms == 20.0
    assert (report.as_of, report.warnings) == (NOW, ())


async def test_what_rose_in_captures_is_exact(tmp_path):
    def one(number: int, hours: float, code: str):
        return make_exchange(
            number,
            at=NOW - timedelta(hours=hours),
            action="a",
            status=500 if code else 200,
            outcome=Outcome.SERVER_ERROR if code else Outcome.OK,
            code=code,
        )

    before = [*[""] * 8, "OLD", "OLD", "SAME"]
    now = [*[""] * 6, "OLD", "SAME", "NEW", "NEW"]
    async with store_in(tmp_path) as store:
        await captured(
            store,
            [one(n, 1.5, code) for n, code in enumerate(before)]
            + [one(n + 100, 0.5, code) for n, code in enumerate(now)],
        )
        reports = HealthReports(store, None, now=lambda: NOW)
        report = await reports.report("a", "PT1H")
        risen = await reports.risen(report)
        longer = await reports.report("a", "PT4H")
        assert await reports.risen(longer) == ()  # there is nothing to compare it with
    assert [(one.code, one.before, one.now) for one in risen] == [
        ("NEW", 0.0, 20.0),
        ("SAME", 9.09, 10.0),
    ]


async def test_exchanges_of_unknown_action_are_told(tmp_path):
    async with store_in(tmp_path) as store:
        await store.writer.submit(
            lambda c: c.execute("UPDATE shapes SET count = 3 WHERE shape = 0")
        )
        report = await HealthReports(store, None).report("a")
    assert report.executions == 0
    assert report.warnings[0].startswith("3 captured exchanges are too varied")


async def test_secrets_in_codes_are_masked(tmp_path):
    body = {"data": [{"errorCode": "password=hush123", "executionCount": 1, "errorCount": 1}]}
    async with serving(lambda asked: Reply(body)) as server, store_in(tmp_path) as store:
        profile = profile_for(server.url, platform="cxone", access_token=SecretStr("t"))
        async with Link(profile, record=lambda call: None) as link:
            report = await HealthReports(store, link).report("a")
    assert "hush123" not in report.model_dump_json()
    assert report.codes[0].count == 1


async def test_what_is_kept_of_reports_has_a_bound(tmp_path):
    async with store_in(tmp_path) as store:
        reports = HealthReports(store, None, captures_fresh_s=60)
        first = await reports.report("0")
        assert await reports.report("0") is first
        for number in range(1, 501):
            await reports.report(str(number))
        assert await reports.report("0") is not first
