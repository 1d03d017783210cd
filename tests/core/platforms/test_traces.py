import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import AnswerError, ForbiddenError, NotFoundError
from cxtop.core.models import StepStatus
from cxtop.core.platforms import platform_for
from cxtop.core.platforms.traces import step_status

from .server import Reply, calling, profile_for, serving

STEP = {
    "stepId": "s-1",
    "stepName": "Look up",
    "status": "COMPLETED",
    "startTime": "2024-05-06T07:08:09Z",
    "endTime": "2024-05-06T07:08:10.5Z",
    "request": {"id": 1},
    "response": [1, 2],
    "lane": "left",
}
FAILED = {"stepId": "s-2", "stepName": "Call", "status": "Failed", "errorMessage": "timed out"}
TRACE = {
    "id": "exec-1",
    "flow": {"id": "flow-1", "name": "Orders"},
    "status": "FAILED",
    "steps": [STEP, FAILED],
}


async def trace_of(body, execution_id="exec-1", record=lambda call: None, **changes):
    async with serving(lambda asked: Reply(body)) as server:
        profile = profile_for(server.url, **changes)
        async with calling(profile, record) as caller:
            return await platform_for(profile, caller).flow_trace(execution_id), server.asked


async def test_a_whole_trace_is_read_field_by_field():
    trace, asked = await trace_of(TRACE)
    assert asked[0].path == "/api/v2/flows/executions/exec-1"
    assert (trace.execution_id, trace.flow_id, trace.flow_name) == ("exec-1", "flow-1", "Orders")
    assert (trace.status, trace.extra) == ("FAILED", {})
    first, second = trace.steps
    assert (first.step_id, first.name, first.status) == ("s-1", "Look up", StepStatus.DONE)
    assert first.raw_status == "COMPLETED"
    assert first.started_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert first.ended_at == datetime(2024, 5, 6, 7, 8, 10, 500_000, tzinfo=UTC)
    assert (first.request, first.response, first.extra) == ({"id": 1}, [1, 2], {"lane": "left"})
    assert (second.status, second.message) == (StepStatus.FAILED, "timed out")
    assert (second.started_at, second.request) == (None, None)


async def test_snake_case_says_the_same():
    body = {
        "execution_id": "exec-1",
        "flow_id": "flow-1",
        "flow_name": "Orders",
        "status": "running",
        "steps": [
            {
                "step_id": "s-1",
                "step_name": "Look up",
                "status": "in progress",
                "error_message": "slow",
                "start_time": 1_700_000_000,
                "end_time": 1_700_000_001_000,
                "request_payload": 0,
                "response_payload": False,
            }
        ],
    }
    trace, _ = await trace_of(body)
    assert (trace.flow_id, trace.flow_name, trace.extra) == ("flow-1", "Orders", {})
    step = trace.steps[0]
    assert (step.step_id, step.name, step.message) == ("s-1", "Look up", "slow")
    assert (step.status, step.raw_status) == (StepStatus.RUNNING, "in progress")
    assert (step.ended_at - step.started_at).total_seconds() == 1
    assert (step.request, step.response) == (0, False)


@pytest.mark.parametrize("steps", [{}, {"steps": None}, {"steps": []}, {"steps": {}}])
async def test_a_trace_without_steps_is_a_trace(steps):
    body = {"id": "exec-1", "status": "COMPLETED", "dateLaunched": "2024-05-06", **steps}
    trace, _ = await trace_of(body)
    assert (trace.steps, trace.flow_id, trace.flow_name) == ((), "", "")
    assert trace.extra == {"dateLaunched": "2024-05-06"}


async def test_what_is_not_as_it_should_be_stays_to_be_seen():
    body = {"id": "other", "flow": {"id": 7, "version": 3}, "status": 5, "steps": "none"}
    trace, _ = await trace_of(body)
    assert (trace.execution_id, trace.flow_id, trace.status) == ("exec-1", "7", "5")
    assert trace.extra == {"id": "other", "flow": {"version": 3}, "steps": "none"}


