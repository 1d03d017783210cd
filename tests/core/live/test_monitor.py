import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import pytest

from cxtop.core.errors import RequestError
from cxtop.core.live.pace import SLOWEST_S
from cxtop.core.models import Call, CallState, ConnectionState, RunStatus, WatchState

from ..platforms.server import Reply, profile_for, serving
from .support import Act, Platform, closed_port, eventually, monitoring, run_at, store_in

ROOMY = {"x-ratelimit-limit": "99999", "x-ratelimit-remaining": "99990", "x-ratelimit-reset": "60"}
QUICK = {"interval_s": 0.05, "min_interval_s": 0.05, "page_size": 10}


class Scene:
    """A monitor, its platform, and what became of it."""

    def __init__(self, monitor, told, platform, server):
        self.monitor = monitor
        self.told = told
        self.platform = platform
        self.server = server

    async def until(self, condition):
        await self.told.until(condition)

    def state(self, run_id):
        view = self.monitor.view(run_id)
        return None if view is None else view.state


@asynccontextmanager
async def scene(folder, answers, /, **changes):
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(answers))
        store = await stack.enter_async_context(store_in(folder))
        profile = profile_for(server.url, **({"poll": QUICK} | changes))
        monitor, told = await stack.enter_async_context(monitoring(profile, store))
        yield Scene(monitor, told, answers, server)


def platform_of(**acts):
    return Platform(acts=acts, headers=ROOMY)


async def test_runs_of_the_profile_are_watched_to_their_end(tmp_path):
    platform = platform_of(a=Act(fields={"processedCount": 1, "totalCount": 4, "errorCount": 0}))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        assert it.monitor.connection.state is ConnectionState.LIVE
        platform.acts["a"].status = "completed"
        await it.until(lambda: it.state("a") is WatchState.ENDED)
        view = it.monitor.view("a")
        assert view is not None
        assert view.run is not None
        assert view.run.status is RunStatus.COMPLETED
        assert view.errors_complete
        assert view.next_poll_at is None
        polled = platform.statuses.count("a")
        await it.monitor.watch("b")
        await it.until(lambda: it.state("b") is WatchState.TROUBLED)
        assert platform.statuses.count("a") == polled
        assert platform.results == []
        kept = await it.monitor.store.run("a")
        assert kept == view.run
        assert len(await it.monitor.store.polls("a")) == polled
        assert await it.monitor.store.watched() == ["b"]
    assert {"run", "runs", "call", "connection", "budget"} <= it.told.kinds


async def test_what_is_shown_is_kept_already(tmp_path):
    platform = platform_of(a=Act(fields={"processedCount": 0}))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        reader = sqlite3.connect(it.monitor.store.path)
        polls = "SELECT count(*) FROM polls"
        shown: list[bool] = []

        def look(changes):
            view = it.monitor.view("a")
            if view is not None and view.run is not None:
                newest = int(view.run.polled_at.timestamp() * 1_000_000)
                kept = reader.execute("SELECT max(polled_at) FROM polls").fetchone()[0]
                shown.append(kept is not None and kept >= newest - 1)

        it.monitor.changes.subscribe(look)
        await it.until(lambda: len(shown) >= 5)
        assert all(shown)
        assert reader.execute(polls).fetchone()[0] >= 3
        reader.close()


async def test_after_a_restart_the_known_is_shown_at_once_and_then_caught_up_with(tmp_path):
    platform = platform_of(
        a=Act(fields={"processedCount": 5, "totalCount": 10}),
        done=Act(status="failed", pages=[["e1"]], total=1),
    )
    async with scene(tmp_path, platform) as it:
        await it.monitor.watch("a")
        await it.monitor.watch("done")
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        await it.until(lambda: it.monitor.view("done").errors_complete)
        before = it.monitor.view("a").run
    platform.blocked = asyncio.Event()
    platform.statuses.clear()
    async with scene(tmp_path, platform) as it:
        views = it.monitor.views()
        assert [view.run_id for view in views] == ["a", "done"]
        assert [view.state for view in views] == [WatchState.KNOWN, WatchState.ENDED]
        assert views[0].run.polled_at >= before.polled_at
        assert views[0].run.processed == 5
        assert (views[1].errors_kept, views[1].errors_complete) == (1, True)
        assert it.monitor.connection.state is ConnectionState.CONNECTING
        platform.blocked.set()
        await it.until(lambda: it.state("a") is WatchState.LIVE)
    assert "done" not in platform.statuses


