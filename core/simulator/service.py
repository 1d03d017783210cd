"""A small real service, as users of data actions write them: a CRM gateway (contract §6).

Most of its answers are good; a share goes wrong in all the ways that there are.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ..capture import CaptureLog, CaptureMiddleware
from .blunders import Blunder, Deck, Wrong, wrong
from .chance import chance
from .outages import Outage
from .payloads import ROUTES, Json, Route

NAME = "crm-gateway"
SHARE = 0.17
QUICK_S = (0.012, 0.14)
SLOW_S = (0.9, 1.9)
HANGS_S = 8.0


def create_service(
    log: CaptureLog,
    *,
    seed: int = 1,
    share: float = SHARE,
    pace: float = 1.0,
    outage: Outage | None = None,
    elapsed: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The service, captured into `log`.

    `share` of its answers go wrong, 0 to 1. It works `pace` times as fast as it would by itself.
    An `outage` comes and goes by `elapsed`, in seconds. `app.state.closing` ends what is slow.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.closing = asyncio.Event()
    gateway = _Gateway(app.state.closing, seed, share, pace, outage, elapsed)
    for route in ROUTES:
        app.add_api_route(route.path, gateway.handler(route), methods=["POST"])
    app.add_api_route("/healthz", _healthy, methods=["GET"])
    app.add_middleware(CaptureMiddleware, log=log)
    return app


async def _healthy() -> Json:
    return {"status": "ok", "service": NAME}


class _Gateway:
    """What the routes have in common."""

    def __init__(
        self,
        closing: asyncio.Event,
        seed: int,
        share: float,
        pace: float,
        outage: Outage | None,
        elapsed: Callable[[], float],
    ) -> None:
        self._closing = closing
        self._outage = outage
        self._elapsed = elapsed
        self._seed = seed
        self._deck = Deck(seed, share)
        self._pace = pace
        self._count = 0

    def handler(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            inbound = _inbound(await request.body())
            if refused := _refusal(inbound, route):
                return refused
            self._count += 1
            rng = chance(self._seed, "answer", self._count)
            if self._outage and self._is_out(self._outage, route):
                await self._work(request, rng.uniform(*QUICK_S) / self._pace)
                return _response(self._outage.answer)
            blunder = self._deck.draw(route)
            await self._work(request, _seconds(blunder, rng) / self._pace)
            payload = route.answer(self._seed, inbound["variables"])
            if blunder is Blunder.EXCEPTION:
                _stumble(payload, self._count)
            good = route.form.wrapped(payload, f"{rng.getrandbits(64):016x}")
            if blunder in (None, Blunder.SLOW, Blunder.HANGS):
                return JSONResponse(good)
            return _response(wrong(blunder, route.form, good))

        return handle

    def _is_out(self, outage: Outage, route: Route) -> bool:
        return outage.befalls(route.path, self._elapsed(), self._seed, self._count)

    async def _work(self, request: Request, seconds: float) -> None:
        """Takes `seconds`, or less if the caller hangs up or the service ends."""
        reasons = (
            asyncio.ensure_future(self._closing.wait()),
            asyncio.ensure_future(_hung_up(request)),
        )
        try:
            await asyncio.wait(reasons, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for reason in reasons:
                reason.cancel()
            await asyncio.wait(reasons)


def _response(given: Wrong) -> Response:
    return Response(given.body, given.status, given.headers, given.content_type)


def _seconds(blunder: Blunder | None, rng: Random) -> float:
    if blunder is Blunder.HANGS:
        return HANGS_S
    return rng.uniform(*(SLOW_S if blunder is Blunder.SLOW else QUICK_S))


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _inbound(body: bytes) -> Json:
    try:
        inbound = json.loads(body)
    except ValueError:
        return {}
    return inbound if isinstance(inbound, dict) else {}


def _refusal(inbound: Json, route: Route) -> Response | None:
    """The answer to an inbound call that lacks what the route needs (contract §6)."""
    given = inbound.get("variables")
    variables = given if isinstance(given, dict) else {}
    missing = [name for name in route.needs if not variables.get(name)]
    if not missing:
        return None
    error: dict[str, Any] = {
        "code": "INVALID_INPUT_FORMAT",
        "message": f"Missing input: {', '.join(f'variables.{name}' for name in missing)}",
        "details": {"trace": f"{NAME}{route.path}", "attempts": 1, "missing": missing},
    }
    return JSONResponse({"success": False, "error": error}, status_code=422)


def _stumble(payload: Json, turn: int) -> None:
    """Raises as a gateway's own code does that counts on more than it was given."""
    (_primary_segment, _monthly_share, _balance)[turn % 3](payload)


def _primary_segment(payload: Json) -> str:
    return payload["segments"]["primary"]


def _monthly_share(payload: Json) -> float:
    return 100 / len([name for name in payload if name.startswith("month")])


def _balance(payload: Json) -> float:
    return float(f"{len(payload)}.240,00")
