"""The words of the domain. Frozen pydantic models; times are aware and in UTC."""

from .base import Model
from .calls import Attempt, Call, CallState, RateBudget, WaitReason
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
    "Connection",
    "ConnectionState",
    "Diagnosis",
    "ErrorGroup",
    "Exchange",
    "Failure",
    "FlowTrace",
    "Frame",
    "Model",
    "Outcome",
    "Page",
    "Poll",
    "RateBudget",
    "RecordError",
    "RequestIdSource",
    "RunStatus",
    "RunView",
    "StepStatus",
    "TraceStep",
    "WaitReason",
    "WatchState",
]
