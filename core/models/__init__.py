"""The words of the domain. Frozen pydantic models; times are aware and in UTC."""

from .base import Model
from .calls import Attempt, Call, CallState, RateBudget, WaitReason
from .runs import ActionRun, ErrorGroup, Page, Poll, RecordError, RunStatus
from .watching import Connection, ConnectionState, RunView, WatchState

__all__ = [
    "ActionRun",
    "Attempt",
    "Call",
    "CallState",
    "Connection",
    "ConnectionState",
    "ErrorGroup",
    "Model",
    "Page",
    "Poll",
    "RateBudget",
    "RecordError",
    "RunStatus",
    "RunView",
    "WaitReason",
    "WatchState",
]
