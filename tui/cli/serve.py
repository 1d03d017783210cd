"""cxtop serve: the debug service."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from .exits import narrate
from .options import Flags, epilog, with_captures
from .output import print_json

if TYPE_CHECKING:
    from ...core.capture.doors import Listen
    from ...core.config import Settings
    from ...core.service import Handler

TOKEN = "CXTOP_SERVE_TOKEN"  # noqa: S105 - a variable's name


@click.command(
    "serve",
    epilog=epilog(
        "cxtop serve",
        "cxtop serve --handler handlers:lookup --listen 127.0.0.1:9000",
        "curl http://127.0.0.1:8090/debug/correlate/req-42",
        "curl http://127.0.0.1:8090/health?action_id=crm-lookup",
        f"{TOKEN}=… cxtop serve --listen 0.0.0.0:8090",
    ),
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8090",
    show_default=True,
    help=f"Where callers come in; beyond this machine {TOKEN} must be set. Port 0 is any free one.",
)
@click.option(
    "--handler",
    metavar="MODULE:FUNCTION",
    help="What answers: it takes the call as a dictionary; sync or async. An echo otherwise.",
)
@click.option("--log", metavar="PATH", help="A file or folder; the folder of captures otherwise.")
@with_captures
def command(listen: str, handler: str | None, log: str | None, flags: Flags) -> None:
    """Serve a webhook for data actions, and tell what belongs to a request.

    POST /dataaction/webhook takes calls, checks and captures them; GET /debug/correlate/ID shows
    what belongs together; GET /health?action_id=ID how healthy an action is; GET /metrics counts
    for Prometheus; GET /healthz how the service is; GET /docs describes all of it. Without a
    token, all but the webhook answer this machine only. One line of JSON on stdout tells where
    it listens: url, log.
    """
    from pathlib import Path

    from ...core.capture import doors
    from ...core.config import load
    from ...core.errors import ConfigError
    from ...core.service import load_handler

    address = doors.listen(listen)
    token = os.environ.get(TOKEN) or None
    try:
        doors.guarded(address, token)
    except ConfigError as error:
        error.fix = f"Set {TOKEN} in the environment, or listen on 127.0.0.1."
        raise
    found = load_handler(handler, folder=Path.cwd()) if handler else None
    asyncio.run(_serve(load(flags), address, token, found, log))


async def _serve(
    settings: Settings, address: Listen, token: str | None, handler: Handler | None, log: str | None
) -> None:
    from ...core.capture import CaptureLog
    from ...core.config.redaction import redactor_of
    from ...core.live import open_captures
    from ...core.service import create_service, serve

    place = log or f"{settings.paths.captures_dir}/"
    capture = CaptureLog(place, "cxtop-serve", redactor=redactor_of(settings))
    sources = list(dict.fromkeys((*settings.captures, place)))

    def ready(url: str) -> None:
        print_json({"url": url, "log": place})
        narrate(f"The debug service listens at {url}; Ctrl+C ends it.")

    async with open_captures(settings, sources=sources, full_text=True) as captures:
        app = create_service(captures, log=capture, handler=handler, token=token)
        following = asyncio.create_task(captures.follow(), name="following")
        try:
            await serve(app, address, ready=ready)
        finally:
            following.cancel()
            await asyncio.wait([following])
            # A data action of the handler kit keeps connections to its upstreams.
            if (aclose := getattr(handler, "aclose", None)) is not None:
                await aclose()
            capture.close()
