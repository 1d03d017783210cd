"""The inventory service with its warehouse, as `make demo` runs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from .inventory import create_app as create_inventory
from .warehouse import create_warehouse


def create_app(log: Path) -> FastAPI:
    """The service, captured into the folder `log`; its warehouse lives as long as it does."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_inventory(log, f"http://127.0.0.1:{listener.getsockname()[1]}")
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(service: FastAPI) -> AsyncIterator[None]:
        config = uvicorn.Config(create_warehouse(), log_config=None, lifespan="off", ws="none")
        config.timeout_graceful_shutdown = 1
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with inner(service):
                yield
        finally:
            server.should_exit = True
            await serving

    app.router.lifespan_context = lifespan
    return app
