"""Execute answers and handler answers: what is in them (contract §1, §4 and §6)."""

from __future__ import annotations

from typing import Any

from ..models import Diagnosis, Outcome
from .brokenjson import loads
from .complaints import complaint_in
from .content import read_text
from .expecting import Expectation, Form, Shape
from .refusals import Ids, quoting, sentences
from .wording import (
    FINDINGS,
    Findings,
    count,
    described,
    ended,
    few,
    line,
    step,
    tame,
    type_name,
)

_EXECUTE_FIELDS = frozenset(("id", "status", "result", "errors", "warnings"))
_LEVELS = 3
_NOT_JSON = object()

_HANDLER_HINTS = {
    "UPSTREAM_TIMEOUT": "What the handler asked was too slow: look there, or let it wait longer.",
    "RATE_LIMIT_EXCEEDED": "What the handler asked throttles it: let it ask less often.",
    "DESERIALIZATION_FAILURE": "What the handler asked answered something that it cannot read.",
    "INVALID_INPUT_FORMAT": "Compare the input with the action's input schema.",
}
_HINT_ACTION = "Look at the action's configuration and at what it calls."
_HINT_NULL = "Nothing is wrong: ask whether there is one at all, or start the flow that makes it."
_HINT_DRIFT = "Adapt the action, or the model that is expected, to what really comes."


def judged(body: dict[str, Any], expects: Expectation, ids: Ids) -> Diagnosis:
    """What an answer with a good status and the object `body` is."""
    form = expects.form
    if form is Form.ANY:
        form = _recognised(body)
    if form is Form.HANDLER:
        return _handler(body, expects.shape, ids)
    if complaints := _complaints(body, anywhere=form is Form.ANY):
        return _action_errors(body, complaints, ids)
    if form is Form.EXECUTE:
        return _execute(body, expects.shape)
    return fitted(body, "$", expects.shape)


def fitted(value: Any, path: str, shape: Shape | None, notes: Findings = ()) -> Diagnosis:
    """`value`, which stands at `path`, held against the shape that is expected of it."""
    if shape is None:
        message = f"The answer is good: {described(value)}."
        if path != "$":
            message = f"The answer is good: its {path[2:]} is {described(value)}."
        return Diagnosis(outcome=Outcome.OK, message=message, findings=notes, result=value)
    fit = shape.fit(value, path)
    if not fit.findings:
        message = f"The answer fits the {shape.name}{fit.about}."
        return Diagnosis(
            outcome=Outcome.OK, message=message, hint=fit.advice, findings=notes, result=value
        )
    place, told = fit.findings[0]
    others = len(fit.findings) - 1
    more = ", and many more" if others >= FINDINGS else f", and {others} more" if others else ""
    return Diagnosis(
        outcome=Outcome.SCHEMA_DRIFT,
        message=f"The answer does not fit the {shape.name}: {place} {told}{more}.",
        hint=sentences(_HINT_DRIFT, fit.advice),
        findings=(*fit.findings, *notes),
        result=fit.partial,
    )


def unwrapped(text: str) -> tuple[Any, int]:
    """The value that `text` holds as JSON, and how many times it was encoded (at most 3).

    A bare number is a text like any other, and so is a text whose JSON is broken: 0 times.
    """
    value: Any = text
    levels = 0
    while isinstance(value, str) and levels < _LEVELS:
        inner = _held(value)
        if inner is _NOT_JSON:
            break
        value, levels = inner, levels + 1
    return tame(value), levels


def _recognised(body: dict[str, Any]) -> Form:
    if isinstance(body.get("success"), bool) and not body.keys().isdisjoint(("data", "error")):
        return Form.HANDLER
    if "result" in body and body.keys() <= _EXECUTE_FIELDS:
        return Form.EXECUTE
    return Form.ANY


def _complaints(body: dict[str, Any], *, anywhere: bool) -> list[Any]:
    """What the answer complains about itself, though its status is good."""
    errors = body.get("errors")
    if isinstance(errors, list):
        return errors
    if (isinstance(errors, str) and errors.strip()) or (isinstance(errors, dict) and errors):
        return [errors]
    if anywhere and body.get("success") is False:
        return [body]
    error = body.get("error")
    alone = anywhere and body.keys().isdisjoint(("result", "data"))
    said = (isinstance(error, str) and error.strip()) or (isinstance(error, dict) and error)
    return [error] if alone and said else []


def _action_errors(body: dict[str, Any], complaints: list[Any], ids: Ids) -> Diagnosis:
    findings: list[tuple[str, str]] = []
    first_code = ""
    for index, each in enumerate(complaints[:FINDINGS]):
        complaint = complaint_in(each)
        first_code = first_code or complaint.code
        place = step("$.errors", index) if isinstance(body.get("errors"), list) else "$"
        told = ": ".join(part for part in (complaint.code, complaint.message) if part)
        findings.append((place, told or described(each)))
        if complaint.context_id:
            ids = (*ids, ("context id", complaint.context_id))
    return Diagnosis(
        outcome=Outcome.ACTION_ERRORS,
        message=ended(f"The action answered with {count(complaints, 'error')}: {findings[0][1]}"),
        hint=sentences(_HINT_ACTION, quoting(ids[:4])),
        code=first_code,
        findings=(*few(findings, len(complaints)), *_warnings(body)),
        result=body.get("result"),
    )


