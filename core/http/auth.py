"""The token that calls carry: one for all, renewed before it expires (contract §0, "Token")."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Generator

import httpx
from pydantic import SecretStr

from ..config import Credentials
from ..errors import AuthenticationError, CxtopError, SecretError
from .answer import Answer

SLACK_S = 60.0
SLACK_SHARE = 0.1
ASSUMED_LIFE_S = 3600.0
"""How long a token lives whose answer does not say so; a 401 tells when that was too long."""

REFUSAL_HOLDS_S = 10.0
"""A refused client is not shown to the platform again for so long, however many calls fail."""

_SENDABLE = re.compile(r"[\x21-\x7e]+")


class Token(httpx.Auth):
    """An access token; as httpx's auth it puts itself on a request. Never shown.

    `stale_at` is when it is to be renewed, on the keeper's clock. `rejected`: the platform
    answered 401 to it.
    """

    def __init__(self, secret: SecretStr, stale_at: float = math.inf) -> None:
        self._secret = secret
        self.stale_at = stale_at
        self.rejected = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the token on it, once: whoever calls decides about a 401."""
        request.headers["Authorization"] = f"Bearer {self._secret.get_secret_value()}"
        yield request


class TokenKeeper:
    """Has the token that is valid now, and gets a new one when it is not.

    However many calls wait, one of them asks (`fetch`, which takes the time it started at and
    gives the new token); the others share what comes of it, the refusal too.
    """

    def __init__(
        self,
        credentials: Credentials,
        fetch: Callable[[float], Awaitable[Token]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.renewable = bool(
            credentials.client_id and credentials.client_secret.get_secret_value()
        )
        self._fetch = fetch
        self._clock = clock
        self._token = _given(credentials)
        self._flight: asyncio.Task[Token | CxtopError] | None = None
        self._refused: AuthenticationError | None = None
        self._refused_until = -math.inf
        if self._token is None and not self.renewable:
            raise SecretError(
                "There are no credentials for the platform.",
                fix="Set a client id with its secret, or an access token.",
            )

    async def ready(self) -> Token:
        """A token that is not known to be stale. Raises what went wrong when there is none."""
        if self._token is not None and self._clock() < self._token.stale_at:
            return self._token
        if self._refused is not None and self._clock() < self._refused_until:
            raise self._refused.with_traceback(None)
        if self._flight is None:
            self._flight = asyncio.create_task(self._renew(), name="token")
        outcome = await asyncio.shield(self._flight)
        if isinstance(outcome, Token):
            return outcome
        raise outcome.with_traceback(None)

    def reject(self, token: Token) -> None:
        """The platform answered 401 to `token`; the next call waits for a new one."""
        token.rejected = True
        if token is self._token:
            self._token = None

    async def close(self) -> None:
        """Stop asking for a token."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _renew(self) -> Token | CxtopError:
        """A new token or what stood in its way: a value, so that it is never left unread."""
        try:
            self._token = await self._fetch(self._clock())
        except AuthenticationError as error:
            self._refused, self._refused_until = error, self._clock() + REFUSAL_HOLDS_S
            return error
        except CxtopError as error:
            return error
        finally:
            self._flight = None
        self._refused = None
        return self._token


def token_from(answer: Answer, asked_at: float) -> Token:
    """The token in the token endpoint's answer. Raises AnswerError, AuthenticationError.

    It is to be renewed min(60 s, 10 % of its life) before it expires, counted from when it was
    asked for.
    """
    fields = answer.object()
    text = fields.get("access_token")
    if not isinstance(text, str) or not _SENDABLE.fullmatch(text):
        raise AuthenticationError(
            "The token endpoint answered without a usable access token.",
            why=f"The answer of {answer.url} is a JSON object, but its access_token is "
            + ("missing or no text." if not isinstance(text, str) else "not a token."),
            fix="Check login_url and token_path in the profile.",
            status=answer.status,
            correlation_id=answer.correlation_id,
            call_id=answer.call_id,
        )
    life_s = _life_s(fields.get("expires_in"))
    slack_s = min(SLACK_S, SLACK_SHARE * life_s)
    return Token(SecretStr(text), asked_at + life_s - slack_s)


def _life_s(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return ASSUMED_LIFE_S
    try:
        life_s = float(told)
    except (ValueError, OverflowError):
        return ASSUMED_LIFE_S
    return max(0.0, life_s) if math.isfinite(life_s) else ASSUMED_LIFE_S


def _given(credentials: Credentials) -> Token | None:
    if credentials.access_token is None:
        return None
    text = credentials.access_token.get_secret_value().strip()
    if not _SENDABLE.fullmatch(text):
        raise SecretError(
            "The access token holds characters that no token has.",
            fix="Copy it again, on one line and without quotes.",
        )
    return Token(SecretStr(text))
