"""What an exchange that was captured in a service really was (contract §4 and §6)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from ..models import Body, BodyKind, Diagnosis, Exchange, Failure, Outcome
from .answers import judge, lowered
from .content import Content, read_bytes, read_text
from .expecting import ANY, Expectation
from .refusals import Ids, ids_in, named, quoting, redirect, sentences
from .wording import TOLD, few, line, tame

_BODILESS = (204, 205, 304)
_SEEN_BY_CAPTURE = (Outcome.EXCEPTION, Outcome.DISCONNECTED, Outcome.UNREACHABLE)


def diagnose_exchange(exchange: Exchange, *, expects: Expectation = ANY) -> Diagnosis:
    """What `exchange` was, from what was kept of it.

    What only the capture could see (an exception, a caller that hung up, an upstream that was
    not there) goes before what the answer says. Raises as `diagnose` does.
    """
    headers = lowered(exchange.response_headers)
    ids = _ids(exchange, ids_in(headers))
    if exchange.failure is not None or exchange.outcome in _SEEN_BY_CAPTURE:
        return _seen(exchange, ids)
    if exchange.status is None:
        return _disconnected(exchange, ids)
    content = _content(exchange.response, headers.get("content-type", ""))
    if exchange.status < 400 and (unread := _unread(exchange, content)) is not None:
        return unread
    return judge(exchange.status, headers, content, expects, ids)


def _ids(exchange: Exchange, answered: Ids) -> Ids:
    """The request's own id first: it is the one that the service's log knows."""
    own = (("request id", line(exchange.request_id)),) if exchange.request_id else ()
    return tuple(dict.fromkeys((*own, *answered)))


def _content(body: Body, content_type: str) -> Content:
    if body.kind is BodyKind.JSON:
        return Content(tame(body.value))
    text = body.value if isinstance(body.value, str) else ""
    if body.kind is BodyKind.BASE64:
        try:
            return read_bytes(base64.b64decode(text), content_type)
        except (binascii.Error, ValueError):
            return read_text(text)
    content = read_text(text.removeprefix("\ufeff"))
    if "\ufffd" in text:
        note = ("body", "some bytes are not valid UTF-8; they stand as � here")
        return replace(content, notes=(*content.notes, note))
    return content


def _unread(exchange: Exchange, content: Content) -> Diagnosis | None:
    """A body that is rightly missing, or that was not kept whole: nothing bad can be said."""
    status, body = exchange.status or 0, exchange.response
    if content.empty and (status in _BODILESS or status < 200 or exchange.method.upper() == "HEAD"):
        return _fine(f"The answer is {named(status)}, which has no body.", "")
    if content.empty and 300 <= status < 400:
        hint = redirect(status, lowered(exchange.response_headers))
        return _fine(f"The answer is {named(status)}.", hint)
    if body.kind is BodyKind.NONE and body.size:
        return _fine(
            f"The answer is {named(status)}; its {body.size:,} bytes were not kept.",
            "Let the capture keep bodies to have them judged.",
        )
    if _page(exchange) and content.fault is not None:
        return _fine(
            f"The answer is a page, and says so: {content.fault.what}.",
            "If a data action reads it, let the service answer with a JSON object.",
        )
    if body.truncated and content.fault is not None and content.fault.cut:
        return _fine(
            f"The answer is {named(status)}; of its {body.size:,} bytes only the first were kept, "
            "and as far as they go they are JSON.",
            "Raise the capture's body limit to have it judged whole.",
        )
    return None


def _page(exchange: Exchange) -> bool:
    """Whether somebody looked at a page: a GET whose answer promises something else than JSON."""
    promised = lowered(exchange.response_headers).get("content-type", "") or (
        exchange.response.content_type
    )
    return exchange.method.upper() == "GET" and promised != "" and "json" not in promised.lower()


def _fine(message: str, hint: str) -> Diagnosis:
    return Diagnosis(outcome=Outcome.OK, message=message, hint=hint)


def _seen(exchange: Exchange, ids: Ids) -> Diagnosis:
    failure = exchange.failure
    told = _said(failure) if failure is not None else ""
    if exchange.outcome is Outcome.DISCONNECTED:
        return _disconnected(exchange, ids, told)
    if exchange.outcome is Outcome.UNREACHABLE:
        return Diagnosis(
            outcome=Outcome.UNREACHABLE,
            message=f"The upstream was not reached{f': {told}' if told else ''}.",
            hint=sentences("Look whether it runs, and at its address.", quoting(ids)),
            findings=_frames(failure),
        )
    place = ""
    if failure is not None and failure.frames:
        last = failure.frames[-1]
        place = f", in {line(last.function)}" + (
            f" ({_where(last.file, last.line)})" * bool(last.file)
        )
    return Diagnosis(
        outcome=Outcome.EXCEPTION,
        message=f"The service did not handle {told or 'an exception'}{place}.",
        hint=sentences(
            "Correct the code there, or turn the exception into an error code of the action.",
            quoting(ids),
        ),
        code=line(failure.type) if failure is not None else "",
        findings=_frames(failure),
    )


def _disconnected(exchange: Exchange, ids: Ids, told: str = "") -> Diagnosis:
    after = f" after {exchange.duration_ms:,.0f} ms" if exchange.duration_ms is not None else ""
    why = f": {told}" if told else ""
    return Diagnosis(
        outcome=Outcome.DISCONNECTED,
        message=f"The caller hung up{after}, before the answer was out{why}.",
        hint=sentences(
            "Compare the time with the action's time-out: answer faster, or let it wait longer.",
            quoting(ids),
        ),
    )


def _said(failure: Failure) -> str:
    message = line(failure.message, TOLD)
    return f"{line(failure.type)}: {message}" if message else line(failure.type)


def _frames(failure: Failure | None) -> tuple[tuple[str, str], ...]:
    frames = failure.frames if failure is not None else ()
    return few([(_where(each.file, each.line) or "?", line(each.function)) for each in frames])


def _where(file: str, number: int | None) -> str:
    name = line(file)
    return f"{name}:{number}" if name and number is not None else name
