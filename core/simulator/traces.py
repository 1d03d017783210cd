"""The call that tells how a flow's execution went (contract §1, flow trace)."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Path

from .answers import RefusedError
from .executions import told
from .flows import Told
from .simulation import Here

router = APIRouter(prefix="/api/v2/flows/executions/{execution_id}")


@router.get("")
async def trace(here: Here, execution_id: Annotated[str, Path()]) -> dict[str, Any]:
    """The execution with its steps, as far as the platform tells of it."""
    wanted = unquote(execution_id)
    execution = here.executions.find(wanted)
    if execution is None or execution.flow.told is Told.NOT_KEPT:
        said = f"Flow execution {wanted!r} not found."
        raise RefusedError(404, "not.found", said, entity_id=wanted)
    if execution.flow.told is Told.FORBIDDEN:
        said = "You do not have the permission flow:execution:view in this flow's division."
        raise RefusedError(403, "missing.permissions", said, entity_id=wanted)
    return told(execution)
