"""OAuth 2.0 client credentials: tokens that really expire (contract §1, §2)."""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import parse_qs, unquote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

TOKEN_PATHS = frozenset({"/oauth/token", "/api/v2/oauth/token"})
MOST_FORM_BYTES = 64 * 1024

router = APIRouter()


class Tokens:
    """Gives tokens to the one client there is, and knows which of them still hold.

    A token says that it lives for `lifetime_s` seconds; where `honoured_s` is shorter, it is
    revoked before that, as happens on real platforms. Both are real seconds.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        lifetime_s: int,
        honoured_s: float | None = None,
        clock: Callable[[], float],
    ) -> None:
        self.client_id = client_id
        self._secret = client_secret.encode()
        self.lifetime_s = lifetime_s
        self._honoured_s = lifetime_s if honoured_s is None else honoured_s
        self._clock = clock
        self._ends: dict[str, float] = {}

    def knows(self, client_id: str, client_secret: str) -> bool:
        """Whether these are the client's credentials."""
        same_id = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        return hmac.compare_digest(client_secret.encode(), self._secret) and same_id

    def give(self) -> str:
        """A new token."""
        now = self._clock()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._ends[token] = now + self._honoured_s
        return token

    def holds(self, token: str) -> bool:
        """Whether `token` was given here and has not ended."""
        return self._ends.get(token, float("-inf")) > self._clock()


@router.post("/oauth/token")
@router.post("/api/v2/oauth/token")
async def token(request: Request) -> JSONResponse:
    """A token for the client, who is named by HTTP Basic or in the form."""
    tokens: Tokens = request.app.state.simulation.tokens
    body = await _body(request)
    if body is None:
        return _refused(413, "invalid_request", "The form is too large.")
    form = {name: values[0] for name, values in parse_qs(body, encoding="utf-8").items()}
    client = _basic(request.headers.get("authorization", "")) or (
        form.get("client_id", ""),
        form.get("client_secret", ""),
    )
    if not tokens.knows(*client):
        return _refused(401, "invalid_client", "The client id or the client secret is wrong.")
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "Only client_credentials is served.")
    given = {"access_token": tokens.give(), "token_type": "bearer", "expires_in": tokens.lifetime_s}
    return JSONResponse(given, headers={"cache-control": "no-store"})


def _refused(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


async def _body(request: Request) -> str | None:
    """The form as text, or `None` when it is too large to read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return None
    return body.decode("utf-8", errors="replace")


def _basic(header: str) -> tuple[str, str] | None:
    """Client id and secret from HTTP Basic; `None` when the header is not that."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    # RFC 6749 §2.3.1 has both form-encoded inside Basic; plain values decode to themselves
    # unless they hold a percent sign.
    return (unquote(client_id), unquote(secret)) if colon else ("", "")
