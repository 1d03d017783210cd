"""From an answer that is no to the typed error that says why and what to do (contract §0)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ..errors import (
    AnswerError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitError,
    RequestError,
    ServerError,
)
from ..redact import REDACTOR
from ..text import clip
from .answer import Answer
from .payload import UnreadableError, parse_json, title_of
from .request import Request

_DEEPEST = 20
_LONGEST = 300
_LOOKED_AT = 256 * 1024
_MESSAGES = ("message", "error_description", "errorMessage", "detail", "description", "title")
_CODES = ("code", "errorCode", "error")


def refusal(
    request: Request,
    answer: Answer,
    *,
    retry_after: float | None = None,
    token_given: bool = False,
) -> PlatformError:
    """The typed error for an answer that is not 2xx.

    403 names the permission that the request needs, 404 and 410 the id it asked for, a redirect
    where it points (it is not followed, so that the token stays with its host). `token_given`:
    there is no client that could have renewed the token.
    """
    kind, fix = _kind_and_fix(request, answer)
    if token_given and kind is AuthenticationError:
        fix = "The access token may have expired: give a new one, or a client id and its secret."
    said = message_of(answer)
    what = f"“{request.operation}” got the answer {_status_words(answer.status)}."
    if kind is AnswerError:
        return AnswerError(what, why=_pointing(answer), fix=fix, **_ids(answer))
    why = f"The platform says: {said}" if said else ""
    if kind is RateLimitError:
        return RateLimitError(what, why=why, fix=fix, retry_after=retry_after, **_ids(answer))
    return kind(what, why=why, fix=fix, **_ids(answer))


def token_refusal(answer: Answer, *, retry_after: float | None = None) -> PlatformError:
    """The typed error when the token endpoint does not give a token (contract §1, "token")."""
    if answer.status == 429 or answer.status >= 500 or 300 <= answer.status < 400:
        asked = Request("token", "POST", "")
        return refusal(asked, answer, retry_after=retry_after)
    if answer.status == 403:
        fix = "The client may be disabled: ask the platform's administrator to enable it."
    elif answer.status in (404, 405, 410):
        fix = "There is no token endpoint there: check region, login_url and token_path."
    else:
        fix = "Check the client id and its secret, the region, and token_auth (basic or form)."
    said = message_of(answer)
    return AuthenticationError(
        f"The platform gave no token: {_status_words(answer.status)} from {answer.url}.",
        why=f"It says: {said}" if said else "",
        fix=fix,
        **_ids(answer),
    )


def message_of(answer: Answer) -> str:
    """What the body says about the refusal, redacted and clipped; empty when it says nothing.

    In an ErrorBody the deepest message is the cause (contract §3).
    """
    content_type = answer.headers.get("content-type", "")
    start = answer.body[:_LOOKED_AT]  # a longer one is no ErrorBody, and would take a while
    try:
        said = deepest_message(parse_json(start, content_type))
    except UnreadableError:
        text = start.decode("utf-8", "replace").strip()
        said = f"(an HTML page) {title_of(text)}".strip() if text.startswith("<") else text
    return clip(REDACTOR.text(" ".join(said[: 10 * _LONGEST].split())), _LONGEST)


def deepest_message(body: Any) -> str:
    """The message, with its code, of the innermost error in an ErrorBody or the like."""
    best = ""
    for _ in range(_DEEPEST):
        if isinstance(body, str):
            return body or best
        if isinstance(body, list):
            body = next((item for item in body if item), None)
            continue
        if not isinstance(body, Mapping):
            break
        best = _own_message(body) or best
        body = body.get("errors") or _object(body.get("error"))
    return best


def _own_message(body: Mapping[str, Any]) -> str:
    message = next((m for key in _MESSAGES if (m := _text(body.get(key)))), "")
    code = next((c for key in _CODES if (c := _text(body.get(key)))), "")
    if message and code and code not in message:
        return f"{message} ({code})"
    return message or code


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _object(value: Any) -> Any:
    return value if isinstance(value, Mapping | list) else None


def _kind_and_fix(request: Request, answer: Answer) -> tuple[type[PlatformError], str]:
    status = answer.status
    if status == 401:
        return AuthenticationError, (
            "The token was renewed and refused again: check that the client belongs to this "
            "platform and region."
        )
    if status == 403:
        named = f"the permission {request.permission}" if request.permission else "the permission"
        return ForbiddenError, f"Give the client {named} on the platform, then try again."
    if status in (404, 410):
        if request.subject:
            return NotFoundError, f"Check the id {request.subject} and that it is on this platform."
        return NotFoundError, "Check base_url, and the path if the profile overrides it."
    if status == 409:
        return ConflictError, "Look at the present state on the platform, then try again."
    if status == 429:
        return RateLimitError, "Wait, or poll fewer runs or less often."
    if 400 <= status < 500:
        return RequestError, "Check what was asked for against what the platform says."
    if 500 <= status < 600:
        return ServerError, "Try again later; quote the correlation id to the vendor if it lasts."
    return AnswerError, "Check that base_url is the platform's API itself; set it to the new place."


def _pointing(answer: Answer) -> str:
    place = answer.headers.get("location", "")
    if not 300 <= answer.status < 400:
        return "That is no status that an API answers with."
    if not place:
        return "It is a redirect that does not say where to."
    return (
        f"It points to {clip(REDACTOR.url(place), _LONGEST)}, "
        "where cxtop does not follow, as the token must not."
    )


def _status_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _ids(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "correlation_id": answer.correlation_id,
        "call_id": answer.call_id,
    }
