"""Action schemas that clients deploy (contract §2, deploy a schema)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ..diagnosis.schemas import schema_faults
from .answers import RefusedError
from .bodies import object_in
from .simulation import Here

MOST_SCHEMAS = 1000
FORBIDDEN = "forbidden-schema"

router = APIRouter(prefix="/api/v2/dataactions")


@router.post("")
async def deploy(request: Request, here: Here) -> Response:
    """Takes a schema under its name, or puts it in the place of the one that bears the name."""
    schema = await object_in(request)
    name = schema.get("name")
    if not isinstance(name, str) or not name:
        raise RefusedError(400, "bad.request", "name: must be a string, and not empty.")
    if name == FORBIDDEN:
        raise RefusedError(
            403, "missing.permissions", "You do not have the permission dataactions:write."
        )
    if fault := _fault(schema):
        raise RefusedError(400, "bad.request", fault)
    is_new = name not in here.deployed
    if is_new and len(here.deployed) >= MOST_SCHEMAS:
        raise RefusedError(400, "limit.exceeded", "No more schemas can be deployed here.")
    here.deployed[name] = schema
    schema_id = quote(name, safe="")
    told = {"id": schema_id, "name": name, "version": 1}
    return JSONResponse(told, status_code=201 if is_new else 200)


def _fault(schema: dict[str, Any]) -> str:
    """The first thing that this platform does not take."""
    for part in ("input", "output"):
        for path, told in schema_faults(schema.get(part), part):
            return f"{path}: {told}."
    codes = schema.get("errorCodes", [])
    if not isinstance(codes, list) or not all(isinstance(each, dict) for each in codes):
        return "errorCodes: must be a list of objects."
    named = [each.get("code") for each in codes]
    double = next((code for code in named if named.count(code) > 1), None)
    return f"errorCodes: {double} is there twice." if double is not None else ""
