"""What polling may spend of the rate budget (contract §0, rate budget)."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..models import RateBudget

WINDOW_S = 60.0
"""The window's length where no answer has told it."""

PAGE_SHARE = 0.3
"""Of what is left, the share that pages of failed records may plan with when calls are scarce."""

RESERVE = 0.1
"""Of what is allowed, the share that is kept free for what the user asks for."""

_SAME_WINDOW = timedelta(seconds=2)  # resets come as whole seconds, and so they jitter


class Allowance:
    """Spreads polls so that they stay under `share` of the budget of each window.

    In a window polls may have `share` of what was left when it began; when others spend from
    the same budget, `share` of what they leave. A third may go at once, so that a start is
    quick; the rest is spread evenly. Calls are late at worst, never dropped.
    """

    def __init__(self, share: float, *, now: datetime, budget: RateBudget | None = None) -> None:
        self._share = share
        self._begin(budget or RateBudget(), now)

    def _begin(self, budget: RateBudget, now: datetime) -> None:
        self._start = now
        told = budget.resets_at is not None and budget.resets_at > now
        self._end = (told and budget.resets_at) or now + timedelta(seconds=WINDOW_S)
        self._budget = budget
        self._quota = self._share * budget.remaining
        self._page_burst = PAGE_SHARE * budget.remaining
        self._polls = 0
        self._pages = 0
        self._last_page: datetime | None = None

    def look(self, budget: RateBudget, now: datetime) -> None:
        """Takes in what is left of the budget now."""
        self._budget = budget
        ends = budget.resets_at
        if now >= self._end or (ends and ends > now and abs(ends - self._end) > _SAME_WINDOW):
            self._begin(budget, now)
        else:
            self._quota = min(self._quota, self._polls + self._share * budget.remaining)

    def _time_left(self, now: datetime) -> float:
        return max(0.001, (self._end - now).total_seconds())

    def wait_s(self, now: datetime) -> float:
        """Seconds until the next poll may go, 0 when it may go now."""
        if self._polls + 1 > self._quota:
            return self._time_left(now)
        burst = max(1.0, self._quota / 3)
        late = max(0.0, self._polls + 1 - burst) / max(1.0, self._quota - burst)
        when = self._start + (self._end - self._start) * min(1.0, late)
        return max(0.0, (when - now).total_seconds())

    def spend_poll(self) -> None:
        """Counts a poll that goes now."""
        self._polls += 1

    def planned_s(self, interval_s: float, *, demand: float, now: datetime) -> float:
        """`interval_s` stretched so that all polls together fit.

        `demand` is the polls a second that all runs would make unstretched.
        """
        left = self._time_left(now)
        capacity = max(0.0, self._quota - self._polls) / left
        if demand <= capacity:
            return interval_s
        full = max(self._share * self._budget.allowed / WINDOW_S, 1e-3)
        next_window = left + interval_s * max(1.0, demand / full)
        return min(interval_s * demand / capacity, next_window) if capacity else next_window

    def page_wait_s(self, *, demand: float, now: datetime) -> float:
        """Seconds until the next page of failed records may be fetched, 0 for now.

        Pages go freely while the polls of this window and a reserve stay covered, and up to a
        share of each window; beyond that they are spread over a share of what is left.
        """
        left, remaining = self._time_left(now), self._budget.remaining
        spare = remaining - RESERVE * self._budget.allowed
        if spare > demand * left or (spare > 0 and self._pages < self._page_burst):
            return 0.0
        if remaining * PAGE_SHARE < 1:
            return left
        if self._last_page is None:
            return 0.0
        gap = timedelta(seconds=left / (remaining * PAGE_SHARE))
        return max(0.0, (self._last_page + gap - now).total_seconds())

    def spend_page(self, now: datetime) -> None:
        """Counts a page that is fetched now."""
        self._pages += 1
        self._last_page = now