async def test_steps_of_any_shape():
    odd = {"startTime": "yesterday", "errorMessage": {"why": "x"}}
    trace, _ = await trace_of({"flow": "flow-9", "steps": ["text", 7, None, odd, {"name": "n"}]})
    assert trace.flow_id == "flow-9"
    assert [step.step_id for step in trace.steps] == ["1", "2", "3", "4", "5"]
    assert [step.name for step in trace.steps] == ["text", "7", "", "4", "n"]
    assert trace.steps[3].status is StepStatus.FAILED
    assert trace.steps[3].message == '{"why":"x"}'
    assert trace.steps[3].extra == {"startTime": "yesterday"}
    assert trace.steps[4].status is StepStatus.UNKNOWN


async def test_steps_by_their_ids():
    trace, _ = await trace_of({"steps": {"a": {"status": "skipped"}, "b": {"stepId": "c"}}})
    assert [step.step_id for step in trace.steps] == ["a", "c"]
    assert trace.steps[0].status is StepStatus.SKIPPED


@pytest.mark.parametrize(
    ("word", "status"),
    [
        (" Success ", StepStatus.DONE),
        ("TIMED-OUT", StepStatus.FAILED),
        ("Not Executed", StepStatus.SKIPPED),
        ("paused", StepStatus.UNKNOWN),
        (None, StepStatus.UNKNOWN),
    ],
)
def test_status_words(word, status):
    assert step_status(word) is status


@pytest.mark.parametrize("body", [{}, {"message": "hello"}, [], None, "x", b"", b"<html>", b"{"])
async def test_what_is_no_trace_is_an_answer_error(body):
    with pytest.raises(AnswerError, match="flow trace"):
        await trace_of(body)


@pytest.mark.parametrize(
    ("status", "error", "named"),
    [(403, ForbiddenError, "flow:execution:view"), (404, NotFoundError, "exec-1")],
)
async def test_a_refusal_names_what_is_missing(status, error, named):
    async with serving(lambda asked: Reply({"message": "no"}, status)) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            with pytest.raises(error, match=named):
                await platform_for(profile, caller).flow_trace("exec-1")


async def test_a_hostile_id_stays_one_segment_and_the_path_can_be_moved():
    moved = {"flow_trace": "/flows/{run_id}/trace"}
    _, asked = await trace_of(TRACE, "../../x?y=1#z", endpoints=moved)
    assert asked[0].path == "/flows/..%2F..%2Fx%3Fy%3D1%23z/trace"


async def test_its_call_belongs_to_no_run():
    calls = []
    await trace_of(TRACE, record=calls.append)
    assert {call.run_id for call in calls} == {None}
    assert {call.operation for call in calls} == {"flow trace"}


async def test_cxone_has_no_traces_and_does_not_ask():
    trace, asked = await trace_of(TRACE, platform="cxone")
    assert trace is None
    assert asked == []


NAMES = st.sampled_from(
    [
        "id",
        "flow",
        "name",
        "status",
        "steps",
        "stepId",
        "stepName",
        "errorMessage",
        "startTime",
        "endTime",
        "request",
        "response",
        "step_id",
        "step_name",
        "error_message",
        "start_time",
        "flow_id",
        "flowName",
        "execution_id",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner),
    max_leaves=12,
)
STEPS = st.lists(st.dictionaries(NAMES, VALUES, max_size=5) | VALUES, max_size=3)
BODIES = st.one_of(
    VALUES,
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.fixed_dictionaries({"steps": STEPS}),
)


@pytest.fixture(scope="module")
def any_trace():
    """Asks with any body as the answer, over one connection for all examples."""
    state: dict[str, bytes] = {}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start():
            server = await stack.enter_async_context(serving(lambda asked: Reply(state["body"])))
            profile = profile_for(server.url)
            caller = await stack.enter_async_context(calling(profile))
            return platform_for(profile, caller)

        platform = runner.run(start())

        def ask(body: bytes):
            state["body"] = body
            try:
                return runner.run(platform.flow_trace("x"))
            except AnswerError:
                return None

        yield ask
        runner.run(stack.aclose())


@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_any_body_gives_a_trace_or_an_answer_error(any_trace, body):
    trace = any_trace(json.dumps(body).encode())
    if trace is not None:
        assert trace.execution_id == "x"
        assert trace.model_dump_json()
        assert all(step.step_id for step in trace.steps)
