"""The deepest message in an error body (contract §3, ErrorBody; also other common forms)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .brokenjson import loads
from .wording import TOLD, few, line, step

_MESSAGES = (
    "message",
    "messageWithParams",
    "errorMessage",
    "error_description",
    "error_message",
    "detail",
    "title",
    "faultstring",
    "Message",
    "msg",
    "description",
    "reason",
)
_CODES = ("code", "errorCode", "error_code", "Code", "type", "error", "fault")
_INNER = ("errors", "error", "fault", "cause", "details", "detail", "body")
_DEEPEST = 8
_MOST = 200
_END = 100
_CONTEXT_AT_END = re.compile(r"\s*\[([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\]\s*\Z")
_HOLE = re.compile(r"\{(\w{1,60})\}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says: its deepest message and code, and the id to quote to the vendor."""

    message: str = ""
    code: str = ""
    context_id: str = ""
    findings: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Layer:
    depth: int
    message: str
    code: str
    context_id: str


def complaint_in(value: Any) -> Complaint:
    """What `value`, a JSON value of any shape, complains about; empty when about nothing."""
    findings: list[tuple[str, str]] = []
    deepest = _Layer(-1, "", "", "")
    context_id = ""
    for number, layer in enumerate(_layers(value, "$", 0, "", findings)):
        if number >= _MOST:
            break
        context_id = layer.context_id or context_id
        deeper = layer.depth > deepest.depth or not deepest.message
        if (layer.message and deeper) or (layer.code and not deepest.message):
            deepest = layer
    message = deepest.message
    if found := _CONTEXT_AT_END.search(message[-_END:]):
        context_id = context_id or found[1]
        message = message[: -len(found[0])]
    return Complaint(
        message=line(message, TOLD),
        code=line(deepest.code),
        context_id=line(context_id),
        findings=few(findings),
    )


def _layers(
    value: Any, path: str, depth: int, code: str, findings: list[tuple[str, str]]
) -> Iterator[_Layer]:
    """Every message in `value`, outermost first; a code holds for what lies in it, too."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield from _in_text(value, path, depth, code, findings)
    elif isinstance(value, list):
        for index, item in enumerate(value[:_MOST]):
            yield from _layers(item, step(path, index), depth, code, findings)
    elif isinstance(value, dict):
        code = _word(value, _CODES) or code
        if "contextId" in value or _word(value, _MESSAGES) or code:
            yield _Layer(depth, _message(value), code, _text(value.get("contextId")))
        _note(value, path, findings)
        for name in _INNER:
            inner = value.get(name)
            if isinstance(inner, dict | list) or (isinstance(inner, str) and name == "errors"):
                yield from _layers(inner, step(path, name), depth + 1, code, findings)
        if "{" in (text := _text(value.get("message"))):
            yield from _in_text(text, step(path, "message"), depth + 1, code, findings, bare=False)


def _in_text(
    text: str,
    path: str,
    depth: int,
    code: str,
    findings: list[tuple[str, str]],
    *,
    bare: bool = True,
) -> Iterator[_Layer]:
    """A message that holds an error body as text is dug out of it, too."""
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            inner = loads(text[start : end + 1])
        except (ValueError, RecursionError):
            inner = None  # braces that hold no JSON are a part of the message
        if isinstance(inner, dict):
            yield from _layers(inner, path, depth + 1, code, findings)
    if bare and text.strip():
        yield _Layer(depth, text, code, "")


def _message(body: dict[str, Any]) -> str:
    text = _word(body, _MESSAGES)
    params = body.get("messageParams")
    if text == body.get("messageWithParams") and isinstance(params, dict):
        return _HOLE.sub(lambda hole: _text(params.get(hole[1])) or hole[0], text)
    return text


def _note(body: dict[str, Any], path: str, findings: list[tuple[str, str]]) -> None:
    """The fields that an error body blames, and the limit that was reached."""
    for name in ("details", "detail"):
        details = body.get(name)
        for detail in details[:_MOST] if isinstance(details, list) else ():
            if isinstance(detail, dict) and (told := _detail(detail)):
                findings.append((_field(detail) or step(path, name), told))
    limit = body.get("limit")
    if isinstance(limit, dict) and limit.get("key"):
        key, namespace = line(_text(limit["key"])), line(_text(limit.get("namespace")))
        told = f"{key} of {namespace} allows {line(_text(limit.get('value')))}"
        findings.append((step(path, "limit"), told))


def _detail(detail: dict[str, Any]) -> str:
    return line(_word(detail, ("errorCode", "msg", "message")), TOLD)


def _field(detail: dict[str, Any]) -> str:
    """The field that is blamed: `fieldName`, or the way to it in `loc`."""
    loc = detail.get("loc")
    if isinstance(loc, list):
        path = "$"
        for part in loc[:_DEEPEST]:
            if isinstance(part, str | int):
                path = step(path, part)
        return path
    return line(_text(detail.get("fieldName")))


def _word(body: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if text := _text(body.get(name)).strip():
            return text
    return ""


def _text(value: Any) -> str:
    """A string or number as text; nothing for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
