"""Whether a run was really rolled back: asked for as configured, believed only then (§5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..config import RollbackCheck
from ..errors import CxtopError
from ..http.answer import Answer
from ..http.payload import UnreadableError, parse_json
from ..http.request import Request
from ..redact import REDACTOR
from ..text import clip
from .outbound import Outbound

Ask = Callable[[Request], Awaitable[Answer]]
"""Sends a request to the platform, with its token."""

_ABSENT = object()
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the check saw the configured value, and in a sentence what it saw."""

    verified: bool
    note: str


async def check_rollback(
    check: RollbackCheck, action_id: str, *, outbound: Outbound, ask: Ask | None
) -> Checked:
    """Asks once. Whatever goes wrong is told in the note, and verifies nothing."""
    place = check.fill(action_id)
    try:
        if place.startswith("/"):
            body = await _of_platform(place, action_id, ask)
        else:
            reply = await outbound.get(place)
            if not reply.good:
                return Checked(False, f"The check was answered with {reply}.")
            body = reply.body
    except CxtopError as error:
        return Checked(False, f"The check could not be made. {error}")
    try:
        found = _look(parse_json(body, "application/json"), check.field)
    except UnreadableError as error:
        return Checked(False, f"The answer of the check cannot be read: {error}.")
    if found is _ABSENT:
        return Checked(False, f"The answer of the check has no field {check.field}.")
    # True is no 1 here, though Python says so.
    same = found == check.value and isinstance(found, bool) == isinstance(check.value, bool)
    shown = clip(REDACTOR.text(str(found)), _SHOWN)
    return Checked(same, f"The check found {check.field} = {shown}.")


async def _of_platform(path: str, action_id: str, ask: Ask | None) -> bytes:
    if ask is None:
        raise CxtopError(
            "There is no way to the platform here.", fix="Give rollback_check a whole URL."
        )
    path, _, query = path.partition("?")
    request = Request(
        "rollback check", "GET", path, params=dict(parse_qsl(query)) or None, subject=action_id
    )
    return (await ask(request)).body


def _look(value: Any, field: str) -> Any:
    for name in field.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return _ABSENT
    return value
