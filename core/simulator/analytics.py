"""Analytics of dialect `cxone`, in pages; they count what was really done (contract §2)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ..durations import duration
from ..errors import InputError
from .answers import RefusedError, answer, page
from .bodies import object_in
from .ledger import Sum, in_order, summed
from .simulation import FORBIDDEN_RUN, PAGE_RUN, Here, Simulation
from .world import Plan

ROWS_A_PAGE = 3
REPEATING_ACTION = "repeating-pages"
"""An action whose analytics name the same next page again and again."""

_GROUPS = ["status", "errorCode"]
_ALL = float("inf")

router = APIRouter()


@router.post("/api/v2/analytics/actions/details/query")
async def query(request: Request, here: Here) -> Response:
    """One page of what an action did in the simulated time up to now.

    The pages of a question are those of the moment in which its first one was asked for.
    """
    body = await object_in(request)
    action_id = _action_of(body)
    seconds = _seconds_of(body)
    if body.get("groupBy") != _GROUPS:
        raise RefusedError(400, "bad.request", f"groupBy: must be {_GROUPS}.")
    if action_id == FORBIDDEN_RUN:
        said = "You do not have the permission analytics:read."
        raise RefusedError(403, "missing.permissions", said, entity_id=action_id)
    if action_id == PAGE_RUN:
        return page()
    token = body.get("nextPageToken")
    if action_id == REPEATING_ACTION:
        return JSONResponse({"data": [Sum(None, 10, 500.0).row()], "nextPageToken": "once-more"})
    plan = here.plans.get(action_id)
    if plan is not None and plan.twist:
        return answer(plan, "analytics", {"data": []}, 2 if token else 1)
    if not token:
        rows = [one.row() for one in sums(here, action_id, seconds)]
        question, start = here.questions.ask(rows), 0
    else:
        question, start = _place(token)
        rows = here.questions.rows(question)
    if rows is None:
        raise RefusedError(400, "bad.request", "nextPageToken: unknown, or too old.")
    told: dict[str, Any] = {"data": rows[start : start + ROWS_A_PAGE]}
    if start + ROWS_A_PAGE < len(rows):
        told["nextPageToken"] = f"{question}-{start + ROWS_A_PAGE}"
    return JSONResponse(told)


@router.get("/simulator/actions")
async def actions(here: Here) -> dict[str, Any]:
    """What every action did since the simulation began, a run's records being its executions."""
    known = dict.fromkeys((*here.ledger, *here.plans))
    return {action_id: _told(sums(here, action_id, _ALL)) for action_id in known}


def sums(here: Simulation, action_id: str, seconds: float) -> list[Sum]:
    """What an action did in the last `seconds` of simulated time."""
    begins = here.elapsed - seconds
    found = summed(here.ledger.since(action_id, begins))
    plan = here.plans.get(action_id)
    return found if plan is None else in_order([*found, *_of_run(here, plan, begins)])


def _of_run(here: Simulation, plan: Plan, begins: float) -> list[Sum]:
    """A run executes its action once for each record; one that fails takes twice as long."""
    before, now = here.moment(plan, begins), here.moment(plan)
    failed = list(here.failed(plan, before.errors, now.errors))
    codes = Counter(entity.get("errorCode", "") for entity in failed)
    done = now.processed - before.processed - len(failed)
    took_ms = 1000 / plan.rate
    good = [Sum(None, done, done * took_ms)] if done > 0 else []
    return [*good, *(Sum(code, count, 2 * count * took_ms) for code, count in codes.items())]


def _told(found: list[Sum]) -> dict[str, Any]:
    return {
        "executions": sum(one.count for one in found),
        "errors": sum(one.count for one in found if one.failed),
        "codes": {one.code: one.count for one in found if one.failed},
        "took_ms": sum(one.took_ms for one in found),
    }


def _action_of(body: dict[str, Any]) -> str:
    asked = body.get("filter")
    if isinstance(asked, dict) and asked.get("path") == "actionId":
        value = asked.get("value")
        if asked.get("type") == "equals" and isinstance(value, str) and value:
            return value
    raise RefusedError(400, "bad.request", "filter: must say which actionId is meant.")


def _seconds_of(body: dict[str, Any]) -> float:
    try:
        return duration(str(body.get("interval"))).total_seconds()
    except InputError as error:
        raise RefusedError(400, "bad.request", f"interval: {error.what}") from None


def _place(token: Any) -> tuple[int, int]:
    question, _, start = str(token).partition("-")
    if question.isdecimal() and start.isdecimal():
        return int(question), int(start)
    raise RefusedError(400, "bad.request", "nextPageToken: unknown, or too old.")
