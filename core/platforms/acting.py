"""What came of asking the platform to do something (contract §2, submit, deploy a schema)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from ..errors import AnswerError
from ..http.answer import Answer
from ..redact import REDACTOR
from ..text import clip
from .reading import as_text, tame

_LONGEST = 2000
_TELLING = ("location", "content-type", "retry-after")

Place = Literal["body", "header", "location"]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run that the platform has accepted; `told_by` is where in the `answer` its id stood."""

    run_id: str
    told_by: Place
    idempotency_key: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Deployed:
    """An action schema that the platform has taken, under an id where its `answer` names one.

    `created` tells a new one from one that was there before.
    """

    schema_id: str
    created: bool
    answer: Answer


def deployed(answer: Answer) -> Deployed:
    """What the platform took; an answer that names no id is one too, as it was accepted."""
    named = _in_body(answer) or _last_segment(answer.headers.get("location", ""))
    return Deployed(named, answer.status == 201, answer)


def submitted(answer: Answer, idempotency_key: str) -> Submitted:
    """The run that `answer` names: in its body, else in `X-Action-Id`, else in `Location`.

    Raises AnswerError that shows the whole answer, clipped and without secrets, when none does.
    """
    places: tuple[tuple[Place, str], ...] = (
        ("body", _in_body(answer)),
        ("header", answer.headers.get("x-action-id", "").strip()),
        ("location", _last_segment(answer.headers.get("location", ""))),
    )
    for place, run_id in places:
        if run_id:
            return Submitted(run_id, place, idempotency_key, answer)
    raise AnswerError(
        "The platform accepted the run, but did not say which id it has.",
        why=f"Neither the body's id nor X-Action-Id nor Location names one: {shown(answer)}",
        fix="Look for the run on the platform, and watch it by its id: cxtop watch ID. "
        f"Submitted again with the same Idempotency-Key ({idempotency_key}) it is the same run.",
        status=answer.status,
        correlation_id=answer.correlation_id,
        call_id=answer.call_id,
    )


def shown(answer: Answer) -> str:
    """An answer on one line: status, telling headers and body, clipped and without secrets."""
    telling = {
        name: value
        for name, value in answer.headers.items()
        if name in _TELLING or name.startswith("x-")
    }
    headers = " · ".join(f"{name}: {value}" for name, value in REDACTOR.headers(telling).items())
    text = answer.body[: 2 * _LONGEST].decode("utf-8", "replace")
    body = " ".join(REDACTOR.text(text).split())
    told = (str(answer.status), headers, f"body: {body}" if body else "empty body")
    return clip(" · ".join(part for part in told if part), _LONGEST)


def _in_body(answer: Answer) -> str:
    """The body's `id`; any body that is no whole JSON object has none."""
    try:
        value = tame(answer.object()).get("id")
    except AnswerError:
        return ""
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return as_text(value).strip() if known else ""


def _last_segment(location: str) -> str:
    try:
        path = urlsplit(location.strip()).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2]).strip()
