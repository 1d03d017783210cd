"""Runs the simulated platform on loopback: within a process, or as one.

python -m cxtop.core.simulator --scenario busy --with-parent
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import ConfigError
from ..models import RunStatus
from .app import CLIENT_ID, create_app
from .simulation import Simulation

HOST = "127.0.0.1"
PLATFORMS = ("genesys", "cxone")
STDIN = 0


@dataclass(frozen=True, slots=True)
class Options:
    """How to run the platform. Port 0 is any free port. `platform` is the dialect to announce."""

    scenario: str = "busy"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    platform: str = "genesys"
    allowed: int = 300


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where a running platform is, how to get in, and which runs it has.

    Every run is served in both dialects; a run's own `platform` is where it is at home.
    """

    url: str
    platform: str
    client_id: str
    client_secret: str = field(repr=False)
    runs: tuple[dict[str, str], ...]
    scenario: str
    seed: int

    def run_ids(self, platform: str | None = None) -> tuple[str, ...]:
        """The ids of the runs at home in `platform`, or in the announced one."""
        home = platform or self.platform
        return tuple(run["id"] for run in self.runs if run["platform"] == home)

    def line(self) -> str:
        """All of it as one line of JSON."""
        names = ("url", "platform", "client_id", "client_secret", "runs", "scenario", "seed")
        return json.dumps({name: getattr(self, name) for name in names})


@asynccontextmanager
async def listening(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serves an `app` of `create_app` on loopback as long as the block lasts; gives its URL.

    Raises `ConfigError` when the port cannot be had.
    """
    with _listener(port) as listener:
        server = _Server(_config(app))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.listening.wait()
            if serving.done():
                serving.result()
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            app.state.simulation.closing.set()
            server.should_exit = True
            await serving


@asynccontextmanager
async def simulator(
    scenario: str = "busy", *, options: Options | None = None, **rest: Any
) -> AsyncIterator[Announcement]:
    """The platform of `Options`, served as long as the block lasts.

    `rest` are further fields of `Options`. Raises `ConfigError` for options that cannot be.
    """
    chosen = options or Options(scenario=scenario, **rest)
    secret = secrets.token_urlsafe(24)
    app = create_app(
        chosen.scenario,
        seed=chosen.seed,
        speed=chosen.speed,
        client_secret=secret,
        allowed=chosen.allowed,
    )
    async with listening(app, chosen.port) as url:
        yield _announcement(chosen, app.state.simulation, url, secret)


async def serve(
    options: Options,
    *,
    announce: Callable[[str], None],
    watch_parent: bool = False,
) -> None:
    """Runs the platform until SIGINT or SIGTERM; with `watch_parent` also until stdin closes.

    `announce` gets one line of JSON once connections are really taken.
    """
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    if watch_parent:
        _watch_stdin(loop, ending)
    try:
        async with simulator(options=options) as announcement:
            announce(announcement.line())
            await ending.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def run(options: Options, *, watch_parent: bool = False) -> None:
    """`serve` in a loop of its own, announced on stdout."""
    asyncio.run(serve(options, announce=_print_line, watch_parent=watch_parent))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when ended as asked, 2 when the options cannot be, 1 when unheard."""
    parser = argparse.ArgumentParser(prog="python -m cxtop.core.simulator")
    parser.add_argument("--scenario", default="busy")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--platform", choices=PLATFORMS, default="genesys")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin closes")
    given = vars(parser.parse_args(arguments))
    watch_parent = given.pop("with_parent")
    try:
        run(Options(**given), watch_parent=watch_parent)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        # Whoever was to read the announcement is gone; what stdout still holds goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


class _Protocol(H11Protocol):
    """Hands each request its transport, so that the weather can break the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
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


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def _listener(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is; with it
    # on, every answer waits 40 ms for the client's acknowledgement of its head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"The simulator cannot listen on port {port} of {HOST}.",
            why=f"The system says: {error}.",
            fix="Choose another port, or 0 for any free one.",
        ) from error
    return listener


def _announcement(options: Options, simulation: Simulation, url: str, secret: str) -> Announcement:
    runs = tuple(
        {
            "id": plan.run_id,
            "name": plan.name or plan.run_id,
            "platform": plan.platform,
            "ends": RunStatus.from_word(plan.end_word).value,
        }
        for plan in simulation.scenario.plans
    )
    return Announcement(
        url=url,
        platform=options.platform,
        client_id=CLIENT_ID,
        client_secret=secret,
        runs=runs,
        scenario=options.scenario,
        seed=options.seed,
    )


def _watch_stdin(loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    """Sets `ending` when stdin closes, as it does however the parent ends."""

    def read() -> None:
        # A terminal that is gone fails to read instead of ending.
        with contextlib.suppress(OSError):
            while os.read(STDIN, 4096):
                continue
        # The loop may have ended before stdin did.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ending.set)

    # A thread, because not every stdin can be polled; daemonic, because a read cannot be ended.
    threading.Thread(target=read, name="stdin-watch", daemon=True).start()


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