def _execute(body: dict[str, Any], shape: Shape | None) -> Diagnosis:
    result, notes = body.get("result"), _warnings(body)
    if result is None or (isinstance(result, str) and not result.strip()):
        state = "null" if "result" in body else "missing"
        state = "an empty string" if result is not None else state
        return _nothing("result", state, notes)
    if not isinstance(result, str):
        return _with_lists(body, fitted(result, "$.result", shape, notes))
    value, levels = unwrapped(result)
    if levels:
        return _stringified(value, levels, shape, notes)
    if (fault := _broken_inside(result)) is not None:
        return fault
    if shape is None or shape.text_is_token:
        return Diagnosis(
            outcome=Outcome.RAW_TOKEN,
            message=f"The result is a plain {described(result)[2:]}: it is the token value.",
            hint="Use it as it is; nothing is said about whose it is or how long it is valid.",
            findings=notes,
            result=result,
        )
    return fitted(result, "$.result", shape, notes)


def _stringified(value: Any, levels: int, shape: Shape | None, notes: Findings) -> Diagnosis:
    times = {1: "once", 2: "twice", 3: "three times"}[levels]
    note = ("$.result", f"JSON in a string, encoded {times} too often; it was parsed")
    inside = fitted(value, "$.result", shape, (note, *notes))
    if inside.outcome is Outcome.SCHEMA_DRIFT:
        return inside
    return Diagnosis(
        outcome=Outcome.STRINGIFIED_RESULT,
        message=f"The result is JSON in a string, encoded {times} too often: {described(value)}.",
        hint=sentences(
            "It was parsed here; let the action return the object itself, not its text.",
            inside.hint,
        ),
        findings=(note, *notes),
        result=value,
    )


def _broken_inside(result: str) -> Diagnosis | None:
    """What to say of a string that begins as an object or array, and is broken: no token does."""
    fault = read_text(result).fault if result.lstrip()[:1] in ("{", "[") else None
    if fault is None:
        return None
    return Diagnosis(
        outcome=Outcome.SCHEMA_DRIFT,
        message=f"The result is a string that holds {fault.what}.",
        hint=fault.hint,
        findings=(("$.result", f"expected object, found a string that holds {fault.what}"),),
    )


def _nothing(field: str, state: str, notes: Findings) -> Diagnosis:
    return Diagnosis(
        outcome=Outcome.NULL_RESULT,
        message=f"The {field} is {state}: the token may not exist, which is not an error.",
        hint=_HINT_NULL,
        findings=notes,
    )


def _handler(body: dict[str, Any], shape: Shape | None, ids: Ids) -> Diagnosis:
    success, error = body.get("success"), body.get("error")
    if not isinstance(success, bool):
        return _no_handler(body, "$.success", "boolean", "success")
    if not success:
        if not isinstance(error, dict | str) or not error:
            return _no_handler(body, "$.error", "object", "error")
        return _handler_error(error, ids)
    if "data" not in body:
        return _no_handler(body, "$.data", "a value", "data")
    if body["data"] is None:
        return _nothing("data", "null", ())
    return fitted(body["data"], "$.data", shape)


def _no_handler(body: dict[str, Any], place: str, wanted: str, name: str) -> Diagnosis:
    found = type_name(body[name]) if name in body else "nothing"
    told = f"expected {wanted}, found {found}"
    return Diagnosis(
        outcome=Outcome.SCHEMA_DRIFT,
        message=f"This is not the answer of a handler: {place} {told}.",
        hint="A handler answers {success: true, data} or {success: false, error: {code, message}}.",
        findings=((place, told),),
        result=body or None,
    )


def _handler_error(error: Any, ids: Ids) -> Diagnosis:
    complaint = complaint_in(error)
    findings = list(complaint.findings)
    details = error.get("details") if isinstance(error, dict) else None
    if isinstance(details, dict):
        findings += [(step("$.error.details", name), _brief(details[name])) for name in details]
    told = ": ".join(part for part in (complaint.code, complaint.message) if part)
    return Diagnosis(
        outcome=Outcome.ACTION_ERRORS,
        message=f"The handler says that it failed: {told or described(error)}.",
        hint=sentences(_HANDLER_HINTS.get(complaint.code, _HINT_ACTION), quoting(ids)),
        code=complaint.code,
        findings=few(findings),
    )


def _with_lists(body: dict[str, Any], diagnosis: Diagnosis) -> Diagnosis:
    """`diagnosis`, unless what should be a list beside the result is none."""
    wrong = tuple(
        (f"$.{name}", f"expected array, found {type_name(body[name])}")
        for name in ("errors", "warnings")
        if body.get(name) not in (None, "", {}) and not isinstance(body[name], list)
    )
    if not wrong or diagnosis.outcome is not Outcome.OK:
        return diagnosis
    place, told = wrong[0]
    return Diagnosis(
        outcome=Outcome.SCHEMA_DRIFT,
        message=f"This is not quite an execute answer: {place} {told}.",
        hint=_HINT_DRIFT,
        findings=(*wrong, *diagnosis.findings),
        result=diagnosis.result,
    )


def _warnings(body: dict[str, Any]) -> Findings:
    warnings = body.get("warnings")
    listed = warnings if isinstance(warnings, list) else []
    told = [(step("$.warnings", at), _brief(each)) for at, each in enumerate(listed[:FINDINGS])]
    return few(told, len(listed))


def _brief(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return line(str(value))
    return complaint_in(value).message or described(value)


def _held(text: str) -> Any:
    start = text.strip()
    if start[:1] not in ("{", "[", '"') and start not in ("null", "true", "false"):
        return _NOT_JSON
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON
