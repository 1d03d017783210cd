"""Requests to places that are not the platform: webhooks and checks. They bear no token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from .. import __version__
from ..errors import NetworkError
from ..redact import REDACTOR
from ..text import clip

if TYPE_CHECKING:
    import httpx

CONNECT_S = 5.0
WHOLE_S = 30.0
MOST_BYTES = 256 * 1024
_SHOWN = 200
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, its body cut at `MOST_BYTES`; `retry_after_s` as it asked for."""

    status: int
    body: bytes = field(repr=False)
    retry_after_s: float | None = None

    @property
    def good(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        """Status and the beginning of the body, on one line and without secrets."""
        try:
            status = f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            status = str(self.status)
        text = " ".join(self.body[: 10 * _SHOWN].decode("utf-8", "replace").split())
        return f"{status}: {clip(REDACTOR.text(text), _SHOWN)}" if text else status


class Outbound:
    """One client for all of them; used in `async with`. No redirect is followed."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def post(self, url: str, value: Any, headers: Mapping[str, str]) -> Reply:
        """Post JSON. Raises NetworkError, which names the host and nothing else of the URL."""
        content = json.dumps(value, separators=(",", ":")).encode()
        return await self._send(
            "POST", url, content, {"content-type": "application/json", **headers}
        )

    async def get(self, url: str) -> Reply:
        """Ask for JSON. Raises like `post`."""
        return await self._send("GET", url, None, {"accept": "application/json"})

    async def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        import httpx

        from ..clocks import retry_after_s
        from ..http.faults import AnswerTooSlow, fault_of

        client = await self._opened()
        host = urlsplit(url).netloc
        try:
            async with asyncio.timeout(WHOLE_S):
                request = client.build_request(method, url, content=content, headers=dict(headers))
                response = await client.send(request, stream=True)
                try:
                    body = await _beginning(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            slow = AnswerTooSlow(f"After {WHOLE_S:g} s there was no whole answer.")
            raise fault_of(slow, host).as_error("") from None
        except httpx.RequestError as error:
            # What led to it names the URL, which may be a secret.
            raise fault_of(error, host).as_error("") from None
        except httpx.InvalidURL:
            raise NetworkError(
                f"The URL at {host} cannot be asked for.", fix="Check it in the profile."
            ) from None
        told = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, body, retry_after_s(told, datetime.now(UTC)))

    async def _opened(self) -> httpx.AsyncClient:
        import httpx

        async with self._lock:
            if self._client is None:
                # Certificates are read from the disk, which takes longer than a frame may.
                context = await asyncio.to_thread(httpx.create_ssl_context)
                self._client = httpx.AsyncClient(
                    verify=context,
                    follow_redirects=False,
                    timeout=httpx.Timeout(WHOLE_S, connect=CONNECT_S),
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    # What is read is bounded, which a packed body would undo.
                    headers={
                        "user-agent": f"cxtop/{__version__}",
                        "accept-encoding": "identity",
                    },
                    mounts=dict.fromkeys(_LOOPBACK),
                )
            return self._client


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MOST_BYTES:
            break
    return body[:MOST_BYTES]
