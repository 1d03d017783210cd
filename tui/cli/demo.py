"""cxtop demo: the app on a simulated platform that lives as long as the app does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from . import exits
from .child import Simulator
from .haste import uncollected
from .options import epilog, with_simulation

if TYPE_CHECKING:
    from ...core.config import HealthSettings
    from ...core.live import Monitor

NAME = "demo"
INTERVAL_S = 5.0
"""Runs are few and the screen is to be alive, so polls come sooner than by default."""

THRESHOLD = 35.0
"""Percent. About every seventh call goes wrong anyhow, so that there is one of each kind to see."""

FIGURES_S = 120.0
LOOK_S = 5.0
LASTING_S = 15.0
LEAST_LOOK_S = 2.5
MOST_PACE = 10.0
"""So much time do figures reach back, lie between two looks, and must an illness last: minutes,
where nobody waits for a day. They shrink with the speed at which calls come."""


@click.command(
    "demo",
    epilog=epilog(
        "cxtop demo",
        "cxtop demo --scenario storm --seed 7",
        "cxtop demo --speed 10",
    ),
)
@with_simulation
@click.option(
    "--service",
    default="",
    metavar="MODULE_OR_FILE:APP",
    help="A service of yours whose data actions are called too: an ASGI application, or a function "
    "that makes one for a folder of captures.",
)
def command(scenario: str, seed: int, speed: float, service: str) -> int:
    """Open the app on a simulated platform.

    It needs no account and no network, leaves no process and no file behind, and touches neither
    your profiles nor what was seen with them.
    """
    return play(scenario=scenario, seed=seed, speed=speed, service=service)


@uncollected()
def play(*, scenario: str, seed: int, speed: float, service: str = "") -> int:
    """Start the platform, show the app on it, end the platform; gives the exit code.

    Raises ConfigError for a scenario that there is not, or without a terminal.
    """
    exits.need_terminal("cxtop simulate serves the same platform without one.")
    from ...core.simulator.scenarios import scenario as find_scenario

    find_scenario(scenario)
    with Simulator(scenario=scenario, seed=seed, speed=speed, service=service) as simulator:
        # Only now, so that the app loads while the platform does.
        from ..app import Launch
        from .face import show

        result = show(
            Launch(
                open=lambda _name: _monitor(simulator, speed),
                profile=NAME,
                profiles=(NAME,),
                platform=lambda _name: f"simulated · {scenario}",
                opening="Starting the simulated platform …",
                **_taste(),
            )
        )
    return result if isinstance(result, int) else exits.OK


def _taste() -> dict:
    """The user's own keys and colours; a demo does without those that cannot be read."""
    from ...core.config import choose
    from ...core.errors import ConfigError
    from ..themes import DEFAULT

    try:
        settings = choose().settings
    except ConfigError as error:
        exits.narrate(exits.sentences(error, sign="▲"))
        return {}
    return {"keymap": settings.keymap, "theme": settings.theme or DEFAULT}


@asynccontextmanager
async def _monitor(simulator: Simulator, speed: float) -> AsyncIterator[Monitor]:
    import asyncio

    announcing = asyncio.create_task(simulator.announced(), name="announcement")
    try:
        # The libraries load while the platform starts, and the app has painted before both.
        live, config = await asyncio.to_thread(_load)
        told = await announcing
    finally:
        announcing.cancel()
        await asyncio.wait([announcing])
    folder = simulator.folder
    profile = config.Profile(
        name=NAME,
        platform=told.platform,  # pyright: ignore[reportArgumentType]
        base_url=told.url,
        client_id=told.client_id,
        client_secret=told.client_secret,  # pyright: ignore[reportArgumentType]
        poll=config.PollSettings(interval_s=INTERVAL_S),
        health=_health(speed),
    )
    paths = config.Paths(folder / "config.toml", folder, folder / "state", folder / "data")
    captures = (str(told.traffic_log),)
    settings = config.Settings(paths, profiles=(NAME,), profile=profile, captures=captures)
    async with live.open_monitor(settings) as monitor:
        for run_id in told.runs:
            await monitor.watch(run_id)
        yield monitor


def _health(speed: float) -> HealthSettings:
    from ...core.config import HealthSettings

    pace = min(max(speed, 0.1), MOST_PACE)
    return HealthSettings(
        threshold=THRESHOLD,
        interval=f"PT{FIGURES_S / pace:.0f}S",
        refresh_s=max(LOOK_S / pace, LEAST_LOOK_S),
        for_s=LASTING_S / pace,
    )


def _load():
    from ...core import config, live

    return live, config
