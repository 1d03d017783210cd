"""The connections of a handler to its upstreams."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from ... import __version__
from ...errors import ConfigError
from .retrying import Retrying

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_WIDTH = 100


class Client:
    """The connections of one handler to its upstreams, shared by all its calls.

    `base_url` is what relative URLs hang under; `headers` go to its host only. Both may be
    functions, which are asked at each call. Connections belong to the event loop that runs.
    """

    def __init__(
        self,
        base_url: str | Callable[[], str],
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]],
        rules: Retrying,
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self.rules = rules
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = threading.Lock()
        self._context: Any = None

    def target(self, url: str) -> tuple[httpx.URL, Mapping[str, str]]:
        """Where `url` leads, and the headers for there. Raises ConfigError where it is no URL."""
        base = self._base_url() if callable(self._base_url) else self._base_url
        whole = url
        if not url.startswith(("http://", "https://")):
            whole = f"{base.rstrip('/')}/{url.lstrip('/')}"
        try:
            target, home = httpx.URL(whole), httpx.URL(base)
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigError("The upstream's URL is none.", why=f"{error}.") from None
        if target.scheme not in ("http", "https") or not target.host:
            raise ConfigError(
                "The upstream's URL is none.",
                why="It has no host.",
                fix="Give data_action a base_url, or whole URLs to its calls.",
            )
        if (target.scheme, target.netloc) != (home.scheme, home.netloc):
            return target, {}
        return target, self._headers() if callable(self._headers) else self._headers

    async def opened(self) -> httpx.AsyncClient:
        """The client for the event loop that runs."""
        loop = asyncio.get_running_loop()
        if self._context is None:
            # Certificates are read from the disk, which takes longer than others may wait.
            self._context = await asyncio.to_thread(httpx.create_ssl_context)
        with self._making:
            if self._client is None or self._loop is not loop:
                self._loop = loop
                self._client = httpx.AsyncClient(
                    verify=self._context,
                    follow_redirects=False,
                    limits=httpx.Limits(max_connections=_WIDTH),
                    # No cookie is kept: they would tie the calls of strangers together.
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    headers={
                        "user-agent": f"cxtop-handler/{__version__}",
                        # What is read is bounded, which a packed body would undo.
                        "accept-encoding": "identity",
                        "accept": "application/json",
                    },
                    mounts=dict.fromkeys(_LOOPBACK),
                )
            return self._client

    async def close(self) -> None:
        """Close the connections; they open again when they are needed."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()
