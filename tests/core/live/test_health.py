"""The health of actions while cxtop runs: a real monitor, store, notices, captured exchanges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cxtop.core.errors import InputError, RequestError
from cxtop.core.live import Link, Monitor
from cxtop.core.live.healthreports import HealthReports
from cxtop.core.live.notify import Notice, Notifier
from cxtop.core.models import ConnectionState, HealthSource, HealthState, Outcome
from cxtop.core.store import Store
from cxtop.core.store.exchanges import ExchangeIndex

from ..platforms.server import Asked, Reply, profile_for, serving
from ..store.exchangesupport import Shelf, make_exchange
from .support import Told, closed_port, eventually, store_in

QUICK = {"threshold": 10, "refresh_s": 0.05, "for_s": 0.2, "least": 1, "interval": "PT1H"}


@dataclass
class Service:
    """What a service captured: exchanges of the last minute, put into the index."""

    shelf: Shelf
    count: int = 0

    async def answers(self, action_id: str, good: int = 0, bad: int = 0, code: str = "E") -> None:
        exchanges = []
        for number in range(good + bad):
            self.count += 1
            failed = number < bad
            exchanges.append(
                make_exchange(
                    self.count,
                    at=datetime.now(UTC) - timedelta(seconds=1),
                    action=action_id,
                    status=503 if failed else 200,
                    outcome=Outcome.SERVER_ERROR if failed else Outcome.OK,
                    code=code if failed else "",
                )
            )
        await self.shelf.add(exchanges)


@asynccontextmanager
async def watched(store: Store, **health: Any) -> AsyncIterator[tuple[Monitor, Told, list[Notice]]]:
    """A monitor of captures, with its notices; figures are counted anew at each look."""
    profile = profile_for("http://127.0.0.1:1", health=QUICK | health)
    async with Link(profile, record=lambda call: None) as link:
        monitor = Monitor(profile, store, link, link)
        monitor.health.reports = HealthReports(store, link, captures_fresh_s=0)
        told, heard = Told(monitor.changes), []
        async with monitor, Notifier(monitor) as notifier:
            notifier.hear(heard.append, lambda error: None)
            yield monitor, told, heard


def state(monitor: Monitor, action_id: str) -> HealthState | None:
    health = monitor.health.action(action_id)
    return None if health is None else health.state


async def test_captured_actions_are_followed_and_the_worst_comes_first(tmp_path):
    async with store_in(tmp_path) as store:
        service = Service(Shelf(ExchangeIndex(store)))
        await service.answers("fine", good=20)
        await service.answers("worst", good=10, bad=10)
        await service.answers("bad", good=15, bad=5, code="GONE")
        settings = {"thresholds": {"bad": 30}, "actions": ["unheard-of"], "for_s": 60}
        async with watched(store, **settings) as (monitor, told, _):
            await told.until(lambda: all(one.report for one in monitor.health.actions()))
            actions = monitor.health.actions()
            assert [one.action_id for one in actions] == ["worst", "bad", "fine", "unheard-of"]
            worst, bad, fine, unheard = actions
            assert [one.state for one in actions] == [
                HealthState.PENDING,
                HealthState.HEALTHY,
                HealthState.HEALTHY,
                HealthState.UNKNOWN,
            ]
            assert (worst.threshold, bad.threshold) == (10, 30)
            assert bad.report.source is HealthSource.CAPTURES
            assert [(share.code, share.count) for share in bad.report.codes] == [("GONE", 5)]
            assert (fine.report.error_rate, unheard.report.executions) == (0.0, 0)
            assert worst.since is not None
            assert [point.error_rate for point in worst.history] == [50.0] * len(worst.history)
            assert worst.history
            assert monitor.health.action("nobody") is None
            assert "health" in told.kinds
            # The platform has nothing to do with it, and was not asked.
            assert monitor.connection.state is ConnectionState.CONNECTING


async def test_an_illness_is_told_once_and_its_end_once_more(tmp_path):
    async with store_in(tmp_path) as store:
        service = Service(Shelf(ExchangeIndex(store)))
        await service.answers("a", good=5, bad=5, code="DB_DOWN")
        async with watched(store) as (monitor, told, heard):
            await told.until(lambda: heard)
            assert state(monitor, "a") is HealthState.ABOVE
            since = monitor.health.action("a").since
            await service.answers("a", bad=5, code="DB_DOWN")
            await told.until(lambda: monitor.health.action("a").report.errors == 10)
            await service.answers("a", good=300)
            await told.until(lambda: len(heard) == 2)
            assert state(monitor, "a") is HealthState.HEALTHY
            assert monitor.health.action("a").since > since
            looked = monitor.health.alarm("a").looked
            await told.until(lambda: monitor.health.alarm("a").looked > looked)
        ill, well = heard
        assert (ill.occasion.value, ill.subject, ill.total_errors) == ("health", "a", 5)
        assert ill.headline == (
            "▲ 50.00 % of 10 executions of a failed in 1 h, above its threshold of 10 %, "
            "most with DB_DOWN."
        )
        assert [(one.code, one.count, one.samples) for one in ill.codes] == [("DB_DOWN", 5, ())]
        assert (well.occasion.value, well.occasion.good) == ("recovered", True)
        assert "well below its threshold of 10 %" in well.sentence


async def test_a_restart_and_a_second_cxtop_do_not_tell_it_again(tmp_path):
    async with store_in(tmp_path) as store:
        service = Service(Shelf(ExchangeIndex(store)))
        await service.answers("a", bad=5)
        async with await Store.open(store.path) as other:
            async with (
                watched(store) as (one, told, heard),
                watched(other) as (two, also_told, also_heard),
            ):
                ill = HealthState.ABOVE
                await told.until(lambda: state(one, "a") is ill)
                await also_told.until(lambda: state(two, "a") is ill)
                await eventually(lambda: heard or also_heard)
                assert one.health.action("a").since == two.health.action("a").since
                await service.answers("a", good=200)
                await eventually(lambda: len(heard) + len(also_heard) >= 2)
                await also_told.until(lambda: state(two, "a") is HealthState.HEALTHY)
            together = sorted(notice.occasion.value for notice in (*heard, *also_heard))
            assert together == ["health", "recovered"]
        # It is known after a restart, and no news.
        async with watched(store) as (again, told, heard):
            assert again.health.alarm("a").raised is not None
            looked = again.health.alarm("a").looked
            await told.until(lambda: again.health.alarm("a").looked > looked)
            assert heard == []


async def test_silence_lasts_over_a_restart_and_ends(tmp_path):
    async with store_in(tmp_path) as store:
        service = Service(Shelf(ExchangeIndex(store)))
        await service.answers("a", bad=5)
        async with watched(store) as (monitor, told, heard):
            await monitor.health.silence("a", 3600)
            await told.until(lambda: state(monitor, "a") is HealthState.SILENCED)
            assert heard == []
            for wrong in (0, -1, 1e12, float("nan")):
                with pytest.raises(InputError, match="no time to be silent"):
                    await monitor.health.silence("a", wrong)
        async with watched(store) as (monitor, told, heard):
            assert state(monitor, "a") is HealthState.SILENCED
            assert monitor.health.action("a").silenced_until is not None
            await told.until(lambda: monitor.health.action("a").report)
            assert heard == []
            await monitor.health.unsilence("a")
            await told.until(lambda: heard)
            assert state(monitor, "a") is HealthState.ABOVE
            assert monitor.health.action("a").silenced_until is None


async def test_what_the_user_follows_is_kept_and_what_he_does_not_want_too(tmp_path):
    async with store_in(tmp_path) as store:
        await Service(Shelf(ExchangeIndex(store))).answers("captured", good=3)
        async with watched(store) as (monitor, told, _):
            await monitor.health.follow("mine")
            await monitor.health.unfollow("captured")
            await monitor.health.unfollow("nobody")
            with pytest.raises(RequestError):
                await monitor.health.follow(" ")
            await told.until(lambda: monitor.health.action("mine").report)
            assert [one.action_id for one in monitor.health.actions()] == ["mine"]
        async with watched(store) as (monitor, _, _):
            assert [one.action_id for one in monitor.health.actions()] == ["mine"]
            await monitor.health.follow("captured")
            assert monitor.health.action("captured") is not None
        async with watched(store) as (monitor, _, _):
            assert len(monitor.health.actions()) == 2


async def test_what_rose_is_shown_and_history_comes_back_after_a_restart(tmp_path):
    async with store_in(tmp_path) as store:
        shelf = Shelf(ExchangeIndex(store))
        before = datetime.now(UTC) - timedelta(minutes=90)
        await shelf.add([make_exchange(1, at=before, action="a", status=200, code="")])
        service = Service(shelf, count=10)
        await service.answers("a", good=8, bad=2, code="NEW")
        async with watched(store) as (monitor, told, _):
            await told.until(lambda: monitor.health.action("a").risen)
            (rise,) = monitor.health.action("a").risen
            assert (rise.code, rise.before, rise.now) == ("NEW", 0.0, 20.0)
            await told.until(lambda: len(monitor.health.action("a").history) >= 2)
        async with watched(store) as (monitor, _, _):
            known = monitor.health.action("a")
            assert known.report is None
            assert len(known.history) >= 2


# Of a platform with analytics


@dataclass
class Analytics:
    """A platform that tells figures, or refuses: all, or those of some interval."""

    refuse: Reply | None = None
    refused: str = ""
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        self.asked.append(f"{body['filter']['value']} {body['interval']}")
        rows = [
            {"status": "ok", "executionCount": 8},
            {"status": "no", "errorCode": "E", "executionCount": 2, "errorCount": 2},
        ]
        if self.refuse and self.refused in ("", body["interval"]):
            return self.refuse
        return Reply({"data": rows}, headers=self.headers)


@asynccontextmanager
async def asking(store: Store, url: str, **health: Any) -> AsyncIterator[tuple[Monitor, Told]]:
    profile = profile_for(url, platform="cxone", health=QUICK | {"actions": ["a"]} | health)
    async with Link(profile, record=lambda call: None) as link:
        monitor = Monitor(profile, store, link, link)
        told = Told(monitor.changes)
        async with monitor:
            yield monitor, told


async def test_the_platform_is_asked_once_a_minute_and_not_while_paused(tmp_path):
    platform = Analytics()
    async with (
        serving(platform) as server,
        store_in(tmp_path) as store,
        asking(store, server.url) as (monitor, told),
    ):
        await told.until(lambda: monitor.health.action("a").report)
        report = monitor.health.action("a").report
        assert (report.source, report.error_rate) == (HealthSource.ANALYTICS, 20.0)
        assert monitor.connection.state is ConnectionState.LIVE
        assert await monitor.health.report("a", "PT1H") is report
        await told.until(lambda: state(monitor, "a") is HealthState.PENDING)
        looked, seen = monitor.health.alarm("a").looked, len(told.seen)
        monitor.health.refresh("a")
        await told.until(lambda: len(told.seen) > seen)
        assert monitor.health.alarm("a").looked == looked  # it is the same answer
        # One for the figures, one for those of twice the time, to tell what rose.
        assert platform.asked == ["a PT1H", "a PT2H"]
        monitor.pause()
        await monitor.health.follow("b")
        await monitor.store.readers.read(lambda c: None)
        assert monitor.health.action("b").report is None
        monitor.resume()
        await told.until(lambda: monitor.health.action("b").report)


async def test_scarce_calls_are_left_to_others(tmp_path):
    platform = Analytics()
    budgets = {"inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "50"}
    async with serving(platform) as server, store_in(tmp_path) as store:
        platform.headers = budgets | {"inin-ratelimit-count": "290"}
        async with asking(store, server.url) as (monitor, told):
            await told.until(lambda: monitor.health.action("a").report)
            assert monitor.budget.remaining <= 10
            await monitor.health.follow("b")
            monitor.health.refresh()
            for _ in range(20):
                await asyncio.sleep(0)
            assert monitor.health.action("b").report is None
            assert monitor.health._scarce_s() > 40
        assert not [one for one in platform.asked if one.startswith("b")]


async def test_a_refusal_is_told_with_its_remedy_and_not_repeated_at_once(tmp_path):
    platform = Analytics(refuse=Reply({"message": "no"}, 403))
    async with (
        serving(platform) as server,
        store_in(tmp_path) as store,
        asking(store, server.url) as (monitor, told),
    ):
        await told.until(lambda: monitor.health.action("a").trouble)
        health = monitor.health.action("a")
        assert "403 Forbidden" in health.trouble
        assert "analytics:read" in health.remedy
        assert (health.report, health.state) == (None, HealthState.UNKNOWN)
        assert monitor.connection.state is ConnectionState.LIVE
        platform.refuse = None
        monitor.health.refresh("a")
        await told.until(lambda: monitor.health.action("a").report)
        assert monitor.health.action("a").trouble == ""
    assert platform.asked[0] == "a PT1H"
    assert len(platform.asked) <= 3


async def test_a_platform_that_is_away_shows_what_was_known(tmp_path):
    with closed_port() as url:
        async with store_in(tmp_path) as store, asking(store, url) as (monitor, told):
            await told.until(lambda: monitor.health.action("a").trouble)
            assert monitor.connection.state is ConnectionState.OFFLINE


async def test_a_store_that_is_gone_is_told_and_ends_nothing(tmp_path):
    async with store_in(tmp_path) as store:
        await Service(Shelf(ExchangeIndex(store))).answers("a", bad=5)
        async with watched(store) as (monitor, told, _):
            await told.until(lambda: monitor.health.action("a").report)
            await store.readers.close()
            await told.until(lambda: monitor.health.action("a").trouble)
            assert "store" in monitor.health.action("a").trouble.lower()


async def test_another_cxtop_silences_and_captures_become_known_while_it_runs(tmp_path):
    async with store_in(tmp_path) as store, await Store.open(store.path) as other:
        service = Service(Shelf(ExchangeIndex(store)))
        await service.answers("a", bad=5)
        async with watched(store) as (monitor, told, _), watched(other) as (second, _, _):
            await told.until(lambda: state(monitor, "a") is HealthState.ABOVE)
            await second.health.silence("a", 60)
            await service.answers("late", good=5)
            await monitor.health.begin()  # as it does every few seconds by itself
            assert state(monitor, "a") is HealthState.SILENCED
            await told.until(lambda: state(monitor, "late") is HealthState.HEALTHY)
            await monitor.health.silence("nobody", 60)
            assert monitor.health.action("nobody") is None


async def test_calls_of_which_nobody_says_when_there_are_more_are_waited_for(tmp_path):
    platform = Analytics(headers={"x-ratelimit-limit": "300", "x-ratelimit-remaining": "3"})
    async with (
        serving(platform) as server,
        store_in(tmp_path) as store,
        asking(store, server.url) as (monitor, told),
    ):
        await told.until(lambda: monitor.health.action("a").report)
        assert 0 < monitor.health._scarce_s() <= 60


async def test_that_it_is_not_known_what_rose_is_no_trouble_with_the_figures(tmp_path, caplog):
    platform = Analytics(refuse=Reply({"message": "too long"}, 400), refused="PT2H")
    async with (
        serving(platform) as server,
        store_in(tmp_path) as store,
        asking(store, server.url) as (monitor, told),
    ):
        await told.until(lambda: monitor.health.action("a").history)
        health = monitor.health.action("a")
        assert (health.risen, health.trouble, health.report.errors) == ((), "", 2)
    assert "It is not known what rose of a" in caplog.text
