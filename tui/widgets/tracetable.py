"""How the steps of a flow look: a row a step, their times as a small waterfall."""

from __future__ import annotations

from datetime import datetime

from ...core.models import FlowTrace, StepStatus, TraceStep
from .. import words
from ..ink import Line, Tone
from .columns import Column

_SIGNS: dict[StepStatus, tuple[str, str, Tone]] = {
    StepStatus.DONE: ("✔", "done", "good"),
    StepStatus.FAILED: ("✖", "failed", "bad"),
    StepStatus.RUNNING: ("▶", "running", "busy"),
    StepStatus.SKIPPED: ("·", "skipped", "dim"),
    StepStatus.UNKNOWN: ("?", "unknown", "warn"),
}


def trace_columns(trace: FlowTrace) -> tuple[Column[TraceStep], ...]:
    """The columns for the steps of one trace, on its own scale of time."""
    began = min((step.started_at for step in trace.steps if step.started_at), default=None)
    ended = max((step.ended_at for step in trace.steps if step.ended_at), default=None)
    whole = (ended - began).total_seconds() if began and ended else 0.0

    def name(step: TraceStep, _width: int) -> Line:
        sign, _, tone = _SIGNS[step.status]
        return ((f"{sign} ", tone), (step.name or step.step_id, tone if tone == "bad" else ""))

    def fall(step: TraceStep, width: int) -> Line:
        if not (began and step.started_at and whole > 0):
            return ()
        first = _cell(step.started_at, began, whole, width)
        last = _cell(step.ended_at or step.started_at, began, whole, width)
        tone = _SIGNS[step.status][2]
        length = max(1, last - first)
        return (
            ("░" * min(first, width - 1), "track"),
            ("█" * length, "busy" if tone == "good" else tone),
        )

    def took(step: TraceStep, _width: int) -> Line:
        if step.started_at and step.ended_at:
            return ((words.span((step.ended_at - step.started_at).total_seconds()), ""),)
        return ((_SIGNS[step.status][1], "dim"),)

    def message(step: TraceStep, _width: int) -> Line:
        said = step.message or ("" if step.status is not StepStatus.UNKNOWN else step.raw_status)
        return ((said, "bad" if step.status is StepStatus.FAILED else "dim"),)

    return (
        Column("step", "STEP", 18, name, flex=2, widest=36),
        Column("fall", "WHEN", 12, fall, flex=3, widest=60, drop=1),
        Column("took", "TOOK", 8, took, right=True),
        Column("message", "WHAT IT SAYS", 20, message, flex=4, drop=2),
    )


def _cell(moment: datetime, began: datetime, whole: float, width: int) -> int:
    share = (moment - began).total_seconds() / whole
    return round(min(1.0, max(0.0, share)) * width)
