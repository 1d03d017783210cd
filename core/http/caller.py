"""Calls to the platform, each with its token, its retries and its record (contract §0)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx

from ..config import Credentials, Profile, api_base, token_url
from ..errors import CxtopError, PlatformError
from ..models import Call, CallState, RateBudget
from .answer import Answer
from .auth import Token, TokenKeeper, token_from
from .budget import BudgetMeter
from .gate import Gate
from .journal import Journal
from .refusal import refusal, token_refusal
from .request import Request
from .retry import Outcome, Retrier
from .wire import WIDTH, Sending, Wire, prepare, url_of

Step = Callable[[Sending], Awaitable[Outcome]]
Refuse = Callable[[Answer, float | None], PlatformError]


class Caller:
    """Asks the platform of one profile; one for the process, in `async with`.

    `record` is called with the whole `Call` whenever it changes: an attempt ended, it waits, it
    goes on, it is over. `on_budget` is called with each new rate budget. At most `WIDTH` calls
    are on the wire at a time, first come, first served; a call that waits for its next attempt
    or for a token does not take a place.

    Raises SecretError when `credentials` hold neither a client nor a token.
    """

    def __init__(
        self,
        profile: Profile,
        credentials: Credentials,
        *,
        record: Callable[[Call], None],
        on_budget: Callable[[RateBudget], None] | None = None,
    ) -> None:
        self._profile = profile
        self._credentials = credentials
        self._record = record
        self._meter = BudgetMeter(on_budget)
        self._wire = Wire(profile, self._meter)
        self._gate = Gate(WIDTH)
        self._retrier = Retrier(profile.retry)
        self._tokens = TokenKeeper(credentials, self._fetch_token)

    @property
    def budget(self) -> RateBudget:
        """How many calls the platform still allows, as far as is known."""
        return self._meter.budget

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._tokens.close()
        finally:
            await self._wire.close()

    async def send(self, request: Request) -> Answer:
        """The platform's answer: with a 2xx status, or with any where the request says so.

        Raises PlatformError (by status) when it says no, NetworkError when no answer came,
        RequestError for what cannot be asked.
        """

        def refuse(answer: Answer, retry_after_s: float | None) -> PlatformError:
            given = not self._tokens.renewable
            return refusal(request, answer, retry_after=retry_after_s, token_given=given)

        url = api_base(self._profile) + request.path
        return await self._call(request, url, self._by_token(), refuse)

    async def check_token(self) -> None:
        """Have a token, asking for one if need be. Raises what `send` raises for want of it."""
        await self._tokens.ready()

    async def _call(self, request: Request, url: str, step: Step, refuse: Refuse) -> Answer:
        target = url_of(request, url)
        journal = Journal(request, str(target), self._record)
        try:
            sending = prepare(request, target, journal)
            outcome, gave_up = await self._retrier.run(request, journal, lambda: step(sending))
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            why = error.what if isinstance(error, CxtopError) else ""
            journal.ended(CallState.CANCELLED if cancelled else CallState.FAILED, why)
            raise
        journal.ended(CallState.DONE if outcome.good else CallState.FAILED, gave_up)
        if outcome.fault is not None:
            raise outcome.fault.as_error(journal.call_id)
        assert outcome.answer is not None
        if not outcome.good and not request.any_status:
            raise refuse(outcome.answer, outcome.retry_after_s)
        return outcome.answer

    def _by_token(self) -> Step:
        """Attempts with the token; the first 401 renews it and tries once more, at once."""
        renewed = not self._tokens.renewable

        async def step(sending: Sending) -> Outcome:
            nonlocal renewed
            outcome, token = await self._with_token(sending)
            if not renewed and outcome.name == "401":
                renewed = True
                self._tokens.reject(token)
                outcome, _ = await self._with_token(sending)
            return outcome

        return step

    async def _with_token(self, sending: Sending) -> tuple[Outcome, Token]:
        ahead = False
        while True:
            token = await self._tokens.ready()
            async with self._gate.slot(ahead=ahead):
                if not token.rejected:
                    return await self._wire.attempt(sending, token, metered=True), token
            ahead = True  # it had its turn, and lost it to another call's 401

    async def _fetch_token(self, asked_at: float) -> Token:
        secret = self._credentials.client_secret.get_secret_value()
        client_id = self._credentials.client_id
        form = {"grant_type": "client_credentials"}
        auth: httpx.Auth | None = None
        if self._profile.token_auth == "basic":  # noqa: S105 — names a way, holds no secret
            auth = httpx.BasicAuth(client_id, secret)
        else:
            form |= {"client_id": client_id, "client_secret": secret}

        async def step(sending: Sending) -> Outcome:
            async with self._gate.slot(ahead=True):  # the others wait for this one
                return await self._wire.attempt(sending, auth, metered=False)

        def refuse(answer: Answer, retry_after_s: float | None) -> PlatformError:
            return token_refusal(answer, retry_after=retry_after_s)

        # Asking twice for a token does no harm, so it is marked as repeatable.
        request = Request("token", "POST", "", form=form, idempotent=True)
        answer = await self._call(request, token_url(self._profile), step, refuse)
        return token_from(answer, asked_at)