async def test_a_walk_that_was_cut_short_is_finished_after_a_restart(tmp_path):
    act = Act(status="failed", pages=[["e1"], ["e2"]], total=2, page_size=1)
    act.refuse_pages = Reply({"message": "no"}, 403)
    platform = platform_of(a=act)
    async with scene(tmp_path, platform) as it:
        await it.monitor.watch("a")
        await it.until(lambda: "could not be fetched" in it.monitor.view("a").trouble)
        assert it.state("a") is WatchState.ENDED
    act.refuse_pages = None
    async with scene(tmp_path, platform) as it:
        await it.until(lambda: it.monitor.view("a").errors_complete)
        assert it.monitor.view("a").errors_kept == 2


async def test_failed_records_come_in_while_the_run_is_live_and_all_at_its_end(tmp_path):
    act = Act(fields={"errorCount": 3}, pages=[["e1", "e2", "e3"]], total=3)
    platform = platform_of(a=act)
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.monitor.view("a").errors_kept == 3)
        assert not it.monitor.view("a").errors_complete
        act.pages = [[f"e{n}" for n in range(1, 11)], ["e11"]]
        act.total = 11
        act.fields = {"errorCount": 11}
        act.status = "failed"
        await it.until(lambda: it.monitor.view("a").errors_complete)
        assert it.monitor.view("a").errors_kept == 11
        assert await it.monitor.store.error_count("a") == 11
    assert "errors" in it.told.kinds


async def test_errors_that_come_with_the_status_are_kept_once(tmp_path):
    act = Act(fields={"errors": [{"code": "A"}]})

    def answer(asked):
        return Reply({"status": act.status} | act.fields, headers=ROOMY)

    async with scene(tmp_path, answer, runs=("a",), platform="cxone") as it:
        await it.until(lambda: it.monitor.view("a").errors_kept == 1)
        act.fields = {"errors": [{"code": "A"}, {"code": "B"}]}
        act.status = "failed"
        await it.until(lambda: it.monitor.view("a").errors_complete)
        assert it.monitor.view("a").errors_kept == 2
        groups = await it.monitor.store.error_groups("a")
        assert {(group.code, group.count) for group in groups} == {("A", 1), ("B", 1)}


async def test_one_failing_run_does_not_hold_up_the_others(tmp_path):
    platform = platform_of(
        good=Act(fields={"processedCount": 1}), bad=Act(refuse=Reply({"message": "x"}, 500))
    )
    async with scene(tmp_path, platform, runs=("bad", "good", "unknown")) as it:
        await it.until(lambda: it.state("bad") is WatchState.TROUBLED)
        await it.until(lambda: it.state("unknown") is WatchState.TROUBLED)
        before = platform.statuses.count("good")
        await it.until(lambda: platform.statuses.count("good") > before + 2)
        unknown = it.monitor.view("unknown")
        assert unknown.interval_s >= SLOWEST_S
        assert "unknown" in unknown.remedy
        assert it.monitor.connection.state is ConnectionState.LIVE
        platform.acts["bad"].refuse = None
        it.monitor.refresh("bad")
        await it.until(lambda: it.state("bad") is WatchState.LIVE)
        assert it.monitor.view("bad").trouble == ""


async def test_wrong_credentials_deny_the_connection_until_a_refresh(tmp_path):
    platform = platform_of(a=Act(), b=Act())
    platform.refuse = Reply({"message": "bad token"}, 401)
    async with scene(tmp_path, platform, runs=("a", "b")) as it:
        await it.until(lambda: it.monitor.connection.state is ConnectionState.DENIED)
        assert it.monitor.connection.fix
        asked = len(platform.statuses)
        assert asked <= 4
        await it.monitor.watch("c")
        await it.until(lambda: it.state("c") is WatchState.TROUBLED)
        platform.refuse = None
        it.monitor.refresh()
        assert it.monitor.connection.state is ConnectionState.CONNECTING
        await it.until(lambda: it.state("a") is it.state("b") is WatchState.LIVE)
        assert it.monitor.connection.state is ConnectionState.LIVE


async def test_calls_that_are_no_polls_tell_of_the_connection_too(tmp_path):
    async def answers(_asked):
        return Reply({})

    async with scene(tmp_path, answers) as it:
        token = Call(
            call_id="1",
            operation="token",
            method="POST",
            url="https://login.example",
            started_at=datetime.now(UTC),
            state=CallState.DONE,
        )
        it.monitor.see_call(token)
        assert it.monitor.connection.state is ConnectionState.CONNECTING
        await it.monitor.trace("f-1")
        assert it.monitor.connection.state is ConnectionState.LIVE


