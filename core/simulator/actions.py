"""Actions that answer at once, one for every way in which an answer can be (contract §1, §4)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from .answers import RefusedError, page
from .bodies import object_in
from .simulation import Here, RunId

DAY_S = 86_400

_CUSTOMER = {"customerId": "c-1042", "tier": "gold", "points": 1_200, "active": True}

Answer = Callable[[dict[str, Any]], Response]

router = APIRouter(prefix="/api/v2/data/actions/{action_id}/execute")


@router.post("")
async def execute(request: Request, here: Here, run_id: RunId) -> Response:
    """The answer of the action that the path names, to the input object in the body."""
    began = time.perf_counter()
    body = await object_in(request)
    if run_id not in ACTIONS:
        raise RefusedError(404, "not.found", f"Action {run_id!r} not found.", entity_id=run_id)
    given = ACTIONS[run_id](body)
    here.executed(run_id, _code_of(given), 1000 * (time.perf_counter() - began))
    return given


def _code_of(given: Response) -> str | None:
    """Why an execution that is answered so has failed; `None` where it has not."""
    try:
        told = json.loads(bytes(given.body))
    except ValueError:
        return "DESERIALIZATION_FAILURE"
    if given.status_code >= 400:
        return str(told["code"])
    errors = told.get("errors") if isinstance(told, dict) else None
    if not errors:
        return None
    first = errors[0]
    return first["code"] if isinstance(first, dict) else ""


def _envelope(result: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": "exec-1",
        "status": "COMPLETED",
        "result": result,
        "errors": [],
        "warnings": [],
    } | more


def _with(result: Any, **more: Any) -> Answer:
    return lambda _body: JSONResponse(_envelope(result, **more))


def _raw(content: str, media_type: str = "application/json") -> Answer:
    return lambda _body: Response(content, media_type=media_type)


def _refused(status: int, code: str, message: str, **headers: str) -> Answer:
    told = {"message": message, "code": code, "status": status, "errors": []}
    return lambda _body: JSONResponse(told, status_code=status, headers=headers)


def _nested(levels: int) -> str:
    text: Any = _CUSTOMER
    for _ in range(levels):
        text = json.dumps(text)
    return text


def _token(lasts_s: float, write: Callable[[float], Any] = int) -> Answer:
    """A profile token that ends so many seconds from now; `write` is how the time is written."""

    def answer(_body: dict[str, Any]) -> Response:
        token = {
            "token": "cgy-7f3a9c51e8d24b06",
            "expiresAt": write(time.time() + lasts_s),
            "userId": "user-1042",
            "metadata": {"channel": "voice"},
        }
        return JSONResponse(_envelope(token))

    return answer


def _echo(body: dict[str, Any]) -> Response:
    return JSONResponse(_envelope(body))


def _rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_FLOW_ERROR = {"code": "UPSTREAM_TIMEOUT", "message": "The CRM did not answer within 5 s."}
_NO_TOKEN = {"token": None, "expiresAt": None, "userId": "user-1042", "metadata": {}}
_DRIFTED = {"token": 42, "expiresAt": "soon", "userId": None, "metadata": []}

ACTIONS: dict[str, Answer] = {
    "ok": _with(_CUSTOMER),
    "echo": _echo,
    "warnings": _with(_CUSTOMER, warnings=["The tier is from yesterday's cache."]),
    "null-result": _with(None),
    "missing-result": _raw('{"id": "exec-1", "status": "COMPLETED", "errors": []}'),
    "stringified": _with(_nested(1)),
    "stringified-2": _with(_nested(2)),
    "stringified-3": _with(_nested(3)),
    "raw-token": _with("cgy-7f3a9c51e8d24b06"),
    "schema-drift": _with(_DRIFTED, errors=None, warnings="none"),
    "token-valid": _token(DAY_S),
    "token-valid-ms": _token(DAY_S, lambda moment: int(moment * 1000)),
    "token-valid-rfc3339": _token(DAY_S, _rfc3339),
    "token-expired": _token(-3_600),
    "token-none": _with(_NO_TOKEN),
    "errors": _with(None, status="FAILED", errors=[_FLOW_ERROR]),
    "errors-text": _with(None, status="FAILED", errors=["The CRM said no.", "Nothing was saved."]),
    "html": lambda _body: page(),
    "text": _raw("upstream connect error", "text/plain"),
    "broken-json": _raw('{"id": "exec-1",\n "result": {"tier": gold}}'),
    "cut-json": _raw('{"id": "exec-1", "result": {"tier": "go'),
    "empty": _raw(""),
    "blank": _raw(" \r\n"),
    "array": _raw('[{"tier": "gold"}]'),
    "string": _raw('"gold"'),
    "number": _raw("42"),
    "null": _raw("null"),
    "unauthorized": _refused(401, "bad.credentials", "The action's own credentials are refused."),
    "forbidden": _refused(
        403, "missing.permissions", "You do not have the permission data:action:execute."
    ),
    "throttled": _refused(429, "too.many.requests", "Rate limit exceeded.", **{"retry-after": "0"}),
    "broken": _refused(500, "internal.error", "The action's host failed."),
    "unavailable": _refused(503, "service.unavailable", "The action's host is starting."),
    "invalid": _refused(400, "bad.request", "phone: must be in E.164 form."),
}
"""Every action by its id; the same answers in every scenario."""
