"""The words of the domain. Frozen pydantic models; times are aware and in UTC."""

from .base import Model
from .calls import Attempt, Call, CallState, RateBudget, WaitReason
from .correlation import (
    Certainty,
    Correlation,
    Key,
    Kind,
    StepMatch,
    Tie,
    TraceResult,
    TraceState,
)
from .exchanges import (
    Body,
    BodyKind,
    Diagnosis,
    Exchange,
    Failure,
    FlowTrace,
    Frame,
    Outcome,
    RequestIdSource,
    StepStatus,
    TraceStep,
)
from .runs import ActionRun, ErrorGroup, Page, Poll, RecordError, RunStatus
from .watching import Connection, ConnectionState, RunView, WatchState

__all__ = [
    "ActionRun",
    "Attempt",
    "Body",
    "BodyKind",
    "Call",
    "CallState",
    "Certainty",
    "Connection",
    "ConnectionState",
    "Correlation",
    "Diagnosis",
    "ErrorGroup",
    "Exchange",
    "Failure",
    "FlowTrace",
    "Frame",
    "Key",
    "Kind",
    "Model",
    "Outcome",
    "Page",
    "Poll",
    "RateBudget",
    "RecordError",
    "RequestIdSource",
    "RunStatus",
    "RunView",
    "StepMatch",
    "StepStatus",
    "Tie",
    "TraceResult",
    "TraceState",
    "TraceStep",
    "WaitReason",
    "WatchState",
]
