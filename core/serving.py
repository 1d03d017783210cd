"""uvicorn within a program: a listener of its own, and signals left to whoever runs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn


class Server(uvicorn.Server):
    """Says when it listens (or never will), and leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 is any free one. Raises OSError or OverflowError."""
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is; with it
    # on, every answer waits 40 ms for the client's acknowledgement of its head.
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Looking a port up takes one beyond 65,535 for another; binding says that there is none.
        listener.bind((place[0], port, *place[2:]))
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
