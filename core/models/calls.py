"""Calls to the platform and to upstreams, each with all its attempts (contract §0, §6)."""

from __future__ import annotations

from datetime import datetime

from ..states import CallState, WaitReason
from .base import Model


class Attempt(Model):
    """One try of a call: one request on the wire and what came of it.

    `outcome` is the HTTP status as text, or the name of the exception. `wait_s` is the pause
    before the next attempt in seconds, `None` when there is none. `rate_limit` holds the
    answer's rate-limit headers by lower-case name.
    """

    number: int
    started_at: datetime
    duration_ms: float
    outcome: str
    status: int | None = None
    detail: str = ""
    wait_s: float | None = None
    wait_reason: WaitReason | None = None
    rate_limit: dict[str, str] = {}
    request_id: str = ""
    correlation_id: str | None = None


class UpstreamAttempt(Attempt):
    """One try of a call that a captured handler made while it answered (contract §6).

    `call` counts the handler's calls within its exchange, from 1. `url` holds no secret.
    `gave_up` is set at the last attempt of a call that failed, and says why there was no other.
    """

    call: int = 1
    method: str = ""
    url: str = ""
    gave_up: str = ""


class Call(Model):
    """One question to the platform, however often it had to be asked.

    `operation` names it for people ("run status"). `url` holds no secret. `next_attempt_at` is
    set while the state is `WAITING`. `gave_up` says why there is no further attempt. Where
    `service` names one, the call is not cxtop's own: a captured handler made it to its upstream,
    while it answered the exchange `exchange_id`.
    """

    call_id: str
    operation: str
    method: str
    url: str
    run_id: str | None = None
    started_at: datetime
    state: CallState = CallState.RUNNING
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: datetime | None = None
    gave_up: str = ""
    service: str = ""
    exchange_id: str = ""


class RateBudget(Model):
    """How many calls the platform still allows, as its last answer said (contract §0).

    `allowed` and `remaining` count calls in the window that ends at `resets_at`.
    """

    allowed: int = 300
    remaining: int = 300
    resets_at: datetime | None = None
