import asyncio
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from cxtop.core.config import Profile
from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    ServerError,
    StoreError,
    UnreachableError,
)
from cxtop.core.live import fetch_errors, open_session, watch_runs
from cxtop.core.models import RunStatus
from cxtop.core.platforms import platform_for
from cxtop.core.simulator.serve import simulator

from ..platforms.server import Reply, calling, profile_for, serving
from .support import Act, Platform, closed_port, settings_for, store_in

FAST = {"interval_s": 0.01, "min_interval_s": 0.01}


@pytest.fixture
async def store(tmp_path):
    async with store_in(tmp_path) as store:
        yield store


class Watch:
    """Watches runs of a real server; `troubles` are those that it got over."""

    def __init__(self, platform, store, name="genesys"):
        self.platform = platform
        self.store = store
        self.name = name
        self.troubles = []
        self.polls = []

    async def run(self, *ids, **settings):
        async with serving(self.platform) as server:
            profile = profile_for(server.url, platform=self.name)
            async with calling(profile) as caller:
                dialect = platform_for(profile, caller)
                watching = watch_runs(
                    dialect,
                    self.store,
                    ids,
                    on_trouble=lambda run_id, error: self.troubles.append((run_id, error)),
                    **FAST | settings,
                )
                async with aclosing(watching):
                    async for run in watching:
                        self.polls.append(run)
                        self.on_poll(run)
        return self.polls

    def on_poll(self, run):
        pass


async def test_each_poll_comes_out_until_all_have_ended(store):
    platform = Platform({"a": Act(), "b": Act(status="failed")})
    watch = Watch(platform, store)

    def on_poll(run):
        if len(watch.polls) == 4:
            platform.acts["a"].status = "completed"

    watch.on_poll = on_poll
    polls = await watch.run("a", "b", "a")
    assert [run.status for run in polls if run.run_id == "b"] == [RunStatus.FAILED]
    ofa = [run.status for run in polls if run.run_id == "a"]
    assert ofa[-1] is RunStatus.COMPLETED
    assert set(ofa[:-1]) == {RunStatus.RUNNING}
    assert len(await store.polls("a")) == len(ofa)
    assert await store.run("b") is not None


async def test_once_asks_each_run_once(store):
    polls = await Watch(Platform({"a": Act(), "b": Act()}), store).run("a", "b", once=True)
    assert sorted(run.run_id for run in polls) == ["a", "b"]


async def test_nothing_to_watch_ends_at_once(store):
    assert await Watch(Platform(), store).run() == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), AuthenticationError),
        (Reply({}, 403), ForbiddenError),
        (Reply({}, 404), NotFoundError),
    ],
)
async def test_what_does_not_pass_raises_at_once(store, reply, error):
    watch = Watch(Platform({"a": Act(refuse=reply)}), store)
    with pytest.raises(error):
        await watch.run("a")
    assert watch.troubles == watch.polls == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b"<html>"), AnswerError),
        (Reply({}, 500), ServerError),
    ],
)
async def test_what_may_pass_is_tried_again_until_patience_ends(store, reply, error):
    watch = Watch(Platform({"a": Act(refuse=reply)}), store)
    with pytest.raises(error):
        await watch.run("a", patience=3)
    assert [type(trouble) for _, trouble in watch.troubles] == [error, error]


async def test_a_rate_limit_does_not_pass_soon(store):
    reply = Reply({}, 429, {"retry-after": "0"})
    watch = Watch(Platform({"a": Act(refuse=reply)}), store)
    with pytest.raises(RateLimitError):
        await watch.run("a", patience=1)


async def test_trouble_that_passes_is_told_and_forgotten(store):
    platform = Platform({"a": Act(refuse=Reply(b"<html>"))})
    watch = Watch(platform, store)

    class Ends(list):
        def append(self, trouble):
            super().append(trouble)
            platform.acts["a"] = Act(status="completed")

    watch.troubles = Ends()
    polls = await watch.run("a", patience=2)
    assert [run.status for run in polls] == [RunStatus.COMPLETED]
    assert [run_id for run_id, _ in watch.troubles] == ["a"]


async def test_a_host_that_was_never_reached_raises_at_once(store):
    with closed_port() as url:
        profile = profile_for(url)
        async with calling(profile) as caller:
            watching = watch_runs(platform_for(profile, caller), store, ["a"], patience=50)
            with pytest.raises(UnreachableError):
                await anext(watching)


