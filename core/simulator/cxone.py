"""The calls of dialect `cxone` (contract §2)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from .answers import answer, page
from .genesys import progress
from .simulation import PAGE_RUN, Here, RunId
from .world import Moment

MOST_ERRORS = 200  # a status answer names no more errors than this, however many there are

_TRACES = {
    "TIMEOUT": "at ActionRunner.await (ActionRunner.java:214)\n"
    "at ActionRunner.run (ActionRunner.java:97)\n"
    "at Worker.step (Worker.java:41)",
    "CONFLICT": "at RecordStore.put (RecordStore.java:162)\nat Worker.step (Worker.java:44)",
}

router = APIRouter(prefix="/api/v2/data/actions/{action_id}")


@router.get("")
async def status(here: Here, run_id: RunId) -> Response:
    """How the run stands, with the errors of its first failed records."""
    if run_id == PAGE_RUN:
        return page()
    plan = here.plan(run_id)
    now = here.moment(plan)
    failed = here.failed(plan, 0, min(now.errors, MOST_ERRORS))
    body = {
        "id": run_id,
        **progress(here, plan),
        "errors": [_error(entity) for entity in failed],
        **_result(now),
    }
    return answer(plan, "status", body, int(here.elapsed))


def _error(entity: dict[str, Any]) -> dict[str, Any]:
    code = entity.get("errorCode")
    error = {"code": code} if code else {}
    error["message"] = f"{entity['id']}: {entity['errorMessage']}"
    if code in _TRACES:
        error["stackTrace"] = _TRACES[code]
    return error


def _result(now: Moment) -> dict[str, Any]:
    if not now.ended:
        return {}
    return {"result": {"succeeded": max(0, now.processed - now.errors), "failed": now.errors}}
