"""The server: uvicorn on one address, ended by a signal, with limits on what comes in."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..capture.doors import Listen
from ..errors import CaptureError
from ..serving import Server, bound
from .guard import Limits


async def serve(
    app: FastAPI,
    address: Listen,
    *,
    limits: Limits | None = None,
    ready: Callable[[str], None] = lambda url: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serves `app` until SIGTERM or SIGINT comes, or `stop` is set where that is given.

    Calls under way come to their end within `limits.shutdown_s`; a second signal does not wait for
    them. `ready` gets the URL once connections are taken; port 0 takes a free one. Raises
    `CaptureError` if the address cannot be listened on.
    """
    bounds = limits or Limits()
    ending = stop or asyncio.Event()
    with _listener(address) as listener:
        server = Server(_config(app, bounds))
        loop = asyncio.get_running_loop()
        caught = () if stop is not None else (signal.SIGTERM, signal.SIGINT)

        def end() -> None:
            server.force_exit = ending.is_set()
            ending.set()

        for number in caught:
            loop.add_signal_handler(number, end)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="server")
        waiting = asyncio.create_task(ending.wait(), name="ending")
        try:
            await server.listening.wait()
            if not serving.done():
                ready(_url(address.host, listener.getsockname()[1]))
            await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            server.should_exit = True
            try:
                await serving
            finally:
                for number in caught:
                    loop.remove_signal_handler(number)


def _protocol(head_s: float) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        """Closes a connection on which the head of a request does not come to its end."""

        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._late = self.loop.call_later(head_s, transport.close)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before:
                self._come()
            elif self._late is None and (before is None or before.response_complete):
                self._late = self.loop.call_later(head_s, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self._come()
            super().connection_lost(exc)

        def _come(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Protocol


def _config(app: FastAPI, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(limits.head_s),
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        timeout_keep_alive=round(limits.idle_s),
        timeout_graceful_shutdown=round(limits.shutdown_s),
    )


def _listener(address: Listen) -> socket.socket:
    host, port = address
    try:
        return bound(host, port)
    except (OSError, OverflowError) as error:
        raise CaptureError(
            f"The service cannot listen on {host}:{port}.",
            why=f"{getattr(error, 'strerror', None) or error}.",
            fix="Choose another address, or end what listens there.",
        ) from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
