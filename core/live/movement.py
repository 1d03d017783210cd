"""How a run moves: its rate, its end, and whether it has stopped moving."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ..models import ActionRun, Poll, RunStatus

WINDOW = 6
"""Polls that the rate is taken over."""

TREND = 40
"""Points that are kept for a sparkline."""

Seen = ActionRun | Poll


class Movement:
    """The last polls of one run, bounded however long it is watched.

    `trend` holds the rate between polls, oldest first: records a second, or shares of the whole
    a second where the platform counts no records.
    """

    def __init__(self, polls: Iterable[Poll] = ()) -> None:
        self._points: deque[Seen] = deque(maxlen=WINDOW)
        self._trend: deque[float] = deque(maxlen=TREND)
        self.still = 0
        for poll in polls:
            self.see(poll)
        self.still = 0  # what was still before says nothing about now

    def see(self, seen: Seen) -> None:
        """Takes in the newest poll; one that is not newer than the last is left out."""
        last = self._points[-1] if self._points else None
        if last is not None:
            seconds = (seen.polled_at - last.polled_at).total_seconds()
            if seconds <= 0:
                return
            self.still = self.still + 1 if _signs(last) == _signs(seen) else 0
            moved = _moved(last, seen)
            if moved is not None and moved < 0:
                self._points.clear()  # it began anew: the old points say nothing about it
            elif moved is not None:
                self._trend.append(moved / seconds)
        self._points.append(seen)

    @property
    def trend(self) -> tuple[float, ...]:
        """The rate between polls, oldest first."""
        return tuple(self._trend)

    @property
    def rate(self) -> float | None:
        """Records a second over the window, `None` where records are not counted."""
        if len(self._points) < 2 or self._points[-1].status.terminal:
            return None
        first, last = self._points[0], self._points[-1]
        if first.processed is None or last.processed is None or last.processed < first.processed:
            return None
        return (last.processed - first.processed) / self._seconds

    @property
    def eta_s(self) -> float | None:
        """Seconds from the last poll to the end, `None` when nothing moves or nobody can say."""
        if len(self._points) < 2 or self._points[-1].status.terminal:
            return None
        first, last = self._points[0], self._points[-1]
        if self.rate is not None and last.processed is not None and last.total is not None:
            left = max(0, last.total - last.processed)
            return left / self.rate if self.rate > 0 else None
        if first.progress is None or last.progress is None or last.progress <= first.progress:
            return None
        return (1 - last.progress) / (last.progress - first.progress) * self._seconds

    @property
    def _seconds(self) -> float:
        return (self._points[-1].polled_at - self._points[0].polled_at).total_seconds()


def _signs(seen: Seen) -> tuple[object, ...]:
    return (seen.status, seen.progress, seen.processed, seen.errors, seen.warnings)


def _moved(before: Seen, now: Seen) -> float | None:
    if before.processed is not None and now.processed is not None:
        return float(now.processed - before.processed)
    if before.progress is not None and now.progress is not None:
        return now.progress - before.progress
    return None


def forward(previous: ActionRun | None, run: ActionRun) -> ActionRun:
    """`run` with a progress that does not fall behind `previous`; what came stays in the raw.

    Platforms recount, and a bar that jumps back reads as lost work. A run that was started
    again may begin anew: it is queued again, was created anew, or moves on from its end.
    """
    if previous is None or previous.progress is None or run.progress is None:
        return run
    began_anew = (
        run.status is RunStatus.QUEUED
        or run.created_at != previous.created_at
        or (previous.status.terminal and not run.status.terminal)
    )
    if began_anew or run.raw_progress is None or run.progress >= previous.progress:
        return run
    return run.model_copy(update={"progress": previous.progress})
