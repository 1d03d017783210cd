"""The outcomes of contract §4, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from ..models import Diagnosis, Outcome
from .content import Content, read_bytes
from .envelopes import fitted, judged, unwrapped
from .expecting import ANY, Expectation, Form
from .refusals import Ids, ids_in, named, quoting, redirect, refusal, sentences
from .wording import described

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def diagnose(
    status: int | None,
    headers: Headers,
    body: bytes,
    *,
    expects: Expectation = ANY,
    truncated: bool = False,
) -> Diagnosis:
    """What an answer really is (contract §4): the first outcome that applies, in its order.

    `status` is `None` when no answer came. `headers` are in any case; one that came several
    times counts joined by commas. `truncated` says that `body` was cut by whoever read it.
    A result that was stringified and then does not fit what is expected is `schema_drift`.
    Raises ConfigError for an expected JSON Schema that cannot be applied, and nothing else.
    """
    named_headers = lowered(headers)
    content = read_bytes(body, named_headers.get("content-type", ""))
    if truncated and (content.fault is not None or content.empty):
        content = _cut_here(content, len(body))
    return judge(status, named_headers, content, expects, ids_in(named_headers))


def judge(
    status: int | None,
    headers: Mapping[str, str],
    content: Content,
    expects: Expectation,
    ids: Ids,
) -> Diagnosis:
    """`diagnose`, for a body that was read already; `ids` are what to quote."""
    if status is None:
        return Diagnosis(
            outcome=Outcome.UNREACHABLE,
            message="No answer came.",
            hint=sentences("Look whether the service runs and can be reached.", quoting(ids)),
        )
    if (refused := refusal(status, headers, content, ids)) is not None:
        return refused
    diagnosis = _of_content(status, content, expects, ids)
    hint = sentences(redirect(status, headers), diagnosis.hint)
    return diagnosis.model_copy(
        update={"hint": hint, "findings": diagnosis.findings + content.notes}
    )


def lowered(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name."""
    found: dict[str, str] = {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in cast(Iterable[tuple[str, str]], pairs):
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _of_content(status: int, content: Content, expects: Expectation, ids: Ids) -> Diagnosis:
    if content.empty:
        return Diagnosis(
            outcome=Outcome.EMPTY_BODY,
            message=f"The answer is empty: {named(status)}, and no body.",
            hint=sentences("Let the action answer with a JSON object.", quoting(ids)),
        )
    if content.fault is not None:
        fault = content.fault
        return Diagnosis(
            outcome=Outcome.NOT_JSON,
            message=f"The answer is not JSON: {fault.what}.",
            hint=sentences(fault.hint, quoting(ids)),
            findings=((fault.place or "body", fault.what),),
        )
    if isinstance(content.value, dict):
        return judged(content.value, expects, ids)
    return _not_object(content.value, expects, ids)


def _not_object(value: Any, expects: Expectation, ids: Ids) -> Diagnosis:
    if expects.form is Form.ANY and expects.shape is not None and not expects.shape.text_is_token:
        fit = fitted(value, "$", expects.shape)
        if fit.outcome is Outcome.OK:  # a schema may well ask for an array
            return fit
    told, result = described(value), value
    if isinstance(value, str):
        inner, levels = unwrapped(value)
        if levels:
            told, result = f"{told} that itself holds JSON, {described(inner)}", inner
    return Diagnosis(
        outcome=Outcome.NOT_OBJECT,
        message=f"The answer is JSON, but not an object: {told}.",
        hint=sentences("Put it into an object under a name, such as {result: …}.", quoting(ids)),
        findings=(("$", f"expected object, found {told}"),),
        result=result,
    )


def _cut_here(content: Content, size: int) -> Content:
    """A body that cxtop itself cut cannot be blamed for having no end."""
    fault = content.fault
    if fault is None or not fault.cut:
        return content
    what = f"it was cut after {size:,} bytes, and as far as it goes it is JSON"
    hint = "Raise max_body in the profile to have it read whole."
    return replace(content, fault=replace(fault, what=what, hint=hint))
