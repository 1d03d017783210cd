"""Executions of flows: what went on in them, and how the platform tells of it (contract §1)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .answers import rfc3339
from .flows import Flow, Told

MOST_EXECUTIONS = 2000

_SNAKE = {
    "startTime": "start_time",
    "endTime": "end_time",
    "conversationId": "conversation_id",
    "stepId": "step_id",
    "stepName": "step_name",
    "errorMessage": "error_message",
}
_SNAKE_WORDS = {
    "COMPLETED": "success",
    "FAILED": "error",
    "RUNNING": "in_progress",
    "SKIPPED": "not_executed",
}


@dataclass(slots=True)
class Step:
    """A step as it went. `sent` and `answered` are the bodies of its call, `status` 0 no answer."""

    name: str
    word: str = "RUNNING"
    began: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    request_id: str = ""
    url: str = ""
    sent: bytes = b""
    status: int = 0
    answered: bytes = b""

    def end(self, word: str, message: str = "") -> None:
        """The step is over."""
        self.word, self.message, self.ended = word, message, datetime.now(UTC)


@dataclass(slots=True)
class Execution:
    """One execution of a flow."""

    execution_id: str
    flow: Flow
    conversation_id: str
    trace_id: str
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    word: str = "RUNNING"
    steps: list[Step] = field(default_factory=list)

    def begin(self, name: str) -> Step:
        """The next step, which begins now."""
        step = Step(name, began=datetime.now(UTC))
        self.steps.append(step)
        return step

    def end(self, word: str) -> None:
        """The flow is over."""
        self.word, self.ended = word, datetime.now(UTC)


class Executions:
    """The latest executions; older ones are forgotten."""

    def __init__(self, most: int = MOST_EXECUTIONS) -> None:
        self._most = most
        self._by_id: dict[str, Execution] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, execution: Execution) -> None:
        """Remembers an execution from now on."""
        self._by_id[execution.execution_id] = execution
        if len(self._by_id) > self._most:
            del self._by_id[next(iter(self._by_id))]

    def find(self, execution_id: str) -> Execution | None:
        """The execution of that id, if it is known."""
        return self._by_id.get(execution_id)


def told(execution: Execution) -> dict[str, Any]:
    """What the platform tells of an execution, as it stands now."""
    flow = execution.flow
    body: dict[str, Any] = {
        "id": execution.execution_id,
        "flow": {"id": flow.flow_id, "name": flow.name},
        "status": execution.word,
        "conversationId": execution.conversation_id,
        "startTime": rfc3339(execution.began),
        "endTime": rfc3339(execution.ended) if execution.ended else None,
    }
    if flow.told is Told.NO_STEPS:
        return body
    steps = [_step(step, f"{number}") for number, step in enumerate(execution.steps, 1)]
    if flow.told is Told.SNAKE_CASE:
        return _snake(body) | {"steps": [_snake_step(step) for step in steps]}
    return body | {"steps": steps}


def _step(step: Step, step_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "stepId": step_id,
        "stepName": step.name,
        "status": step.word,
        "errorMessage": step.message or None,
    }
    if step.began:
        body["startTime"] = rfc3339(step.began)
    if step.ended and step.began:
        body["endTime"] = rfc3339(step.ended)
    if step.url:
        body["requestId"] = step.request_id or None
        body["request"] = {"method": "POST", "url": step.url, "body": _read(step.sent)}
    if step.status:
        body["response"] = {"status": step.status, "body": _read(step.answered)}
    return body


def _snake(body: dict[str, Any]) -> dict[str, Any]:
    return {_SNAKE.get(name, name): value for name, value in body.items()}


def _snake_step(step: dict[str, Any]) -> dict[str, Any]:
    """These flows are of a version that tells no request ids."""
    known = {name: value for name, value in step.items() if name != "requestId"}
    return _snake(known) | {"status": _SNAKE_WORDS[step["status"]]}


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
