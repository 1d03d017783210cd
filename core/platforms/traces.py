"""A flow's execution, step by step where the platform tells steps (contract §1, flow trace)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..models import FlowTrace, StepStatus, TraceStep
from .reading import Fields, as_text
from .runs import require

T = TypeVar("T")

_WORDS = {
    StepStatus.DONE: "done completed complete success succeeded successful fulfilled finished "
    "executed ok passed",
    StepStatus.FAILED: "failed failure error errored faulted timeout timed_out aborted rejected",
    StepStatus.RUNNING: "running in_progress processing active started executing",
    StepStatus.SKIPPED: "skipped not_executed not_run bypassed cancelled canceled",
}
_BY_WORD = {word: status for status, words in _WORDS.items() for word in words.split()}
_FLOW = ("flow", "flowId", "flow_id", "flowName", "flow_name")
_IDS = ("id", "executionId", "execution_id", "flowExecutionId", "flow_execution_id")
_STEP_STATUS = ("status", "stepStatus", "step_status", "state")


def read_trace(execution_id: str, body: dict[str, Any]) -> FlowTrace:
    """The trace that `body` describes, in camelCase or snake_case, seen now.

    Its id is the one that was asked for. What is unknown, or not of the type that it should be,
    stays in `extra`. Raises UnreadableError for an object that tells of no execution.
    """
    require(body, (*_IDS, *_FLOW, "status", "steps"), "a flow's execution")
    fields = Fields(body)
    for name in _IDS:
        if as_text(fields.rest.get(name)) == execution_id:
            fields.take(name)
    flow_id, flow_name = _flow(fields)
    return FlowTrace(
        execution_id=execution_id,
        flow_id=flow_id,
        flow_name=flow_name,
        status=fields.word("status"),
        steps=_steps(fields),
        fetched_at=datetime.now(UTC),
        extra=fields.rest,
    )


def step_status(word: object) -> StepStatus:
    """The status that `word` means, in any case and spelling; `UNKNOWN` for anything else."""
    if not isinstance(word, str):
        return StepStatus.UNKNOWN
    spelled = word.strip().lower().replace("-", "_").replace(" ", "_")
    return _BY_WORD.get(spelled, StepStatus.UNKNOWN)


def _flow(fields: Fields) -> tuple[str, str]:
    flow = fields.rest.get("flow")
    if isinstance(flow, dict):
        inner = Fields(fields.take("flow"))
        found = inner.word("id"), inner.word("name")
        if inner.rest:
            fields.rest["flow"] = inner.rest
        return found
    named = fields.word("flow") if isinstance(flow, str) else ""
    flow_id = _first(fields.word, "flowId", "flow_id")
    return flow_id or named, _first(fields.word, "flowName", "flow_name")


def _steps(fields: Fields) -> tuple[TraceStep, ...]:
    """The steps in the order in which they came; what is no list of steps stays where it is."""
    steps = fields.rest.get("steps")
    if isinstance(steps, dict) and all(isinstance(each, dict) for each in steps.values()):
        steps = [{"stepId": name, **each} for name, each in steps.items()]
    if not isinstance(steps, list):
        return ()
    fields.take("steps")
    return tuple(_step(entry, number) for number, entry in enumerate(steps, 1))


def _step(entry: Any, number: int) -> TraceStep:
    if not isinstance(entry, dict):
        return TraceStep(step_id=str(number), name=as_text(entry), status=StepStatus.UNKNOWN)
    fields = Fields(entry)
    step_id = _first(fields.word, "stepId", "step_id", "id") or str(number)
    word = _first(fields.word, *_STEP_STATUS)
    message = _first(fields.word, "errorMessage", "error_message")
    status = step_status(word)
    if not word and message:
        status = StepStatus.FAILED
    return TraceStep(
        step_id=step_id,
        name=_first(fields.word, "stepName", "step_name", "name") or step_id,
        status=status,
        raw_status=word,
        message=message,
        started_at=_first(fields.moment, "startTime", "start_time", "startedAt", "started_at"),
        ended_at=_first(fields.moment, "endTime", "end_time", "endedAt", "ended_at"),
        request=_first(fields.take, "request", "requestPayload", "request_payload"),
        response=_first(fields.take, "response", "responsePayload", "response_payload"),
        extra=fields.rest,
    )


def _first(read: Callable[[str], T], *names: str) -> T:
    """What `read` finds under the first of `names` that bears anything; the others are left."""
    found = read(names[0])
    for name in names[1:]:
        if found not in (None, ""):
            break
        found = read(name)
    return found
