"""The calls of dialect `genesys` (contract §1)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from .answers import answer, page, rfc3339
from .simulation import PAGE_RUN, Here, RunId, Simulation
from .world import Oddity, Plan

REPEATED = 2  # so many records of the page before come again, where a run repeats ids

router = APIRouter(prefix="/api/v2/data-actions/{action_id}")


@router.get("/status")
async def status(here: Here, run_id: RunId) -> Response:
    """How the run stands."""
    if run_id == PAGE_RUN:
        return page()
    plan = here.plan(run_id)
    body = {"dataActionId": run_id, **progress(here, plan)}
    return answer(plan, "status", body, int(here.elapsed))


@router.get("/results")
async def results(
    here: Here,
    run_id: RunId,
    only: Annotated[Literal["error"], Query(alias="filter")],
    size: Annotated[int, Query(alias="pageSize", ge=1, le=500)] = 100,
    number: Annotated[int, Query(alias="pageNumber", ge=1, le=10**9)] = 1,
) -> Response:
    """One page of the records that failed so far."""
    if run_id == PAGE_RUN:
        return page()
    plan = here.plan(run_id)
    total = here.moment(plan).errors
    start = (number - 1) * size
    first = start
    if Oddity.REPEATED_IDS in plan.oddities and 0 < start < total:
        first -= min(REPEATED, start)
    entities = list(here.failed(plan, first, min(start + size, total)))
    body = {"pageSize": size, "pageNumber": number, "total": total, "entities": entities}
    return answer(plan, "results", body, number)


def progress(here: Simulation, plan: Plan) -> dict[str, Any]:
    """Status, progress, counts and times of a run, with its oddities; both dialects send them."""
    now = here.moment(plan)
    counts_known = Oddity.NULL_COUNTS not in plan.oddities or now.ended
    body: dict[str, Any] = {
        "status": now.word,
        "progress": _share(plan, now.share, now.processed),
        "processedCount": now.processed,
        "totalCount": now.total,
        "errorCount": now.errors if counts_known else None,
        "warningCount": now.warnings if counts_known else None,
        "createdTimestamp": rfc3339(here.at(now.created_s)),
        "updatedTimestamp": rfc3339(here.at(now.updated_s)),
    }
    if Oddity.NO_PROGRESS in plan.oddities:
        del body["progress"]
    if Oddity.NAMED in plan.oddities:
        body |= {"name": plan.name or plan.run_id, "initiatedBy": "integration-service"}
    return body


def _share(plan: Plan, share: float, processed: int) -> float:
    if Oddity.PROGRESS_ABOVE_ONE in plan.oddities:
        return round(share * 1.08, 4)
    if Oddity.PROGRESS_BACKWARDS in plan.oddities and 0 < share < 1:
        return round(share - 0.02 * (processed % 3), 4)
    return round(share, 4)
