"""Serves an application on loopback as long as somebody needs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import ConfigError
from ..serving import Server, bound

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(
    app: Any, port: int = 0, *, lifespan: Literal["on", "off"] = "off"
) -> AsyncIterator[str]:
    """Serves the ASGI application `app` on loopback as long as the block lasts; gives its URL.

    Where it has an event `app.state.closing`, that is set when the block ends, so that slow
    answers do not hold it up. Raises `ConfigError` when the port cannot be had.
    """
    with _listener(port) as listener:
        server = Server(_config(app, lifespan))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.listening.wait()
            if serving.done():
                serving.result()
                raise ConfigError("The service ended while it started.")
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            closing = getattr(getattr(app, "state", None), "closing", None)
            if closing is not None:
                closing.set()
            server.should_exit = True
            await serving


class _Protocol(H11Protocol):
    """Hands each request its transport, so that the weather can break the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


def _config(app: Any, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan=lifespan,
        log_config=None,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def _listener(port: int) -> socket.socket:
    try:
        return bound(HOST, port)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"The simulator cannot listen on port {port} of {HOST}.",
            why=f"The system says: {error}.",
            fix="Choose another port, or 0 for any free one.",
        ) from error
