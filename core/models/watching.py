"""What cxtop knows about watching, beside what the platform said."""

from __future__ import annotations

from datetime import datetime

from ..states import WatchState
from .base import Model
from .runs import ActionRun


class RunView(Model):
    """A watched run as a screen shows it.

    `run` is the last good answer, `None` before the first. `rate` is in records a second and
    `eta_s` in seconds, both from a moving window, `None` where nothing can be said. `trouble`
    and `remedy` say what went wrong with the last poll and what to do; `failures` counts the
    polls that failed in a row. `errors_kept` counts the failed records in the store.
    """

    run_id: str
    state: WatchState = WatchState.KNOWN
    run: ActionRun | None = None
    rate: float | None = None
    eta_s: float | None = None
    interval_s: float = 10.0
    next_poll_at: datetime | None = None
    failures: int = 0
    trouble: str = ""
    remedy: str = ""
    errors_kept: int = 0
    errors_complete: bool = False
    trend: tuple[float, ...] = ()