async def test_a_rate_limit_beyond_the_retries_is_throttled_and_goes_on_slowly(tmp_path):
    platform = platform_of(a=Act(refuse=Reply({}, 429, {"retry-after": "0"})))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.monitor.view("a").interval_s >= SLOWEST_S)
        view = it.monitor.view("a")
        assert view.failures == 1
        assert view.state is WatchState.THROTTLED
        assert "polled on" in view.remedy


async def test_a_call_that_waits_for_the_rate_limit_shows_at_once(tmp_path):
    platform = platform_of(a=Act(refuse=Reply({}, 429, {"retry-after": "100"})))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.state("a") is WatchState.THROTTLED)
        view = it.monitor.view("a")
        assert view.failures == 0
        assert "429" in view.trouble


async def test_an_unreachable_platform_is_offline_while_its_calls_still_try(tmp_path):
    with closed_port() as url:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(store_in(tmp_path))
            await store.watch("a")
            await store.save_run(run_at(0, processed=5).model_copy(update={"run_id": "a"}))
            slow = {"base_s": 0.01, "cap_s": 30, "attempts": 50}
            profile = profile_for(url, retry=slow)
            monitor, told = await stack.enter_async_context(monitoring(profile, store))
            await told.until(lambda: monitor.connection.state is ConnectionState.OFFLINE)
            assert "attempts" in monitor.connection.what
            assert monitor.view("a").run.processed == 5


async def test_pausing_asks_nothing_and_resuming_catches_up(tmp_path):
    platform = platform_of(a=Act(), ended=Act(status="completed"))
    async with scene(tmp_path, platform, runs=("a", "ended")) as it:
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        await it.until(lambda: it.state("ended") is WatchState.ENDED)
        it.monitor.pause()
        assert it.monitor.paused
        assert it.state("a") is WatchState.PAUSED
        assert it.monitor.connection.state is ConnectionState.PAUSED
        platform.acts["a"].fields = {"processedCount": 77}
        it.monitor.refresh()
        await it.until(lambda: it.monitor.view("a").run.processed == 77)
        asked = platform.statuses.count("a")
        it.monitor.resume()
        assert it.state("a") is not WatchState.PAUSED
        await it.until(lambda: platform.statuses.count("a") > asked)
        assert it.monitor.connection.state is ConnectionState.LIVE


async def test_refreshing_asks_an_ended_run_only_by_its_id(tmp_path):
    platform = platform_of(a=Act(status="completed"), b=Act())
    async with scene(tmp_path, platform, runs=("a", "b")) as it:
        await it.until(lambda: it.state("a") is WatchState.ENDED)
        it.monitor.refresh()
        it.monitor.refresh("not watched")
        asked = platform.statuses.count("b")
        await it.until(lambda: platform.statuses.count("b") > asked)
        assert platform.statuses.count("a") == 1
        platform.acts["a"].status = "running"
        it.monitor.refresh("a")
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        await it.until(lambda: platform.statuses.count("a") >= 3)


async def test_unwatching_ends_it_and_keeps_what_is_known(tmp_path):
    platform = platform_of(a=Act(), b=Act())
    async with scene(tmp_path, platform) as it:
        await it.monitor.watch("a", interval_s=0.2)
        await it.monitor.watch("a", interval_s=0.5)
        await it.monitor.watch("b")
        await it.until(lambda: it.state("a") is it.state("b") is WatchState.LIVE)
        assert await it.monitor.store.watched() == ["a", "b"]
        await it.monitor.unwatch("a")
        await it.monitor.unwatch("a")
        assert [view.run_id for view in it.monitor.views()] == ["b"]
        assert it.monitor.view("a") is None
        assert await it.monitor.store.watched() == ["b"]
        assert await it.monitor.store.run("a") is not None


@pytest.mark.parametrize("run_id", ["", "  ", "bad\udcff"])
async def test_what_cannot_be_an_id_is_refused(tmp_path, run_id):
    async with scene(tmp_path, platform_of()) as it:
        with pytest.raises(RequestError):
            await it.monitor.watch(run_id)
        assert it.monitor.views() == []


