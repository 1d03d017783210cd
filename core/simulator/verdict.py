"""What the platform makes of the answer to a data action: why the step fails, if it does."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .payloads import Form, Route

_BY_STATUS = {
    401: "AUTHENTICATION_FAILED",
    403: "ACCESS_DENIED",
    404: "NOT_FOUND",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    503: "SERVICE_UNAVAILABLE",
    504: "UPSTREAM_TIMEOUT",
}
_UNREADABLE = "DESERIALIZATION_FAILURE"
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
_LEVELS = 3


class Complaint(NamedTuple):
    """Why a step fails: an error code and a sentence, as the platform words them."""

    code: str
    message: str


def complaint(route: Route, status: int, body: bytes) -> Complaint | None:
    """What is wrong with an answer of `route`, or `None` where the flow can go on with it."""
    if not 200 <= status < 300:
        code = _BY_STATUS.get(status, "UPSTREAM_ERROR")
        return Complaint(code, f"{route.path} answered with status {status}")
    try:
        answer = json.loads(body)
    except ValueError as error:
        where = str(error) if body.strip() else "the body is empty"
        return Complaint(_UNREADABLE, f"The response of {route.path} is not JSON: {where}")
    if not isinstance(answer, dict):
        told = f"The response of {route.path} is no object, but {_name(answer)}"
        return Complaint(_UNREADABLE, told)
    return _failure(answer) or _misfit(route, answer)


def _failure(answer: dict[str, Any]) -> Complaint | None:
    """What the answer says of itself, though its status is good."""
    errors = answer.get("errors") or ([answer["error"]] if answer.get("error") else [])
    if not errors:
        return None
    first = errors[0]
    if isinstance(first, dict):
        return Complaint(first.get("code", "UPSTREAM_ERROR"), first.get("message", "failed"))
    return Complaint("UPSTREAM_ERROR", str(first))


def _misfit(route: Route, answer: dict[str, Any]) -> Complaint | None:
    payload = _unwrapped(answer.get(route.form.field) if route.form.field else answer)
    if payload is None and route.form.field in answer:
        return None  # nothing was found, which is no failure
    if isinstance(payload, str) and route.form is Form.TOKEN:
        return None
    if not isinstance(payload, dict):
        return _drift(route.form.field, "object", payload)
    for name, wanted in route.brings.items():
        if not isinstance(payload.get(name), wanted):
            kind = wanted if isinstance(wanted, type) else int
            return _drift(name, _NAMES.get(kind, "number"), payload.get(name))
    return None


def _unwrapped(payload: Any) -> Any:
    """What a string holds as JSON, a few levels deep; anything else as it is."""
    for _ in range(_LEVELS):
        if not isinstance(payload, str):
            break
        try:
            payload = json.loads(payload)
        except ValueError:
            break
    return payload


def _drift(name: str, wanted: str, found: Any) -> Complaint:
    return Complaint("SCHEMA_MISMATCH", f"Output '{name}': expected {wanted}, found {_name(found)}")


def _name(value: Any) -> str:
    return _NAMES.get(type(value), "number")
