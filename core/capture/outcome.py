"""What an answer was, in one word: cheap enough to be asked of every exchange (contract §4).

The full diagnosis, with sentences and places, is made when somebody looks at the exchange.
"""

from __future__ import annotations

from typing import Any

from ..models.exchanges import Outcome

_BY_STATUS = {
    401: Outcome.AUTH_EXPIRED,
    403: Outcome.FORBIDDEN,
    429: Outcome.RATE_LIMITED,
}
_CODES = ("code", "errorCode", "error_code")
_LONGEST_CODE = 200
_NO_BODY = (204, 205, 304)


def outcome_of(
    status: int | None,
    content_type: str,
    parsed: Any,
    has_bytes: bool,
    *,
    is_null: bool = False,
    head: bool = False,
) -> tuple[Outcome, str]:
    """The outcome of an answer and the error code that it bears, which may be empty.

    `parsed` is its JSON, `None` where it is none; `is_null` tells a JSON `null` from that.
    `has_bytes` is whether it had a body at all, `head` whether it answers a HEAD request. A good
    answer that promises anything but JSON is `OK`: a service may serve pages too. No status means
    that no answer came.
    """
    if status is None:
        return Outcome.UNREACHABLE, error_code(parsed)
    if status >= 400:
        return _of_status(status), error_code(parsed)
    if head or status < 200 or status in _NO_BODY or status >= 300:
        return Outcome.OK, ""
    if not has_bytes:
        return Outcome.EMPTY_BODY, ""
    if parsed is None and not is_null:
        promised = "json" in content_type.lower() or not content_type
        return (Outcome.NOT_JSON if promised else Outcome.OK), ""
    if not isinstance(parsed, dict):
        return Outcome.NOT_OBJECT, ""
    if _errors(parsed) or parsed.get("success") is False:
        return Outcome.ACTION_ERRORS, error_code(parsed)
    return Outcome.OK, ""


def error_code(parsed: Any) -> str:
    """The error code in an answer's JSON, or nothing.

    Read are a handler's `{"success": false, "error": {"code"}}`, a list `errors` of objects, a
    platform's `{"code", "message"}`, and last an `error` that is a string.
    """
    if not isinstance(parsed, dict):
        return ""
    places: list[Any] = [parsed.get("error"), *_errors(parsed)[:10], parsed]
    for place in places:
        if isinstance(place, dict) and (place is not parsed or "message" in place):
            for name in _CODES:
                value = place.get(name)
                if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                    return str(value)[:_LONGEST_CODE]
    error = parsed.get("error")
    return error[:_LONGEST_CODE] if isinstance(error, str) else ""


def _of_status(status: int) -> Outcome:
    found = _BY_STATUS.get(status)
    if found is not None:
        return found
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.CLIENT_ERROR


def _errors(parsed: dict[str, Any]) -> list[Any]:
    errors = parsed.get("errors")
    return errors if isinstance(errors, list) else []
