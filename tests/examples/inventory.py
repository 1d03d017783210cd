"""Inventory sync: a data action that asks a warehouse what there is of an article, and books it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from cxtop.core.capture import CaptureMiddleware
from cxtop.core.capture.handler import (
    ActionError,
    ActionSchema,
    BlockingUpstream,
    Retrying,
    Upstream,
    data_action,
)


class Article(BaseModel):
    """What the flow asks about."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sku": "LAMP-7"}, {"sku": "DESK-2"}] * 3 + [{"sku": "NO-SUCH"}],
        }
    )

    sku: str = Field(min_length=1, max_length=40)


class Stock(BaseModel):
    """What the warehouse knows of an article."""

    sku: str
    quantity: int = Field(ge=0)
    warehouse: str


class Reservation(BaseModel):
    """What the flow wants to be put aside."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sku": "LAMP-7", "quantity": 2, "order": "A-1001"}]}
    )

    sku: str
    quantity: int = Field(ge=1, le=100)
    order: str


class Reserved(BaseModel):
    """What was put aside."""

    order: str
    quantity: int


SYNC = ActionSchema.of(
    "inventory-sync",
    "How much there is of an article, and where.",
    input=Article,
    output=Stock,
    errors={"UNKNOWN_ARTICLE": "There is no such article."},
)
RESERVE = ActionSchema.of(
    "inventory-reserve",
    "Puts some of an article aside for an order.",
    input=Reservation,
    output=Reserved,
    errors={"OUT_OF_STOCK": "There is not enough of the article."},
)
PATIENT = Retrying(base_s=0.4, cap_s=3, read_s=1.5, total_s=20)


def create_app(log: str | Path, warehouse: str | Callable[[], str]) -> FastAPI:
    """The service: captured into `log`, with its warehouse at the URL `warehouse`."""

    @data_action(SYNC, base_url=warehouse, retrying=PATIENT)
    async def sync(article: Article, upstream: Upstream) -> Stock:
        answer = await upstream.get("/stock", params={"sku": article.sku}, also=(404,))
        if answer.status == 404:
            raise ActionError("UNKNOWN_ARTICLE")
        return answer.parsed(Stock)

    @data_action(RESERVE, base_url=warehouse, retrying=PATIENT)
    def reserve(wanted: Reservation, upstream: BlockingUpstream) -> Reserved:
        headers = {"Idempotency-Key": wanted.order}
        answer = upstream.post(
            "/reservations", json=wanted.model_dump(), headers=headers, also=(409,)
        )
        if answer.status == 409:
            raise ActionError("OUT_OF_STOCK")
        return answer.parsed(Reserved)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await sync.aclose()
        await reserve.aclose()

    app = FastAPI(title="Inventory", lifespan=lifespan)
    app.post("/dataaction/inventory-sync")(sync)
    app.post("/dataaction/inventory-reserve")(reserve)
    app.add_middleware(CaptureMiddleware, log=log, service="inventory")  # pyright: ignore[reportArgumentType]
    return app
