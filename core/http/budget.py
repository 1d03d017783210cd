"""How many calls the platform still allows (contract §0, "Rate budget")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from ..clocks import EPOCH_FROM, reset_in, retry_after_s
from ..models import RateBudget

WINDOW = timedelta(seconds=60)
"""The window of a budget whose end the platform does not tell."""

_FAMILIES = ("x-ratelimit-{}", "ratelimit-{}", "x-rate-limit-{}")
_FIRST_NUMBER = re.compile(r"\s*(\d{1,12})(?![\d.])", re.ASCII)


class BudgetMeter:
    """Keeps the budget: what the last answer said, less what was sent since.

    `on_change` is called with each new budget. `now` gives aware times in UTC.
    """

    def __init__(
        self,
        on_change: Callable[[RateBudget], None] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._budget = RateBudget()
        self._on_change = on_change
        self._now = now

    @property
    def budget(self) -> RateBudget:
        """What is left now; full again when the window has ended."""
        budget = self._budget
        if budget.resets_at is not None and budget.resets_at <= self._now():
            return RateBudget(allowed=budget.allowed, remaining=budget.allowed)
        return budget

    def spend(self) -> None:
        """Count a request that is about to be sent."""
        budget = self.budget
        self._set(
            RateBudget(
                allowed=budget.allowed,
                remaining=max(0, budget.remaining - 1),
                resets_at=budget.resets_at or self._now() + WINDOW,
            )
        )

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say; a 429 means that nothing is left."""
        now = self._now()
        before = self.budget
        allowed, remaining, reset = told_budget(headers)
        delta = reset_in(reset, headers, now)
        if status == 429:
            remaining = 0
            wait_s = retry_after_s(headers, now)
            if wait_s is not None and wait_s < EPOCH_FROM:
                delta = max(delta or timedelta(0), timedelta(seconds=wait_s))
        if allowed is None and remaining is None and delta is None:
            return
        if allowed is None:
            allowed = max(before.allowed, remaining or 0)
        if remaining is None:
            remaining = min(before.remaining, allowed)
        resets_at = before.resets_at or now + WINDOW if delta is None else now + delta
        self._set(RateBudget(allowed=allowed, remaining=remaining, resets_at=resets_at))

    def _set(self, budget: RateBudget) -> None:
        self._budget = budget
        if self._on_change is not None:
            self._on_change(budget)


def told_budget(headers: Mapping[str, str]) -> tuple[int | None, int | None, str]:
    """What headers by lower-case name say: calls allowed, calls left, and the reset as it came."""
    return _inin(headers) or _common(headers) or (None, None, "")


def _inin(headers: Mapping[str, str]) -> tuple[int | None, int | None, str] | None:
    """Genesys Cloud's own: `count` is what was used, not what is left."""
    allowed = _number(headers.get("inin-ratelimit-allowed"))
    used = _number(headers.get("inin-ratelimit-count"))
    reset = headers.get("inin-ratelimit-reset", "")
    if allowed is None and used is None and not reset:
        return None
    known = allowed if allowed is not None else RateBudget().allowed
    return allowed, None if used is None else max(0, known - used), reset


def _common(headers: Mapping[str, str]) -> tuple[int | None, int | None, str] | None:
    for family in _FAMILIES:
        allowed = _number(headers.get(family.format("limit")))
        remaining = _number(headers.get(family.format("remaining")))
        reset = headers.get(family.format("reset"), "")
        if allowed is not None or remaining is not None or reset:
            return allowed, remaining, reset
    return None


def _number(text: str | None) -> int | None:
    """The first whole number: limits also come as "100, 100;w=60"."""
    found = _FIRST_NUMBER.match(text or "")
    return int(found[1]) if found else None
