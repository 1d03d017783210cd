"""Trying again: when, how long to wait, and when to stop (contract §0, "Retried", "Wait")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import tenacity

from ..config import RetrySettings
from ..models import WaitReason
from .answer import Answer
from .faults import Fault
from .journal import Journal
from .request import Request

QUOTA = 60
"""So many retries may be out in a storm before calls fail at their first attempt."""

EARNED_BY_SUCCESS = 0.2

_RETRIED_IF_REPEATABLE = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: an answer with any status, or a fault.

    `retry_after_s` is what `Retry-After` asked for, in seconds.
    """

    answer: Answer | None = None
    fault: Fault | None = None
    retry_after_s: float | None = None

    @property
    def name(self) -> str:
        """The status as text, or the exception's name."""
        return str(self.answer.status) if self.answer else self.fault.name if self.fault else ""

    @property
    def good(self) -> bool:
        """Whether the platform said yes."""
        return self.answer is not None and 200 <= self.answer.status < 300


def is_retried(request: Request, outcome: Outcome) -> bool:
    """Whether the contract allows another attempt after `outcome`."""
    if outcome.fault is not None:
        return not outcome.fault.lasting and (outcome.fault.unsent or request.repeatable)
    if outcome.answer is None or outcome.answer.status == 429:
        return outcome.answer is not None
    return request.repeatable and outcome.answer.status in _RETRIED_IF_REPEATABLE


class RetryQuota:
    """Bounds what a storm costs: each retry takes one, each success gives some back."""

    def __init__(self, size: float = QUOTA) -> None:
        self._size = size
        self._left = size

    def take(self) -> bool:
        """Take one retry; False when there is none left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def succeeded(self, retries: int) -> None:
        """A call succeeded after so many retries."""
        self._left = min(self._size, self._left + (retries or EARNED_BY_SUCCESS))


class Retrier:
    """Runs attempts of calls by tenacity until one settles it."""

    def __init__(self, settings: RetrySettings, quota: RetryQuota | None = None) -> None:
        self._settings = settings
        self._quota = quota or RetryQuota()

    async def run(
        self, request: Request, journal: Journal, attempt: Callable[[], Awaitable[Outcome]]
    ) -> tuple[Outcome, str]:
        """The outcome that settles the call, and why there was no further attempt.

        What `attempt` raises ends the call and passes through.
        """
        patience = _Patience(self._settings, self._quota, request, journal)
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(patience.wants_another),
            wait=patience.wait_s,
            stop=patience.is_over,
            before_sleep=patience.before_sleep,
            before=patience.before_attempt,
            retry_error_callback=_last_outcome,
            sleep=asyncio.sleep,
        )

        async def once() -> Outcome:  # tenacity awaits only what is visibly a coroutine function
            return await attempt()

        outcome = await retrying(once)
        if outcome.good:
            self._quota.succeeded(patience.retries)
        return outcome, patience.gave_up


def _last_outcome(state: tenacity.RetryCallState) -> Outcome:
    return _outcome(state)


def _outcome(state: tenacity.RetryCallState) -> Outcome:
    assert state.outcome is not None
    return state.outcome.result()


class _Patience:
    """The decisions about one call, in the order in which tenacity asks for them."""

    def __init__(
        self, settings: RetrySettings, quota: RetryQuota, request: Request, journal: Journal
    ) -> None:
        self._settings = settings
        self._quota = quota
        self._request = request
        self._journal = journal
        self._backoff = tenacity.wait_random_exponential(
            multiplier=settings.base_s, max=settings.cap_s
        )
        self.retries = 0
        self.gave_up = ""

    def before_attempt(self, state: tenacity.RetryCallState) -> None:
        if state.attempt_number > 1:
            self.retries += 1
            self._journal.goes_on()

    def wants_another(self, outcome: Outcome) -> bool:
        wanted = is_retried(self._request, outcome)
        if not wanted and not outcome.good:
            self.gave_up = f"{outcome.name} is not retried for {self._kind()}."
        return wanted

    def wait_s(self, state: tenacity.RetryCallState) -> float:
        told = _outcome(state).retry_after_s
        return self._backoff(state) if told is None else told

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        self.gave_up = self._why_over(state)
        return bool(self.gave_up)

    def _why_over(self, state: tenacity.RetryCallState) -> str:
        settings = self._settings
        if state.attempt_number >= settings.attempts:
            return f"Attempt {state.attempt_number} of {settings.attempts} failed too."
        told = _outcome(state).retry_after_s
        if told is not None and told > settings.max_retry_after_s:
            return (
                f"Retry-After asks to wait {told:g} s, "
                f"more than max_retry_after_s = {settings.max_retry_after_s:g}."
            )
        if not self._quota.take():
            return "So many calls fail at present that this one is not tried again."
        return ""

    def before_sleep(self, state: tenacity.RetryCallState) -> None:
        told = _outcome(state).retry_after_s is not None
        reason = WaitReason.RETRY_AFTER if told else WaitReason.BACKOFF
        self._journal.waits(state.upcoming_sleep, reason)

    def _kind(self) -> str:
        if self._request.repeatable:
            return f"a {self._request.method.upper()}"
        return f"a {self._request.method.upper()} that may not be sent twice"
