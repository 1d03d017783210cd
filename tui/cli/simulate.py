"""cxtop simulate: the simulated platform, as a server on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .exits import narrate
from .options import epilog, with_simulation
from .output import print_line


@click.command(
    "simulate",
    epilog=epilog(
        "cxtop simulate",
        "cxtop simulate --scenario storm --seed 7 --speed 10",
        "cxtop simulate --port 8700 --platform cxone",
        "cxtop simulate --traffic-log captures",
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=True,
    help="Where to listen on loopback; 0 is any free port.",
)
@with_simulation
@click.option(
    "--platform",
    type=click.Choice(["genesys", "cxone"]),
    default="genesys",
    show_default=True,
    help="The dialect to announce; both are served.",
)
@click.option(
    "--traffic-log",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Let the flows call a service too, and capture its exchanges into this folder.",
)
@click.option(
    "--service",
    default="",
    metavar="MODULE_OR_FILE:APP",
    help="With --traffic-log: a service of yours whose data actions are called too; an ASGI "
    "application, or a function that makes one for a folder of captures.",
)
@click.option("--with-parent", is_flag=True, help="End when stdin is closed.")
def command(
    port: int,
    scenario: str,
    seed: int,
    speed: float,
    platform: str,
    traffic_log: Path | None,
    service: str,
    with_parent: bool,
) -> None:
    """Serve a simulated platform until Ctrl+C.

    One line of JSON on stdout tells where it is and how to get in: url, platform, client_id,
    client_secret, runs, scenario, seed, and with --traffic-log traffic, which tells the folder and
    the service's address.
    """
    import asyncio

    from ...core.simulator.serve import Options, serve

    def announce(line: str) -> None:
        print_line(line)
        told = json.loads(line)
        narrate(f"The scenario {scenario} is served at {told['url']}; Ctrl+C ends it.")
        if traffic_log is not None:
            narrate(f"Exchanges are captured into {told['traffic']['log']}.")

    options = Options(
        scenario,
        port=port,
        seed=seed,
        speed=speed,
        platform=platform,
        traffic_log=traffic_log,
        service=service,
    )
    asyncio.run(serve(options, announce=announce, watch_parent=with_parent))
