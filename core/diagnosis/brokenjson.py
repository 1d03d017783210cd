"""Where JSON breaks, what stands there instead, and whether it was cut off."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..redact import REDACTOR
from .wording import line, quote

_STANDING = 20
_BEFORE = 2048
_WANTED = {
    "Expecting value": "a value should",
    "Expecting ',' delimiter": "a comma or the end of the list should",
    "Expecting ':' delimiter": "a colon should",
    "Expecting property name enclosed in double quotes": "a name in double quotes should",
    "Invalid control character at": "a control character should be escaped",
    "Invalid \\escape": "an escape that JSON knows should",
    "Invalid \\uXXXX escape": "four hexadecimal digits should follow the \\u",
    "Extra data": "the JSON should have ended",
}
_WORD_BEGUN = re.compile(
    r"-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d*)?)?|[.]\d*(?:[eE][+-]?\d*)?|[eE][+-]?\d*"
    r"|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?"
)
_ESCAPE_BEGUN = re.compile(r"\\?u?[0-9a-fA-F]{0,4}")
_NO_JSON = re.compile(r'"(?:[^"\\]|\\.)*+"|(?P<word>-?Infinity|NaN)', re.DOTALL)
_FOREIGN_WORD = re.compile(r"(?:True|False|None|undefined|nan|inf)\b")

_HINT_CUT = (
    "The answer broke off: look for a crash or a time-out of the service while it wrote, "
    "a wrong Content-Length, or a limit of a proxy on the way."
)
_HINT_ENCODER = "Write the answer with a JSON encoder instead of putting text together."


@dataclass(frozen=True, slots=True)
class Break:
    """Why text is not JSON: a clause, where (`line 3, column 7`), and what to do about it.

    `cut` says that the text is the beginning of JSON whose end is missing.
    """

    what: str
    place: str
    hint: str
    cut: bool = False


class ForeignConstantError(ValueError):
    """Python reads NaN and the infinities; JSON has no such words."""


def loads(text: str) -> Any:
    """The JSON value in `text`; an integer of thousands of digits is kept as text.

    Raises json.JSONDecodeError, ForeignConstantError, RecursionError.
    """
    return json.loads(text, parse_constant=_refuse, parse_int=_integer)


def broken(text: str, error: json.JSONDecodeError) -> Break:
    """What is wrong with `text`, which `error` could not read as JSON."""
    if error.msg.startswith("Unterminated string"):
        return _cut(text, "a string", f", which begins at {place(text, error.pos)}")
    if (unfinished := _unfinished(text, error)) is not None:
        return _cut(text, unfinished)
    where = place(text, error.pos)
    wanted = _WANTED.get(error.msg, f"the reader says “{error.msg}”")
    return Break(
        what=f"broken JSON: at {where} stands {_standing(text, error.pos)} where {wanted}",
        place=where,
        hint=_hint(text, error),
    )


def foreign_constant(text: str) -> Break:
    """What to say of `text` that holds NaN or an infinity as a value."""
    for found in _NO_JSON.finditer(text):
        if word := found["word"]:
            where = place(text, found.start())
            return Break(
                what=f"broken JSON: at {where} stands {word}, and JSON has no such number",
                place=where,
                hint="Let the service write null instead, and encode strictly "
                "(Python: allow_nan=False).",
            )
    return Break("broken JSON: it holds a number that JSON does not have", "", _HINT_ENCODER)


def place(text: str, position: int) -> str:
    """`position` in words, both numbers counted from 1."""
    start = text.rfind("\n", 0, position) + 1
    return f"line {text.count(chr(10), 0, position) + 1}, column {position - start + 1}"


def _unfinished(text: str, error: json.JSONDecodeError) -> str | None:
    """In the middle of what the text ends, if what is wrong with it is that it ends."""
    rest = text[error.pos :].rstrip()
    if error.msg == "Extra data":
        return None
    if not rest:
        return "an object or array"
    if error.msg.startswith("Invalid \\"):
        return "an escape in a string" if _ESCAPE_BEGUN.fullmatch(rest) else None
    return "a number or word" if _WORD_BEGUN.fullmatch(rest) else None


def _cut(text: str, middle: str, begun: str = "") -> Break:
    where = place(text, len(text.rstrip()))
    return Break(
        what=f"truncated JSON: it ends in the middle of {middle} at {where}{begun}",
        place=where,
        hint=_HINT_CUT,
        cut=True,
    )


def _standing(text: str, position: int) -> str:
    """What stands at `position`: some characters of it, or one where more could tell a secret."""
    before = text[max(0, position - _BEFORE) : position]
    here = text[position : position + _STANDING].split("\n")[0]
    if not here:
        return "the end of a line"
    # Behind a word the text is no JSON to the redactor, and so it looks at it in its other way.
    seen = (REDACTOR.text(start + before + here) for start in ("", "text "))
    harmless = all(each.endswith(here) for each in seen)
    return quote(here if harmless else here[0], _STANDING)


def _hint(text: str, error: json.JSONDecodeError) -> str:
    rest = text[error.pos : error.pos + 40]
    before = text[max(0, error.pos - 40) : error.pos].rstrip()
    if error.msg == "Extra data":
        if rest[:1] in ("{", "[", '"'):
            return "Several JSON values follow each other (JSON Lines?): send one array of them."
        return "Something is appended to the JSON: look for a second write, or debug output."
    if rest[:1] == "'" or _FOREIGN_WORD.match(rest):
        return f"This looks like the literal of a language such as Python. {_HINT_ENCODER}"
    if rest[:1] in ("}", "]") and before.endswith(","):
        return f"A comma stands after the last item. {_HINT_ENCODER}"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments: take it out."
    if rest.startswith(("$", "{{", "<%")):
        return f"A template variable was not filled in: {line(rest, _STANDING)}."
    return _HINT_ENCODER


def _refuse(word: str) -> None:
    raise ForeignConstantError(word)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 4000 else digits
