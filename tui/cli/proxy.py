"""cxtop proxy: captures a service's exchanges from in front of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from .exits import narrate
from .options import epilog
from .output import print_json

if TYPE_CHECKING:
    from ...core.capture.proxy import Proxy

TOKEN = "CXTOP_PROXY_TOKEN"  # noqa: S105 - a variable's name


@click.command(
    "proxy",
    epilog=epilog(
        "cxtop proxy --upstream http://127.0.0.1:9000",
        "cxtop proxy --upstream https://crm.internal/actions --listen 127.0.0.1:8443",
        f"{TOKEN}=… cxtop proxy --upstream http://crm:9000 --listen 0.0.0.0:8080",
    ),
)
@click.option(
    "--upstream", metavar="URL", required=True, help="The one service that is forwarded to."
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help=f"Where callers come in; beyond this machine {TOKEN} must be set. Port 0 is any free one.",
)
@click.option("--log", metavar="PATH", help="A file or folder; the folder of captures otherwise.")
@click.option(
    "--service", metavar="NAME", default="proxy", show_default=True, help="Its name in the log."
)
@click.option("--config", type=click.Path(dir_okay=False), help="Another config file.")
def command(upstream: str, listen: str, log: str | None, service: str, config: str | None) -> None:
    """Put in front of a service, capture every exchange that passes.

    Nothing in the service changes. Bodies stream in both directions; what is captured is without
    secrets. One line of JSON on stdout tells where it listens: url, upstream, log. SIGTERM and
    Ctrl+C let the calls under way come to their end.
    """
    import asyncio

    from ...core.capture import CaptureLog
    from ...core.capture.proxy import run_proxy
    from ...core.config import load
    from ...core.config.redaction import redactor_of

    settings = load({"config": config})
    place = log or f"{settings.paths.captures_dir}/"

    def ready(proxy: Proxy) -> None:
        print_json({"url": proxy.url, "upstream": proxy.upstream, "log": place})
        narrate(f"The proxy listens at {proxy.url} for {proxy.upstream}; Ctrl+C ends it.")
        narrate(f"Exchanges go to {place}; see them with: cxtop tail --follow {log or ''}".rstrip())

    capture = CaptureLog(place, service, redactor=redactor_of(settings))
    token = os.environ.get(TOKEN) or None
    asyncio.run(run_proxy(upstream, listen, log=capture, token=token, ready=ready))
