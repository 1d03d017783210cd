import math
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from cxtop.core.models import ActionRun, RunStatus
from cxtop.core.redact import MASK
from cxtop.core.store import Store

from .support import START, make_run
from .test_codec import any_json, any_text


async def test_a_run_comes_back_whole(store):
    run = make_run(
        name="Night import",
        progress=0.25,
        raw_progress="25 %",
        processed=50,
        total=200,
        errors=3,
        warnings=0,
        created_at=START - timedelta(hours=1),
        updated_at=START,
        extra={"owner": {"id": 7}, "tags": ["a", None, 1.5]},
    )
    await store.save_run(run)
    assert await store.run("run-1") == run
    assert await store.runs() == [run]


async def test_what_was_never_seen_is_nothing(store):
    assert await store.run("nobody") is None
    assert await store.runs(["nobody"]) == []
    assert await store.polls("nobody") == []
    assert await store.watched() == []
    assert await store.error_walk("nobody") == (1, False)
    await store.unwatch("nobody")


async def test_a_run_that_is_only_watched_was_never_seen(store):
    await store.watch("run-1")
    assert await store.run("run-1") is None
    assert await store.runs() == []


async def test_the_newest_answer_stays_and_every_poll_is_history(store):
    for after_s, processed in ((0, 1), (20, 3), (10, 2)):
        await store.save_run(make_run(after_s=after_s, processed=processed))
    newest = await store.run("run-1")
    assert newest is not None
    assert newest.processed == 3
    assert [poll.processed for poll in await store.polls("run-1")] == [1, 2, 3]


async def test_the_same_answer_twice_is_one_poll(store):
    for _ in range(2):
        await store.save_run(make_run())
    assert len(await store.polls("run-1")) == 1


async def test_polls_are_the_newest_oldest_first(store):
    for second in range(20):
        await store.save_run(make_run(after_s=second, processed=second, status=RunStatus.RUNNING))
    polls = await store.polls("run-1", limit=3)
    assert [poll.processed for poll in polls] == [17, 18, 19]
    assert polls[0].polled_at == START + timedelta(seconds=17)
    assert polls[0].status is RunStatus.RUNNING


async def test_runs_come_in_the_order_asked_for_or_the_last_seen_first(store):
    for place, run_id in enumerate("abc"):
        await store.save_run(make_run(run_id, after_s=place))
    assert [run.run_id for run in await store.runs()] == ["c", "b", "a"]
    assert [run.run_id for run in await store.runs(["b", "x", "c"])] == ["b", "c"]


async def test_watched_runs_keep_the_order_in_which_they_were_added(store):
    for run_id in ("c", "a", "b", "a"):
        await store.watch(run_id)
    assert await store.watched() == ["c", "a", "b"]
    await store.unwatch("c")
    await store.watch("c")
    assert await store.watched() == ["a", "b", "c"]


async def test_the_walk_over_the_errors_is_remembered(path):
    async with await Store.open(path) as store:
        await store.set_error_walk("run-1", 7, False)
    async with await Store.open(path) as store:
        assert await store.error_walk("run-1") == (7, False)
        await store.set_error_walk("run-1", 12, True)
        assert await store.error_walk("run-1") == (12, True)


@pytest.mark.parametrize(
    "count",
    [2**63 - 1, 2**63, -(2**70), pytest.param(10**5000, id="more digits than Python prints")],
)
async def test_counts_of_any_size_come_back(store, count):
    await store.save_run(make_run(processed=count, total=count))
    (poll,) = await store.polls("run-1")
    run = await store.run("run-1")
    assert run is not None
    assert run.processed == run.total == poll.processed == poll.total == count


async def test_progress_that_is_no_number_is_no_progress_in_the_history(store):
    await store.save_run(make_run(progress=math.nan))
    (poll,) = await store.polls("run-1")
    assert poll.progress is None


async def test_secrets_are_masked(store):
    await store.save_run(
        make_run(
            name="api_key=abc123secret",
            raw_status="password=hunter2",
            raw_progress={"token": "t0ps3cret"},
            extra={"nested": [{"client_secret": "s3cr3t"}]},
        )
    )
    run = await store.run("run-1")
    assert run is not None
    assert "abc123secret" not in (run.name or "")
    assert "hunter2" not in run.raw_status
    assert run.raw_progress == {"token": MASK}
    assert run.extra == {"nested": [{"client_secret": MASK}]}


async def test_what_is_nested_without_end_does_not_hide_the_run(store):
    deep: dict = {"a": 1}
    for _ in range(100_000):
        deep = {"a": deep}
    await store.save_run(make_run(extra=deep, raw_progress=[deep]))
    run = await store.run("run-1")
    assert run is not None
    assert run.status is RunStatus.RUNNING


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run_id=any_text, value=any_json)
async def test_answers_of_any_shape_come_back_as_runs(store, run_id, value):
    run = ActionRun(
        run_id=run_id,
        platform="cxone",
        status=RunStatus.UNKNOWN,
        polled_at=START,
        raw_progress=value,
        extra={"x": value},
    )
    await store.save_run(run)
    await store.watch(run_id)
    kept = await store.run(run_id)
    assert kept is not None
    assert kept.run_id == run_id
    # What looks like a secret was masked; apart from that it is what was given.
    if kept.raw_progress == value:
        assert kept == run
    assert run_id in await store.watched()
