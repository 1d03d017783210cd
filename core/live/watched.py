"""What is known of one watched run while cxtop runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..config import PollSettings
from ..errors import (
    AuthenticationError,
    ConfigError,
    CxtopError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RequestError,
)
from ..models import ActionRun, Call, CallState, Poll, RunView, WatchState
from .movement import Movement, forward
from .pace import after_failure_s, interval_s

LASTING = (AuthenticationError, ConfigError, ForbiddenError, NotFoundError, RequestError)
"""Trouble that asking again soon does not end."""

UNCOUNTED_EVERY = 6
"""Where a platform counts no errors, its failed records are looked for at every so many polls."""


class Watched:
    """One run with what its polls told and how they went; `view` shows it.

    `base_s` is its own interval in seconds, `interval_s` the one that fits how it moves, and
    `planned_s` what the rate budget makes of that. `records_trouble` is why its failed records
    could not be fetched. `embedded` are the ids of the errors that came with its last answer.
    """

    def __init__(self, run_id: str, poll: PollSettings, interval: float | None = None) -> None:
        self.run_id = run_id
        self._settings = poll
        self.base_s = max(interval or poll.interval_s, poll.min_interval_s)
        self.interval_s = self.base_s
        self.planned_s = self.base_s
        self.run: ActionRun | None = None
        self.errors_kept = 0
        self.errors_complete = False
        self._errors_seen = -1
        self.records_trouble: CxtopError | None = None
        self.embedded: tuple[str, ...] = ()
        self._movement = Movement()
        self._answers = 0
        self._failures = 0
        self._trouble: CxtopError | None = None
        self._throttled_until: datetime | None = None

    def set_interval(self, seconds: float) -> None:
        """Gives the run its own interval."""
        self.base_s = self.interval_s = self.planned_s = max(seconds, self._settings.min_interval_s)

    def recall(self, run: ActionRun | None, polls: Iterable[Poll]) -> None:
        """Takes in what the store knows from before."""
        self.run = run
        self._movement = Movement(polls)

    @property
    def ended(self) -> bool:
        """Whether the run will never move again, so far as is known."""
        return self.run is not None and self.run.status.terminal

    @property
    def demand(self) -> float:
        """Polls a second that this run wants."""
        return 1 / self.interval_s

    def as_shown(self, run: ActionRun) -> ActionRun:
        """A good answer as it is kept and shown after those before it."""
        return forward(self.run, run)

    def answered(self, run: ActionRun) -> None:
        """Takes in a good answer, as it is shown."""
        self.run = run
        self._answers += 1
        self._failures = 0
        self._trouble = None
        self._throttled_until = None
        self._movement.see(run)
        self.interval_s = interval_s(
            self.base_s,
            min_s=self._settings.min_interval_s,
            progress=run.progress,
            eta_s=self._movement.eta_s,
            still=self._movement.still,
        )

    def failed(self, error: CxtopError) -> None:
        """Takes in that a poll failed, after all its retries."""
        self._failures += 1
        self._trouble = error
        self._throttled_until = None
        throttled = isinstance(error, RateLimitError)
        self.interval_s = after_failure_s(
            self.base_s,
            failures=self._failures,
            lasting=throttled or isinstance(error, LASTING),
            retry_after_s=error.retry_after if isinstance(error, RateLimitError) else None,
        )

    def has_more_errors(self) -> bool:
        """Whether failed records are to be fetched now; says so once for each error count."""
        if self.run is None or self.errors_complete:
            return False
        if self.ended:
            return True
        if self.run.errors is None:
            return self._answers % UNCOUNTED_EVERY == 1
        fresh = self.run.errors > self.errors_kept and self.run.errors != self._errors_seen
        self._errors_seen = self.run.errors
        return fresh

    def calling(self, call: Call) -> bool:
        """Takes in how the call of a poll goes; whether that changes the view."""
        before = self._throttled_until
        limited = bool(call.attempts) and call.attempts[-1].status == 429
        waits = call.state is CallState.WAITING and limited
        self._throttled_until = call.next_attempt_at if waits else None
        return self._throttled_until != before

    def state(self, *, paused: bool) -> WatchState:
        """How the watching of this run goes."""
        if self._trouble is not None:
            limited = isinstance(self._trouble, RateLimitError)
            return WatchState.THROTTLED if limited else WatchState.TROUBLED
        if self.ended:
            return WatchState.ENDED
        if paused:
            return WatchState.PAUSED
        if self._throttled_until is not None:
            return WatchState.THROTTLED
        if not self._answers:
            return WatchState.KNOWN
        stalled = self._movement.still >= self._settings.stalled_after
        return WatchState.STALLED if stalled else WatchState.LIVE

    def view(self, *, paused: bool, next_poll_at: datetime | None) -> RunView:
        """The run as a screen shows it."""
        trouble, remedy = self._words()
        return RunView(
            run_id=self.run_id,
            state=self.state(paused=paused),
            run=self.run,
            rate=self._movement.rate,
            eta_s=self._movement.eta_s,
            interval_s=self.planned_s,
            next_poll_at=None if paused else next_poll_at,
            failures=self._failures,
            trouble=trouble,
            remedy=remedy,
            errors_kept=self.errors_kept,
            errors_complete=self.errors_complete,
            trend=self._movement.trend,
        )

    def _words(self) -> tuple[str, str]:
        if isinstance(self._trouble, RateLimitError):
            goes_on = f"It is polled on, every {self.planned_s:.0f} s, until that ends."
            return self._trouble.what, f"{self._trouble.fix} {goes_on}".strip()
        if self._trouble is not None:
            parts = (self._trouble.what, self._trouble.why)
            return " ".join(part for part in parts if part), self._trouble.fix
        if self._throttled_until is not None:
            at = self._throttled_until.strftime("%H:%M:%S UTC")
            return f"The platform asks for fewer calls (429): the next try is at {at}.", ""
        if self.records_trouble is not None:
            what = f"Its failed records could not be fetched. {self.records_trouble.what}"
            return what, self.records_trouble.fix
        return "", ""
