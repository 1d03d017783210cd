"""How the simulated platform calls a service."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

import httpx

from .verdict import Complaint


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call: an answer, or (`status` 0) why there is none."""

    status: int = 0
    body: bytes = b""
    request_id: str = ""
    trouble: Complaint | None = None


class Calling:
    """Calls to the service at `url`, each given up after `timeout_s` seconds; in `async with`."""

    def __init__(self, url: str, *, credential: str, timeout_s: float) -> None:
        self._timeout_ms = round(timeout_s * 1000)
        self._client = httpx.AsyncClient(
            base_url=url,
            trust_env=False,
            timeout=timeout_s,
            headers={
                "user-agent": "simulated-platform/1.0 (data actions)",
                "authorization": f"Bearer {credential}",
            },
        )

    async def __aenter__(self) -> Calling:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Sends JSON."""
        return await self._send("POST", path, body, headers | {"content-type": "application/json"})

    async def get(self, path: str) -> Reply:
        """Asks for a path."""
        return await self._send("GET", path, b"", {})

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        try:
            answer = await self._client.request(method, path, content=body or None, headers=headers)
        except httpx.TimeoutException:
            told = f"{path} did not answer within {self._timeout_ms} ms"
            return Reply(trouble=Complaint("UPSTREAM_TIMEOUT", told))
        except httpx.TransportError as error:
            told = f"{path} cannot be reached: {type(error).__name__}"
            return Reply(trouble=Complaint("UPSTREAM_UNREACHABLE", told))
        return Reply(answer.status_code, answer.content, answer.headers.get("x-request-id", ""))
