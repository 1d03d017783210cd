"""A body as text, as bytes, or as a JSON value, whole or only its head."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from ...core.errors import ViewError
from ...core.models import Body, BodyKind
from ..ink import Line
from .jsontext import written
from .lazylines import HEAD
from .side import Side


class Head(NamedTuple):
    """The text of a body, and whether there is more of it."""

    text: str
    cut: bool


class HeadBytes(NamedTuple):
    """The bytes of a body, and whether there are more of them."""

    data: bytes
    cut: bool


def text_of(body: Body, *, whole: bool = False) -> Head:
    """The body as text. JSON is written on one line: its own white space was not kept."""
    limit = None if whole else HEAD
    match body.kind:
        case BodyKind.NONE:
            return Head("", False)
        case BodyKind.JSON:
            return Head(*written(body.value, limit))
        case BodyKind.TEXT:
            text = _string(body)
            return Head(text[:limit], len(text[:limit]) < len(text))
        case BodyKind.BASE64:
            data, cut = bytes_of(body, whole=whole)
            return Head(data.decode("utf-8", "replace"), cut)


def bytes_of(body: Body, *, whole: bool = False) -> HeadBytes:
    """The body as bytes; what was kept as text or JSON is written in UTF-8."""
    if body.kind is not BodyKind.BASE64:
        text, cut = text_of(body, whole=whole)
        data = text.encode("utf-8", "surrogatepass")
        return HeadBytes(data, cut) if whole else HeadBytes(data[:HEAD], cut or len(data) > HEAD)
    text = _string(body)
    kept = text if whole else text[: HEAD // 3 * 4]
    cut = len(kept) < len(text)
    digits = "".join(kept.split())
    if cut:
        digits = digits[: len(digits) // 4 * 4]
    try:
        return HeadBytes(base64.b64decode(digits, validate=True), cut)
    except (binascii.Error, ValueError):
        # What is no base64 is shown as it stands.
        return HeadBytes(kept.encode("utf-8", "surrogatepass"), cut)


def json_of(body: Body) -> Any:
    """The JSON value of a body, also of one that was kept as text.

    Raises ViewError, which says why it is none.
    """
    if body.kind is BodyKind.JSON:
        return body.value
    require_body(body)
    text = text_of(body, whole=True).text
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ViewError("The body is JSON that is nested too deeply to be read.") from None
    except ValueError:
        from ...core.diagnosis.content import read_text

        fault = read_text(text).fault
        if fault is None:
            raise ViewError("The body is white space, and no JSON.") from None
        raise ViewError(f"The body is {fault.what}.", fix=fault.hint) from None


def looks_like_json(side: Side) -> bool:
    """Whether the body is JSON, or meant to be."""
    if side.body.kind is BodyKind.JSON:
        return True
    if side.body.kind is not BodyKind.TEXT:
        return False
    start = _string(side.body)[:200].lstrip("\ufeff \t\r\n")[:1]
    return start in ("{", "[") or ("json" in side.media_type and start != "<" and start != "")


def looks_like_markup(side: Side) -> bool:
    """Whether the body is HTML or XML."""
    if side.body.kind is not BodyKind.TEXT:
        return False
    start = _string(side.body)[:200].lstrip("\ufeff \t\r\n")
    return start[:1] == "<" and (start[1:2].isalpha() or start[1:2] in ("!", "?", "_"))


def require_body(body: Body) -> None:
    """Raises ViewError when nothing is kept of the body."""
    if body.kind is BodyKind.NONE:
        raise ViewError(nothing(body))


def nothing(body: Body) -> str:
    """What to say of a body of which nothing is kept."""
    return f"The body of {body.size:,} bytes was not kept." if body.size else "There is no body."


def foot(body: Body, *, cut: bool) -> list[Line]:
    """The notes below a body that is not all there."""
    notes: list[Line] = []
    if cut:
        notes.append(((f"… this is the head of {body.size:,} bytes; there is more", "accent"),))
    elif body.truncated and body.kind is not BodyKind.NONE:
        notes.append(
            ((f"… the capture kept no more of the {body.size:,} bytes that there were", "warn"),)
        )
    return [(), *notes] if notes else []


def _string(body: Body) -> str:
    return body.value if isinstance(body.value, str) else str(body.value)
