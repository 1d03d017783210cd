"""When an upstream call is tried again, how long it waits, and what is told of it (contract §0)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import tenacity

from ...clocks import rate_limit_headers, retry_after_s
from ...errors import ConfigError
from ...models.calls import WaitReason
from ..identity import Identity
from ..record import AttemptPart
from .errors import (
    UpstreamError,
    UpstreamStatusError,
    UpstreamThrottledError,
    UpstreamTimeoutError,
)

_RETRIED_IF_REPEATABLE = (500, 502, 503, 504)
_TIMEOUTS = (408, 504)


@dataclass(frozen=True, slots=True)
class Retrying:
    """When an upstream call is tried again; times in seconds.

    `attempts` counts the first one too. A wait is what `Retry-After` asks for, else a random time
    up to `base_s`, doubled with each attempt up to `cap_s`. An attempt may be silent for `read_s`;
    all of them with their waits take `total_s` at most, since whoever called does not wait for
    ever. Answers are read up to `max_body` bytes. Raises ConfigError for what makes no sense.
    """

    attempts: int = 5
    base_s: float = 1.0
    cap_s: float = 30.0
    max_retry_after_s: float = 180.0
    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 50.0
    max_body: int = 10 * 1024 * 1024

    def __post_init__(self) -> None:
        spans = (self.base_s, self.cap_s, self.max_retry_after_s)
        above = (self.connect_s, self.read_s, self.total_s, self.attempts, self.max_body)
        if min(spans) < 0 or min(above) <= 0:
            raise ConfigError(
                "The retry settings of a handler make no sense.",
                why="attempts, timeouts and max_body must be above 0, waits not below 0.",
            )


@dataclass(frozen=True, slots=True)
class Try:
    """What one attempt came to: an answer with `status`, `headers` and `body`, or the `fault`.

    `name` is the status as text or the exception's class. `request_id` was sent with it. `unsent`:
    the upstream cannot have seen the request. `lasting`: trying again would meet the same.
    """

    name: str
    request_id: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    fault: UpstreamError | None = None
    unsent: bool = False
    lasting: bool = False


Attempt = Callable[[float], Awaitable[Try]]
"""Makes one attempt within so many seconds."""


class Course:
    """One upstream call: its attempts, reported to the exchange, and the waits between them.

    `repeatable` says that sending it twice does no more than sending it once; `welcome` are
    statuses beyond 2xx that are answers all the same.
    """

    def __init__(
        self,
        rules: Retrying,
        identity: Identity,
        *,
        method: str,
        url: str,
        repeatable: bool,
        welcome: tuple[int, ...],
    ) -> None:
        identity.calls += 1
        self._rules = rules
        self._identity = identity
        self._number = identity.calls
        self._method = method
        self._url = url
        self._repeatable = repeatable
        self._welcome = welcome
        self._backoff = tenacity.wait_random_exponential(multiplier=rules.base_s, max=rules.cap_s)
        self._ends = time.monotonic() + rules.total_s
        self._last: AttemptPart | None = None
        self.attempts = 0

    async def run(self, attempt: Attempt) -> Try:
        """The attempt that settles the call. Raises the UpstreamError of the last one."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(self._wants_another),
            wait=self._wait_s,
            stop=self._is_over,
            before_sleep=self._before_sleep,
            retry_error_callback=_result,
            sleep=asyncio.sleep,
        )

        async def once() -> Try:
            return await self._timed(attempt)

        settled = await retrying(once)
        if self._is_good(settled):
            return settled
        raise self._error(settled)

    async def _timed(self, attempt: Attempt) -> Try:
        left = self._ends - time.monotonic()
        self.attempts += 1
        started_at, started = datetime.now(UTC), time.perf_counter()
        found = Try("CancelledError")
        try:
            found = await attempt(max(left, 0.001))
        finally:
            self._report(found, started_at, (time.perf_counter() - started) * 1000)
        return found

    def _report(self, found: Try, started_at: datetime, duration_ms: float) -> None:
        headers, fault = found.headers, found.fault
        self._last = AttemptPart(
            number=self.attempts,
            call=self._number,
            method=self._method,
            url=self._url,
            started_at=started_at,
            duration_ms=round(duration_ms, 3),
            outcome=found.name,
            status=found.status,
            detail=str(fault) if fault else "",
            rate_limit=rate_limit_headers(headers),
            request_id=found.request_id,
            correlation_id=headers.get("inin-correlation-id") or headers.get("x-request-id"),
        )
        self._identity.tried(self._last)

    # The decisions, in the order in which tenacity asks for them.

    def _wants_another(self, found: Try) -> bool:
        if self._is_good(found):
            return False
        wanted = self._retried(found)
        if not wanted:
            kind = (
                self._method if self._repeatable else f"{self._method} that may not be sent twice"
            )
            self._give_up(f"{found.name} is not retried for a {kind}.")
        return wanted

    def _retried(self, found: Try) -> bool:
        if found.status == 429 or found.unsent:
            return True
        if found.lasting or not self._repeatable:
            return False
        return found.status is None or found.status in _RETRIED_IF_REPEATABLE

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        told = _told(state)
        return self._backoff(state) if told is None else told

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        rules = self._rules
        told = _told(state)
        if state.attempt_number >= rules.attempts:
            self._give_up(f"Attempt {state.attempt_number} of {rules.attempts} failed too.")
        elif told is not None and told > rules.max_retry_after_s:
            self._give_up(
                f"Retry-After asks to wait {told:g} s, more than {rules.max_retry_after_s:g} s."
            )
        elif time.monotonic() + (state.upcoming_sleep or 0.0) >= self._ends:
            self._give_up(f"Another attempt would end after {rules.total_s:g} s.")
        else:
            return False
        return True

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        assert self._last is not None
        self._last.wait_s = state.upcoming_sleep
        told = _told(state) is not None
        self._last.wait_reason = WaitReason.RETRY_AFTER if told else WaitReason.BACKOFF

    def _give_up(self, why: str) -> None:
        assert self._last is not None
        self._last.gave_up = why

    def _is_good(self, found: Try) -> bool:
        if found.status is None:
            return False
        return 200 <= found.status < 300 or found.status in self._welcome

    def _error(self, found: Try) -> UpstreamError:
        error = found.fault
        if error is None:
            assert found.status is not None
            error = _of_status(found.status, found.headers)
        error.attempts = self.attempts
        return error


def _of_status(status: int, headers: Mapping[str, str]) -> UpstreamError:
    if status == 429:
        throttled = UpstreamThrottledError("The upstream takes no more calls (429).", status=429)
        throttled.retry_after_s = retry_after_s(headers, datetime.now(UTC))
        return throttled
    if status in _TIMEOUTS:
        return UpstreamTimeoutError(f"The upstream ran out of time ({status}).", status=status)
    return UpstreamStatusError(f"The upstream answered {status}.", status=status)


def _result(state: tenacity.RetryCallState) -> Try:
    assert state.outcome is not None
    return state.outcome.result()


def _told(state: tenacity.RetryCallState) -> float | None:
    return retry_after_s(_result(state).headers, datetime.now(UTC))
