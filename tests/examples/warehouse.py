"""A small warehouse that is busy at times: what the inventory service has to live with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

STOCK = {"LAMP-7": 42, "DESK-2": 3}
MOODS = (
    *("good", "good", "busy", "good", "good", "good", "down", "down", "good", "good", "good"),
    *("good", "busy", "busy", "good", "good", "slow", "good", "good", "good", "good", "half"),
)
SLOW_S = 2.0


def create_warehouse(moods: Sequence[str] = MOODS) -> FastAPI:
    """The warehouse; each request meets its next mood, from the first again after the last."""
    app = FastAPI(openapi_url=None)
    coming: Iterator[str] = cycle(moods)

    @app.get("/stock")
    async def stock(sku: str) -> Response:
        known = STOCK.get(sku)
        if known is None:
            return JSONResponse({"message": "no such article"}, 404)
        return await _in_mood(next(coming), {"sku": sku, "quantity": known, "warehouse": "north"})

    @app.post("/reservations")
    async def reservations(request: Request) -> Response:
        wanted = await request.json()
        if wanted["quantity"] > STOCK.get(wanted["sku"], 0):
            return JSONResponse({"message": "not enough"}, 409)
        told = {"order": wanted["order"], "quantity": wanted["quantity"]}
        return await _in_mood(next(coming), told)

    return app


async def _in_mood(mood: str, good: dict[str, object]) -> Response:
    if mood == "busy":
        limits = {"Retry-After": "1", "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0"}
        return JSONResponse({"message": "too many requests"}, 429, limits)
    if mood == "down":
        return JSONResponse({"message": "the scanner restarts"}, 503)
    if mood == "half":
        return Response(JSONResponse(good).body[:20], media_type="application/json")
    if mood == "slow":
        await asyncio.sleep(SLOW_S)
    return JSONResponse(good)
