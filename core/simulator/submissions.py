"""Runs that clients submit: they really exist from then on, and move (contract §2, submit)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from .accepted import Submission
from .answers import RefusedError
from .bodies import object_in
from .chance import chance
from .simulation import Here, Simulation
from .world import Plan

MOST_RUNS = 1000
WAITS_S = 2.0
RATE = 10.0
TOTAL = 100

_FAILING = {"fails": "failed", "expires": "expired", "is-cancelled": "cancelled"}


router = APIRouter(prefix="/api/v2/data/actions")


@router.post("")
async def submit(request: Request, here: Here) -> Response:
    """Accepts a run; `actionType` may say how it is told, and how the run ends.

    `id-in-header`, `id-in-location` and `id-nowhere` tell the id elsewhere or not at all,
    `answer-lost` closes the connection instead of answering the first time it comes, and
    `fails-once` fails the first time that its body is submitted.
    """
    body = await object_in(request)
    if not isinstance(body.get("actionType"), str) or not body["actionType"]:
        raise RefusedError(400, "bad.request", "actionType: must be a string, and not empty.")
    key = request.headers.get("idempotency-key", "")
    known = here.submissions.find(key)
    if known is not None and known.body != body:
        raise RefusedError(409, "conflict", "This Idempotency-Key came with another body before.")
    accepted = known or _accept(here, key, body)
    kind: str = body["actionType"]
    if kind.startswith("answer-lost") and known is None:
        return _Lost(request.scope["state"]["transport"])
    return _TOLD.get(kind, _in_body)(accepted)


def _accept(here: Simulation, key: str, body: dict[str, Any]) -> Submission:
    if len(here.submissions.all) >= MOST_RUNS:
        raise RefusedError(400, "limit.exceeded", "No more runs can be submitted here.")
    number = len(here.submissions.all) + 1
    kind: str = body["actionType"]
    run_id = f"{kind}-{number}-{chance(here.seed, 'submitted', number).getrandbits(32):08x}"
    accepted = Submission(run_id, key, body)
    again = any(earlier.body == body for earlier in here.submissions.all)
    ends_well = again and kind.startswith("fails-once")
    here.plans[run_id] = plan_of(run_id, "" if ends_well else kind, begins_s=here.elapsed)
    here.submissions.add(accepted)
    return accepted


def plan_of(run_id: str, kind: str, *, begins_s: float) -> Plan:
    """What becomes of a run of this kind that is submitted at `begins_s`."""
    end = next((word for start, word in _FAILING.items() if kind.startswith(start)), "completed")
    done = TOTAL if end == "completed" else TOTAL * 2 // 5
    return Plan(
        run_id=run_id,
        total=TOTAL,
        processed=done,
        rate=RATE,
        end_word=end,
        errors=0 if end == "completed" else done // 4,
        begins_s=begins_s,
        waits=(("queued", WAITS_S),),
        platform="cxone",
        kind="order",
    )


class _Lost(Response):
    """No answer: the connection ends once the run was accepted."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(status_code=202)
        self._transport = transport

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue


def _in_body(accepted: Submission) -> Response:
    return JSONResponse({"id": accepted.run_id, "status": "queued"}, status_code=202)


def _in_header(accepted: Submission) -> Response:
    headers = {"x-action-id": accepted.run_id}
    return JSONResponse({"status": "queued"}, status_code=202, headers=headers)


def _in_location(accepted: Submission) -> Response:
    place = f"/api/v2/data/actions/{quote(accepted.run_id, safe='')}"
    return Response(status_code=202, headers={"location": place})


def _nowhere(accepted: Submission) -> Response:
    told = {"status": "queued", "reference": accepted.key, "accessToken": "t-5ecret-0f-the-answer"}
    return JSONResponse(told, status_code=202)


_TOLD: dict[str, Callable[[Submission], Response]] = {
    "id-in-header": _in_header,
    "id-in-location": _in_location,
    "id-nowhere": _nowhere,
}
