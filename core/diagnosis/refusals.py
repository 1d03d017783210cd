"""What a status that is no success means (contract §4, by HTTP status)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from ..models import Diagnosis, Outcome
from .complaints import Complaint, complaint_in
from .content import HINT_FRONT, Content
from .wording import ended, few, line, opaque, quote

Ids = tuple[tuple[str, str], ...]
"""What to quote to whoever runs the service: `("correlation id", "…")`."""

_HINTS = {
    400: "Compare the input with the action's input schema.",
    401: "Get a new token and send the call again; if it stays, check the client's credentials.",
    403: "Give the client the permission that this call needs, or use one that has it.",
    404: "Check the id and the path: there is nothing under them.",
    405: "Check the method: this path does not take it.",
    408: "The service waited in vain for the request: look at the way between.",
    409: "Somebody else changes the same thing: read its state, then send again.",
    410: "It was there and is gone for good: take its id out.",
    413: "Send less at a time.",
    415: "Send JSON, with the content type application/json.",
    422: "Compare the input with the action's input schema.",
    429: "Wait, then send fewer calls.",
    500: "The service failed inside: look at its own log for this request.",
    502: "What stands behind the service does not answer, or answers nonsense: look there.",
    503: "The service is down or overloaded: send again later.",
    504: "What stands behind the service was too slow: look there, or wait longer for it.",
}
_MEANINGS = {
    Outcome.AUTH_EXPIRED: "the token is missing, wrong or expired",
    Outcome.FORBIDDEN: "the client is known, but may not do this",
    Outcome.RATE_LIMITED: "too many calls",
    Outcome.SERVER_ERROR: "the service failed",
    Outcome.CLIENT_ERROR: "the service finds the request at fault",
}
_ID_HEADERS = {
    "inin-correlation-id": "correlation id",
    "x-correlation-id": "correlation id",
    "x-request-id": "request id",
    "x-amzn-requestid": "request id",
}


def refusal(
    status: int, headers: Mapping[str, str], content: Content, ids: Ids
) -> Diagnosis | None:
    """What an answer with `status` is; `None` when the status alone says nothing bad."""
    outcome = _outcome(status)
    if outcome is None:
        return None
    unsaid = not content.readable or (isinstance(content.value, str) and opaque(content.value))
    complaint = Complaint() if unsaid else complaint_in(content.value)
    if complaint.context_id:
        ids = (*ids, ("context id", complaint.context_id))
    findings = list(complaint.findings)
    if content.fault is not None:
        where = content.fault.place or "body"
        findings.insert(0, (where, f"not JSON: {content.fault.what}"))
    return Diagnosis(
        outcome=outcome,
        message=ended(f"{named(status)}: {_told(outcome, complaint, content)}"),
        hint=sentences(_hint(status, headers, content), quoting(ids)),
        code=complaint.code,
        findings=few(findings),
        result=content.value,
    )


def named(status: int) -> str:
    """The status with the phrase that it has by standard: "502 Bad Gateway"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def redirect(status: int, headers: Mapping[str, str]) -> str:
    """A sentence on where a redirect leads, without its query; empty for any other status."""
    if not 300 <= status < 400 or status == 304:
        return ""
    try:
        target = urlsplit(headers.get("location", ""))
        where = f"{target.scheme}://{target.hostname}" if target.hostname else target.path
    except ValueError:  # such as a broken IPv6 address
        where = ""
    to = f" to {line(where)}" if where else ""
    return f"The answer is a redirect{to}, and data actions follow none: call the target itself."


def ids_in(headers: Mapping[str, str]) -> Ids:
    """The ids that an answer's headers bear, each once."""
    found = {(name, line(headers[key])) for key, name in _ID_HEADERS.items() if headers.get(key)}
    return tuple(sorted(found))


def quoting(ids: Ids) -> str:
    """A sentence that names `ids`; empty without any."""
    if not ids:
        return ""
    names = " and ".join(f"{name} {value}" for name, value in dict.fromkeys(ids))
    return f"Quote {names} to whoever runs the service."


def sentences(*parts: str) -> str:
    """The parts that say something, in one line."""
    return " ".join(part for part in parts if part)


def _outcome(status: int) -> Outcome | None:
    named = {401: Outcome.AUTH_EXPIRED, 403: Outcome.FORBIDDEN, 429: Outcome.RATE_LIMITED}
    if status in named:
        return named[status]
    if status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.CLIENT_ERROR if status >= 400 else None


def _told(outcome: Outcome, complaint: Complaint, content: Content) -> str:
    if complaint.message:
        return f"“{complaint.message}”"
    if complaint.code:
        return f"{_MEANINGS[outcome]} ({complaint.code})"
    if content.fault is not None:
        return f"{_MEANINGS[outcome]}, and the body is not JSON: {content.fault.what}"
    return _MEANINGS[outcome] + (", and nothing more is said" if content.empty else "")


def _hint(status: int, headers: Mapping[str, str], content: Content) -> str:
    usual = _HINTS.get(status, _HINTS[500] if status >= 500 else _HINTS[400])
    wait = headers.get("retry-after", "").strip()
    if wait and status in (429, 503) and wait.strip("0."):
        seconds = wait.replace(".", "", 1).isdecimal()
        usual = (
            f"Wait {line(wait, 12)} s" if seconds else f"Wait as Retry-After says, {quote(wait)}"
        )
        usual = (
            f"{usual}, then send fewer calls." if status == 429 else f"{usual}, then send again."
        )
    return f"{HINT_FRONT} {usual}" if content.front else usual
