"""Reading a body that may be anything (contract §0, "Bodies")."""

from __future__ import annotations

import codecs
import html
import json
import math
import re
from typing import Any, NoReturn

import msgspec

from ..text import clip

_TITLE = re.compile("<title", re.IGNORECASE)
_TITLE_END = re.compile("</title", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LOOKED_AT = 64 * 1024
_QUOTED = 80


class UnreadableError(ValueError):
    """The body is not JSON; the text says what it is instead."""


def parse_json(body: bytes, content_type: str = "") -> Any:
    """The JSON value in `body`, lone surrogates replaced by U+FFFD.

    Raises UnreadableError with a clause that says what came instead: "it is empty", "it is an
    HTML page with the title …", "it is broken JSON at line 3, column 7 …".
    """
    if not body.strip():
        raise UnreadableError("it is empty")
    charset = _charset_of(body, content_type)
    if charset == "utf-8":
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # the slow way below says where, and reads what msgspec is too strict for
    return _parse_slowly(_decoded(body, charset))


def _charset_of(body: bytes, content_type: str) -> str:
    """The charset that a byte order mark or the content type names, in Python's spelling."""
    if body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return json.detect_encoding(body)
    named = _CHARSET.search(content_type)
    if named is None:
        return json.detect_encoding(body)
    try:
        return codecs.lookup(named[1]).name
    except LookupError:
        return "utf-8"


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"it is not valid {charset}: byte {error.start + 1} cannot be read"
        ) from error
    except (LookupError, UnicodeError) as error:  # codecs such as "hex" or "idna"
        raise UnreadableError(f"its charset {charset} is not one for a body") from error


def _parse_slowly(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        return _without_surrogates(value)
    except json.JSONDecodeError as error:
        raise UnreadableError(_instead_of_json(text, error)) from error
    except RecursionError as error:
        raise UnreadableError("it is JSON that is nested too deeply") from error
    except UnreadableError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise UnreadableError("it is JSON with a number that is too long") from error


def _without_surrogates(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return value
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value if clean == text else json.loads(clean)


def _refuse_constant(word: str) -> NoReturn:
    raise UnreadableError(f"it holds {word}, which is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise UnreadableError("it holds a number that is too large")
    return number


def _instead_of_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()[:_LOOKED_AT]
    if not start:
        return "it is empty"
    if start.startswith("<"):
        title = title_of(start)
        return f"it is an HTML page with the title “{title}”" if title else "it is HTML or XML"
    if start[0] in '{["':
        return f"it is broken JSON at line {error.lineno}, column {error.colno} ({error.msg})"
    return f"it is text that begins “{clip(_one_line(start), _QUOTED)}”"


def title_of(text: str) -> str:
    """The title of an HTML page, on one line and clipped; empty when there is none."""
    # In three steps: an expression for all of it takes very long on a page full of "<title>".
    start = text[:_LOOKED_AT]
    title = _TITLE.search(start)
    opened = start.find(">", title.end()) if title else -1
    closed = _TITLE_END.search(start, opened) if opened >= 0 else None
    if closed is None:
        return ""
    return clip(_one_line(html.unescape(start[opened + 1 : closed.start()])), _QUOTED)


def _one_line(text: str) -> str:
    return " ".join(text[: _QUOTED * 20].split())
