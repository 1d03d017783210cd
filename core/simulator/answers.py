"""Answers of the simulated platform: bodies, refusals, and how they are written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from .hostile import Raw, twisted
from .world import Plan

_PAGE = (
    "<!DOCTYPE html><html><head><title>Scheduled maintenance</title></head>"
    "<body><h1>We will be back soon</h1></body></html>"
)


class RefusedError(Exception):
    """The platform says no, in an ErrorBody (contract §3)."""

    def __init__(self, status: int, code: str, message: str, *, entity_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.entity_id = entity_id


def answer(plan: Plan, call: str, body: dict[str, Any], turn: int) -> Response:
    """`body` as the answer to `call`, made hostile where the run's plan says so."""
    if not plan.twist:
        return JSONResponse(body)
    hostile = twisted(plan.twist, call, body, turn)
    if isinstance(hostile, Raw):
        return Response(hostile.body, media_type=hostile.content_type)
    # Plain `json`, escaped: lone surrogates and infinities are among what is to be written.
    return Response(json.dumps(hostile).encode("ascii"), media_type="application/json")


def page() -> Response:
    """HTML with status 200 where JSON was asked for, as a proxy or a login page gives it."""
    return Response(_PAGE, media_type="text/html")


def rfc3339(moment: datetime) -> str:
    """A time in UTC as the platform writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error_body(
    context_id: str, status: int, code: str, message: str, entity_id: str = ""
) -> dict[str, Any]:
    """An ErrorBody as the platform writes it (contract §3)."""
    body = {
        "message": message,
        "code": code,
        "status": status,
        "contextId": context_id,
        "details": [],
        "errors": [],
    }
    return body | ({"entityId": entity_id} if entity_id else {})


async def on_refused(request: Request, error: Exception) -> Response:
    """Writes a `RefusedError` as an ErrorBody."""
    assert isinstance(error, RefusedError)
    return _refusal(request, error.status, error.code, error.message, error.entity_id)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Writes what the router itself refuses (no such path, wrong method) as an ErrorBody."""
    assert isinstance(error, HTTPException)
    return _refusal(request, error.status_code, "not.found", str(error.detail))


async def on_invalid(request: Request, error: Exception) -> Response:
    """Writes a wrong parameter as an ErrorBody that names it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    message = f"{first['loc'][-1]}: {first['msg']}"
    return _refusal(request, 400, "bad.request", message)


def _refusal(
    request: Request, status: int, code: str, message: str, entity_id: str = ""
) -> Response:
    body = error_body(request.scope["context_id"], status, code, message, entity_id)
    return JSONResponse(body, status_code=status)
