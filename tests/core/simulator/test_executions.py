from datetime import timedelta

import pytest

from cxtop.core.models import StepStatus
from cxtop.core.platforms.traces import read_trace
from cxtop.core.simulator.executions import Execution, Executions, Step, told
from cxtop.core.simulator.flows import FLOWS, Told

BY_TOLD = {flow.told: flow for flow in reversed(FLOWS)}


def execution(manner=Told.WELL, execution_id="e-1"):
    return Execution(execution_id, BY_TOLD[manner], "c-1", "ab" * 16)


def gone_wrong(manner):
    """An execution whose second step failed."""
    here = execution(manner)
    here.begin("Start").end("COMPLETED")
    step = here.begin("Ask")
    step.url, step.request_id, step.sent = "http://127.0.0.1:1/crm", "r-1", b'{"a": 1}'
    step.status, step.answered = 502, b"<html>"
    step.end("FAILED", "status 502")
    here.steps.append(Step("Say", "SKIPPED"))
    here.end("FAILED")
    return here


@pytest.mark.parametrize("manner", [Told.WELL, Told.SNAKE_CASE])
def test_the_failing_step_is_marked_as_it_went(manner):
    trace = read_trace("e-1", told(gone_wrong(manner)))
    assert [step.status for step in trace.steps] == [
        StepStatus.DONE,
        StepStatus.FAILED,
        StepStatus.SKIPPED,
    ]
    start, failed, skipped = trace.steps
    assert (failed.step_id, failed.name, failed.message) == ("2", "Ask", "status 502")
    assert start.ended_at <= failed.started_at <= failed.ended_at
    assert skipped.started_at is None
    assert (failed.request["body"], failed.response) == (
        {"a": 1},
        {"status": 502, "body": "<html>"},
    )
    assert trace.flow_name == BY_TOLD[manner].name


def test_snake_case_has_no_other_case_and_no_request_ids():
    body = told(gone_wrong(Told.SNAKE_CASE))
    names = body.keys() | {name for step in body["steps"] for name in step}
    assert not any(name != name.lower() for name in names)
    assert {"error_message", "step_name", "start_time", "conversation_id"} <= names
    assert "request_id" not in names
    assert told(gone_wrong(Told.WELL))["steps"][1]["requestId"] == "r-1"


def test_some_flows_tell_no_steps():
    assert "steps" not in told(gone_wrong(Told.NO_STEPS))


def test_what_goes_on_has_no_end_yet():
    here = execution()
    here.begin("Start")
    body = told(here)
    assert (body["status"], body["endTime"]) == ("RUNNING", None)
    assert "endTime" not in body["steps"][0]
    trace = read_trace("e-1", body)
    assert trace.steps[0].status is StepStatus.RUNNING
    assert trace.steps[0].started_at - here.began < timedelta(seconds=5)


def test_the_oldest_are_forgotten():
    kept = Executions(most=3)
    for number in range(5):
        kept.add(execution(execution_id=str(number)))
    assert len(kept) == 3
    assert kept.find("1") is None
    assert kept.find("2").execution_id == "2"
