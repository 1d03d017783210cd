from datetime import timedelta

from cxtop.core.models import CallState, WaitReason
from cxtop.core.redact import MASK

from .support import START, make_attempt, make_call


async def test_a_call_comes_back_with_all_its_attempts(store):
    call = make_call(
        state=CallState.FAILED,
        attempts=(
            make_attempt(
                1,
                outcome="429",
                status=429,
                wait_s=7.0,
                wait_reason=WaitReason.RETRY_AFTER,
                rate_limit={"retry-after": "7"},
                correlation_id="c-1",
                request_id="r-1",
            ),
            make_attempt(2, outcome="ReadTimeout", detail="timed out"),
        ),
        gave_up="no attempts left",
        next_attempt_at=None,
    )
    await store.save_call(call)
    assert await store.calls() == [call]


async def test_a_call_is_kept_as_it_is_now(store):
    waiting = make_call(
        state=CallState.WAITING,
        attempts=(make_attempt(1, wait_s=1.0, wait_reason=WaitReason.BACKOFF),),
        next_attempt_at=START + timedelta(seconds=1),
    )
    await store.save_call(waiting)
    assert await store.calls(retried=True) == [waiting]
    again = waiting.model_copy(update={"state": CallState.RUNNING, "next_attempt_at": None})
    await store.save_call(again)
    assert await store.calls(retried=True) == [again]
    assert await store.call(again.call_id) == again
    assert await store.call("another") is None
    done = waiting.model_copy(update={"state": CallState.DONE, "next_attempt_at": None})
    await store.save_call(done)
    assert await store.calls() == [done]
    assert await store.calls(retried=True) == []


async def test_calls_come_newest_first_and_page_by_page(store):
    for number in range(10):
        # Two calls of each second: the later one counts as newer.
        await store.save_call(make_call(f"c{number}", after_s=number // 2))
    first = await store.calls(limit=4)
    assert [call.call_id for call in first] == ["c9", "c8", "c7", "c6"]
    second = await store.calls(limit=4, before="c6")
    assert [call.call_id for call in second] == ["c5", "c4", "c3", "c2"]
    assert [call.call_id for call in await store.calls(before="c2")] == ["c1", "c0"]
    assert await store.calls(before="c0") == []
    assert await store.calls(before="nobody") == []


async def test_calls_of_one_run_and_those_that_were_retried(store):
    twice = (make_attempt(1), make_attempt(2))
    await store.save_call(make_call("a", after_s=0))
    await store.save_call(make_call("b", after_s=1, attempts=twice))
    await store.save_call(make_call("c", after_s=2, run_id="run-2", attempts=twice))
    await store.save_call(make_call("d", after_s=3, run_id=None))
    assert [call.call_id for call in await store.calls(run_id="run-1")] == ["b", "a"]
    assert [call.call_id for call in await store.calls(retried=True)] == ["c", "b"]
    both = await store.calls(run_id="run-1", retried=True)
    assert [call.call_id for call in both] == ["b"]
    assert await store.calls(run_id="nobody") == []


async def test_secrets_are_masked(store, path):
    await store.save_call(
        make_call(
            url="https://user:hunter2@api.example/x?access_token=hunter2&page=2",
            gave_up="password=hunter2",
            attempts=(
                make_attempt(
                    outcome="password=hunter2",
                    detail="Authorization: Bearer hunter2hunter2hunter2",
                    rate_limit={"set-cookie": "session=hunter2", "retry-after": "7"},
                ),
            ),
        )
    )
    for file in path.parent.iterdir():
        assert b"hunter2" not in file.read_bytes()
    (call,) = await store.calls()
    assert "page=2" in call.url
    assert MASK in call.gave_up
    assert call.attempts[0].rate_limit["retry-after"] == "7"
