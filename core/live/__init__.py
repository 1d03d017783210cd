"""What goes on while cxtop runs: polls, failed records, the connection; and the façade over it."""

from .captures import Captures, open_captures
from .changes import Change, Changes
from .monitor import Monitor
from .seeing import see_through
from .session import Link, Session, open_monitor, open_session
from .walking import Walk, Walked
from .watching import fetch_errors, watch_runs

__all__ = [
    "Captures",
    "Change",
    "Changes",
    "Link",
    "Monitor",
    "Session",
    "Walk",
    "Walked",
    "fetch_errors",
    "open_captures",
    "open_monitor",
    "open_session",
    "see_through",
    "watch_runs",
]
