"""The simulated platform as an ASGI application."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from . import actions, analytics, cxone, deployments, genesys, submissions, tokens, traces
from .answers import RefusedError, on_http_error, on_invalid, on_refused
from .doorway import Doorway
from .limits import Limits
from .scenarios import scenario as find_scenario
from .simulation import Here, Simulation, checked_speed
from .tokens import Tokens

CLIENT_ID = "cxtop-simulator"


def create_app(
    scenario: str,
    *,
    seed: int = 1,
    speed: float = 1.0,
    client_id: str = CLIENT_ID,
    client_secret: str | None = None,
    allowed: int = 300,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The platform of a scenario; `app.state.simulation` is its `Simulation`.

    Simulated time runs `speed` times as fast as `clock` (seconds) and begins now. `allowed`
    requests a minute are let through for each token. Without a `client_secret` there is a
    random one, which nobody can know; `serve.simulator` gives one that it announces.

    Raises `ConfigError` for an unknown scenario or an impossible speed.
    """
    chosen = find_scenario(scenario)
    simulation = Simulation(
        scenario=chosen,
        seed=seed,
        speed=checked_speed(speed),
        tokens=Tokens(
            client_id,
            client_secret or secrets.token_urlsafe(24),
            lifetime_s=chosen.token_s,
            honoured_s=chosen.honoured_s,
            clock=clock,
        ),
        limits=Limits(allowed, clock),
        clock=clock,
    )
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.simulation = simulation
    app.state.closing = simulation.closing
    for part in (tokens, genesys, submissions, actions, cxone, traces, analytics, deployments):
        app.include_router(part.router)
    app.add_api_route("/simulator/requests", requests, methods=["GET"])
    app.add_exception_handler(RefusedError, on_refused)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_middleware(Doorway, simulation=simulation)
    return app


async def requests(here: Here) -> list[dict[str, Any]]:
    """The latest requests, oldest first, with their paths as they came."""
    return [asdict(seen) for seen in here.requests]