async def test_a_run_that_is_gone_does_not_end_the_watch_of_the_others(store):
    platform = Platform({"a": Act(status="completed")})
    platform.acts["slow"] = Act()
    watch = Watch(platform, store)

    def on_poll(run):
        if run.run_id == "slow" and len(watch.polls) > 3:
            platform.acts["slow"].status = "completed"

    watch.on_poll = on_poll
    gone: list[tuple[str, type]] = []
    await watch.run(
        "gone", "a", "slow", on_gone=lambda run_id, error: gone.append((run_id, type(error)))
    )
    assert gone == [("gone", NotFoundError)]
    assert watch.polls[-1].run_id == "slow"
    assert watch.polls[-1].status is RunStatus.COMPLETED


async def test_progress_does_not_fall_back(store):
    platform = Platform({"a": Act(fields={"progress": 0.8})})
    watch = Watch(platform, store)

    def on_poll(run):
        platform.acts["a"] = Act(status="failed", fields={"progress": 0.3})

    watch.on_poll = on_poll
    polls = await watch.run("a")
    assert [(run.progress, run.raw_progress) for run in polls] == [(0.8, 0.8), (0.8, 0.3)]


async def test_a_store_that_does_not_keep_is_told_and_the_watch_goes_on(store):
    await store.writer.close()
    watch = Watch(Platform({"a": Act(status="completed")}), store)
    polls = await watch.run("a")
    assert [run.status for run in polls] == [RunStatus.COMPLETED]
    assert isinstance(watch.troubles[0][1], StoreError)


async def test_leaving_early_and_being_cancelled_end_the_polls(store):
    platform = Platform({"a": Act()})
    async with serving(platform) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            dialect = platform_for(profile, caller)
            async with aclosing(watch_runs(dialect, store, ["a"], **FAST)) as watching:
                async for _ in watching:
                    break

            async def for_ever():
                async for _ in watch_runs(dialect, store, ["a"], interval_s=60):
                    reached.set()

            reached = asyncio.Event()
            task = asyncio.create_task(for_ever())
            await asyncio.wait_for(reached.wait(), 5)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
    assert len(asyncio.all_tasks()) == 1


async def test_a_fault_in_the_platform_is_not_swallowed(store):
    class Broken:
        async def run_status(self, run_id):
            raise RuntimeError("a fault")

        async def failed_records(self, run_id, page, size):
            return None

    with pytest.raises(ExceptionGroup) as caught:
        async for _ in watch_runs(Broken(), store, ["a"]):
            pass
    assert caught.group_contains(RuntimeError)


async def test_fetching_the_errors_of_an_ended_run(store):
    pages = [["e1", "e2"], ["e3"]]
    async with serving(Platform({"a": Act(status="failed", pages=pages, total=3)})) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            seen = []
            run, walked = await fetch_errors(
                platform_for(profile, caller), store, "a", page_size=2, on_page=seen.append
            )
    assert run.status is RunStatus.FAILED
    assert (walked.kept, walked.complete) == (3, True)
    assert seen == [2, 3]
    assert [error.record_id async for error in store.errors("a")] == ["e1", "e2", "e3"]


async def test_fetching_errors_that_come_with_the_status(store):
    reply = Reply({"status": "failed", "errors": [{"code": "A"}, {"code": "B"}]})
    async with serving(lambda asked: reply) as server:
        profile = profile_for(server.url, platform="cxone")
        async with calling(profile) as caller:
            _, walked = await fetch_errors(platform_for(profile, caller), store, "a")
    assert (walked.kept, walked.complete) == (2, True)
    watch = Watch(lambda asked: reply, store, "cxone")
    await watch.run("b")
    assert await store.error_count("b") == 2


async def test_a_storm_is_watched_to_its_end(tmp_path):
    async with simulator("storm", speed=2000, seed=3, allowed=5000) as announced:
        profile = Profile(
            name="storm",
            base_url=announced.url,
            client_id=announced.client_id,
            client_secret=SecretStr(announced.client_secret),
            retry={"base_s": 0.01, "cap_s": 0.05, "attempts": 10},
            timeouts={"read_s": 0.3},
        )
        ids = announced.run_ids()
        async with open_session(settings_for(profile, tmp_path)) as session:
            ends = {}
            async for run in watch_runs(
                session.link,
                session.store,
                ids,
                interval_s=0.05,
                min_interval_s=0.05,
                budget=lambda: session.link.budget,
                patience=20,
            ):
                ends[run.run_id] = run.status
    assert {run_id: str(status) for run_id, status in ends.items()} == {
        run["id"]: run["ends"] for run in announced.runs if run["platform"] == "genesys"
    }
