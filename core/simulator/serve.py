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
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models import RunStatus
from .app import CLIENT_ID, create_app
from .listening import listening
from .simulation import Simulation

PLATFORMS = ("genesys", "cxone")
STDIN = 0


@dataclass(frozen=True, slots=True)
class Options:
    """How to run the platform. Port 0 is any free port. `platform` is the dialect to announce.

    With a folder `traffic_log` the platform's flows really call a service, whose exchanges are
    captured into that folder. `service` names one more service for them to call (`guests`); it
    needs the folder.
    """

    scenario: str = "busy"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    platform: str = "genesys"
    allowed: int = 300
    traffic_log: Path | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class TrafficNotice:
    """Where the service is that the flows call, and the folder that its capture log is in."""

    log: str
    url: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where a running platform is, how to get in, and which runs it has.

    Every run is served in both dialects; a run's own `platform` is where it is at home.
    `traffic` is `None` unless `Options.traffic_log` asked for it.
    """

    url: str
    platform: str
    client_id: str
    client_secret: str = field(repr=False)
    runs: tuple[dict[str, str], ...]
    scenario: str
    seed: int
    traffic: TrafficNotice | None = None

    def run_ids(self, platform: str | None = None) -> tuple[str, ...]:
        """The ids of the runs at home in `platform`, or in the announced one."""
        home = platform or self.platform
        return tuple(run["id"] for run in self.runs if run["platform"] == home)

    def line(self) -> str:
        """All of it as one line of JSON."""
        names = ("url", "platform", "client_id", "client_secret", "runs", "scenario", "seed")
        told = {name: getattr(self, name) for name in names}
        if self.traffic is not None:
            told["traffic"] = asdict(self.traffic)
        return json.dumps(told)


@asynccontextmanager
async def simulator(
    scenario: str = "busy", *, options: Options | None = None, **rest: Any
) -> AsyncIterator[Announcement]:
    """The platform of `Options`, served as long as the block lasts.

    `rest` are further fields of `Options`. Raises `ConfigError` for options that cannot be.
    """
    chosen = options or Options(scenario=scenario, **rest)
    if chosen.service and chosen.traffic_log is None:
        raise ConfigError(
            "A service needs a folder for its captures.", fix="Give --traffic-log FOLDER too."
        )
    secret = secrets.token_urlsafe(24)
    app = create_app(
        chosen.scenario,
        seed=chosen.seed,
        speed=chosen.speed,
        client_secret=secret,
        allowed=chosen.allowed,
    )
    simulation: Simulation = app.state.simulation
    async with AsyncExitStack() as running:
        url = await running.enter_async_context(listening(app, chosen.port))
        notice = None
        if chosen.traffic_log is not None:
            # Only now: without it, neither a client nor the capture has to be loaded.
            from .traffic import traffic

            log = chosen.traffic_log.absolute()
            service = await running.enter_async_context(traffic(simulation, log))
            notice = TrafficNotice(str(log), service)
            if chosen.service:
                from .guests import guest

                await running.enter_async_context(guest(simulation, chosen.service, log))
        yield _announcement(chosen, simulation, url, secret, notice)


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
    parser.add_argument("--traffic-log", type=Path, metavar="FOLDER")
    parser.add_argument("--service", default="", metavar="MODULE_OR_FILE:APP")
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


def _announcement(
    options: Options,
    simulation: Simulation,
    url: str,
    secret: str,
    notice: TrafficNotice | None,
) -> Announcement:
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
        traffic=notice,
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
