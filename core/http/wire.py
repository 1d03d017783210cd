"""One attempt on the wire: sent, timed, read within bounds, written down (contract §0)."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from .. import __version__
from ..clocks import rate_limit_headers, retry_after_s
from ..config import Profile
from ..errors import RequestError
from ..models import Attempt
from ..redact import REDACTOR
from ..text import clip
from .answer import Answer
from .body import ACCEPTED, read_body
from .budget import BudgetMeter
from .circuit import Circuit, Trip
from .faults import AnswerTooSlow, Fault, fault_of
from .journal import Journal
from .refusal import message_of
from .request import UNSET, Request
from .retry import Outcome

WIDTH = 8
"""So many calls at a time reach httpx: it slows down with the length of its own queue."""

PATIENCE = 4
"""The whole answer must be there within so many times the read timeout."""

_LONGEST_DETAIL = 300
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Sending:
    """A request made ready: what each of its attempts sends, and what writes them down."""

    request: Request
    url: httpx.URL
    journal: Journal
    content: bytes | None = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    @property
    def host(self) -> str:
        """The host with its port, where the URL names one."""
        return self.url.netloc.decode("ascii")


def url_of(request: Request, url: str) -> httpx.URL:
    """`url` with the request's parameters; it has no query yet.

    Raises RequestError for what cannot be a URL, for example as it is too long.
    """
    params = {name: value for name, value in (request.params or {}).items() if value is not None}
    try:
        return httpx.URL(url, params=params) if params else httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RequestError(
            f"“{request.operation}” cannot be asked for: {error}.",
            fix="Check the id, and the path if the profile overrides it.",
        ) from error


def prepare(request: Request, url: httpx.URL, journal: Journal) -> Sending:
    """`request` made ready for sending.

    Raises ValueError or TypeError for a body that cannot be JSON.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    content = None
    if request.form is not None:
        content = str(httpx.QueryParams(dict(request.form))).encode("ascii")
        headers["content-type"] = "application/x-www-form-urlencoded"
    elif request.json is not UNSET:
        content = json.dumps(request.json, allow_nan=False, separators=(",", ":")).encode("ascii")
        headers.setdefault("content-type", "application/json")
    headers.setdefault("accept", "application/json")
    return Sending(request, url, journal, content, headers)


class Wire:
    """The one client of a caller, and what it knows about each host."""

    def __init__(self, profile: Profile, meter: BudgetMeter) -> None:
        self._timeouts = profile.timeouts
        self._max_body = profile.max_body
        self._meter = meter
        self._circuits: dict[str, Circuit] = {}
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Make the client; the trusted certificates are read in a thread, as that takes a while."""
        context = await asyncio.to_thread(httpx.create_ssl_context)
        self._client = httpx.AsyncClient(
            verify=context,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=WIDTH, max_keepalive_connections=WIDTH),
            # No cookie is kept: they would grow without bound and tie calls together.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": f"cxtop/{__version__}", "accept-encoding": ACCEPTED},
            mounts=dict.fromkeys(_LOOPBACK),
        )

    async def close(self) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def attempt(self, sending: Sending, auth: httpx.Auth | None, *, metered: bool) -> Outcome:
        """Send it once and write the attempt down. `metered`: it counts in the rate budget.

        Raises CircuitOpenError when calls to the host are paused.
        """
        circuit = self._circuits.setdefault(sending.host, Circuit(sending.host))
        with circuit.passage() as trip:
            return await self._timed(sending, auth, trip, metered=metered)

    async def _timed(
        self, sending: Sending, auth: httpx.Auth | None, trip: Trip, *, metered: bool
    ) -> Outcome:
        started_at, started = datetime.now(UTC), time.perf_counter()
        request_id = str(uuid.uuid4())
        outcome = Outcome()
        try:
            if metered:
                self._meter.spend()
            outcome = await self._exchange(sending, auth, request_id)
        finally:
            duration_ms = (time.perf_counter() - started) * 1000
            sending.journal.tried(
                _attempt(outcome, sending.journal.next_number, started_at, duration_ms, request_id)
            )
        self._learn(outcome, trip, metered=metered)
        return outcome

    async def _exchange(
        self, sending: Sending, auth: httpx.Auth | None, request_id: str
    ) -> Outcome:
        read_s = sending.request.timeout_s or self._timeouts.read_s
        whole_s = PATIENCE * read_s + self._timeouts.connect_s
        try:
            async with asyncio.timeout(whole_s):
                answer = await self._send(sending, auth, request_id, read_s)
        except TimeoutError:
            slow = AnswerTooSlow(f"After {whole_s:g} s it was still not whole.")
            return Outcome(fault=fault_of(slow, sending.host))
        except httpx.RequestError as error:
            return Outcome(fault=fault_of(error, sending.host))
        told = retry_after_s(answer.headers, datetime.now(UTC))
        return Outcome(answer=answer, retry_after_s=told)

    async def _send(
        self, sending: Sending, auth: httpx.Auth | None, request_id: str, read_s: float
    ) -> Answer:
        if self._client is None:
            raise RuntimeError("The caller is not open: use it in `async with`.")
        ids = {"x-request-id": request_id, "traceparent": sending.journal.traceparent()}
        request = self._client.build_request(
            sending.request.method.upper(),
            sending.url,
            content=sending.content,
            headers={**sending.headers, **ids},
            timeout=httpx.Timeout(read_s, connect=self._timeouts.connect_s),
        )
        asked = dict(request.headers)  # before httpx puts the token there
        asked_at, began = datetime.now(UTC), time.perf_counter()
        response = await self._client.send(request, auth=auth, stream=True)
        try:
            body, truncated = await read_body(response, self._max_body)
        finally:
            await response.aclose()
        headers = dict(response.headers)
        return Answer(
            status=response.status_code,
            headers=headers,
            body=body,
            truncated=truncated,
            call_id=sending.journal.call_id,
            request_id=request_id,
            correlation_id=_correlation_id(headers),
            url=sending.journal.call.url,
            operation=sending.request.operation,
            asked=asked,
            asked_at=asked_at,
            duration_ms=(time.perf_counter() - began) * 1000,
        )

    def _learn(self, outcome: Outcome, trip: Trip, *, metered: bool) -> None:
        answer = outcome.answer
        if answer is None:
            trip.failed(outcome.fault.what if outcome.fault else "")
            return
        if answer.status in (500, 502, 503, 504):
            trip.failed(f"it answered {answer.status}.")
        else:
            trip.succeeded()
        if metered:
            self._meter.learn(answer.status, answer.headers)


def _correlation_id(headers: Mapping[str, str]) -> str | None:
    told = headers.get("inin-correlation-id") or headers.get("x-request-id")
    return clip(told, _LONGEST_DETAIL) if told else None


def _attempt(
    outcome: Outcome, number: int, started_at: datetime, duration_ms: float, request_id: str
) -> Attempt:
    answer, fault = outcome.answer, outcome.fault
    return Attempt(
        number=number,
        started_at=started_at,
        duration_ms=duration_ms,
        outcome=outcome.name or "CancelledError",
        status=answer.status if answer else None,
        detail=_detail(outcome, fault),
        rate_limit=rate_limit_headers(answer.headers) if answer else {},
        request_id=request_id,
        correlation_id=answer.correlation_id if answer else None,
    )


def _detail(outcome: Outcome, fault: Fault | None) -> str:
    if fault is not None:
        text = " ".join(part for part in (fault.what, fault.why) if part)
        return clip(REDACTOR.text(text), _LONGEST_DETAIL)
    if outcome.answer is None or outcome.good:
        return ""
    return message_of(outcome.answer)