async def test_a_store_that_cannot_be_written_is_told_and_the_watch_goes_on(tmp_path):
    platform = platform_of(a=Act(fields={"processedCount": 1, "errorCount": 1}, pages=[["e"]]))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        other = sqlite3.connect(it.monitor.store.path)
        other.execute("BEGIN IMMEDIATE")
        platform.acts["a"].fields = {"processedCount": 2, "errorCount": 3}
        platform.acts["a"].pages = [["e", "f", "g"]]
        await it.until(lambda: it.monitor.connection.what)
        assert it.monitor.connection.state is ConnectionState.LIVE
        assert it.monitor.connection.fix
        await it.until(lambda: it.monitor.view("a").run.processed == 2)
        other.rollback()
        other.close()
        await it.until(lambda: not it.monitor.connection.what)


async def test_an_end_that_the_store_did_not_take_is_asked_for_again(tmp_path):
    platform = platform_of(a=Act())
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.state("a") is WatchState.LIVE)
        other = sqlite3.connect(it.monitor.store.path)
        other.execute("BEGIN IMMEDIATE")
        platform.acts["a"] = Act(status="failed", pages=[["e"]], total=1)
        await it.until(lambda: it.state("a") is WatchState.ENDED)
        assert it.monitor.view("a").next_poll_at is not None
        assert it.monitor.view("a").interval_s >= SLOWEST_S
        other.rollback()
        other.close()
        it.monitor.refresh("a")
        await it.until(lambda: it.monitor.view("a").errors_complete)
        assert it.monitor.view("a").next_poll_at is None
        assert (await it.monitor.store.run("a")).status is RunStatus.FAILED


async def test_calls_are_kept_with_their_attempts(tmp_path):
    platform = platform_of(a=Act(refuse=Reply({}, 503)))
    async with scene(tmp_path, platform, runs=("a",)) as it:
        await it.until(lambda: it.state("a") is WatchState.TROUBLED)
        store = it.monitor.store
    async with store_in(tmp_path) as store:
        (call,) = await store.calls(run_id="a")
    assert call.state is CallState.FAILED
    assert [attempt.status for attempt in call.attempts] == [503, 503]


async def test_closing_is_quick_while_calls_are_in_flight_and_keeps_them(tmp_path):
    platform = platform_of(a=Act(status="failed"), b=Act())
    platform.blocked = asyncio.Event()
    runs = tuple(f"r{n}" for n in range(30))
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(platform))
        store = await stack.enter_async_context(store_in(tmp_path))
        profile = profile_for(server.url, poll=QUICK, runs=runs)
        async with monitoring(profile, store) as (monitor, told):
            await told.until(lambda: monitor.views())
            await eventually(lambda: len(platform.statuses) >= 8)
            started = loop.time()
        assert loop.time() - started < 1
        calls = await store.calls()
    assert {call.state for call in calls} == {CallState.CANCELLED}
    assert len(calls) >= 8
    assert monitor.views()


async def test_256_runs_are_all_polled_without_passing_the_budget(tmp_path):
    acts = {f"run-{n}": Act(fields={"processedCount": n}) for n in range(256)}
    platform = Platform(acts=acts, headers=ROOMY)
    async with scene(tmp_path, platform, runs=tuple(acts)) as it:
        await it.until(lambda: all(view.state is WatchState.LIVE for view in it.monitor.views()))
        assert len(await it.monitor.store.runs()) == 256


async def test_without_roomy_limits_a_start_with_many_runs_stays_under_its_share(tmp_path):
    acts = {f"run-{n}": Act() for n in range(256)}
    async with scene(tmp_path, Platform(acts=acts), runs=tuple(acts)) as it:
        await it.until(lambda: len(it.platform.statuses) >= 60)
        await asyncio.sleep(0.3)  # nothing more than what is spread may come in this time
        assert len(it.platform.statuses) <= 64
        waiting = [view for view in it.monitor.views() if view.state is WatchState.KNOWN]
        assert all(view.next_poll_at is not None for view in waiting)
        assert it.monitor.budget.remaining <= 240


async def test_a_fault_of_cxtop_itself_is_shown_and_raised_at_the_end(tmp_path):
    with pytest.raises(ExceptionGroup) as caught:
        await _with_a_fault(tmp_path)
    assert caught.group_contains(KeyError)


async def _with_a_fault(folder):
    async with scene(folder, platform_of()) as it:
        it.monitor._runs.poller.add("never watched")
        await it.until(lambda: it.monitor.connection.state is ConnectionState.OFFLINE)
        assert "fault in cxtop" in it.monitor.connection.what
