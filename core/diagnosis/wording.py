"""Quoting and naming what came."""

from __future__ import annotations

import math
import re
from typing import Any

from ..redact import REDACTOR
from ..text import clip, safe

QUOTED = 60
"""How many characters of a body a sentence quotes at most."""

TOLD = 300
"""How many characters of a message that was written for people a sentence repeats at most."""

FINDINGS = 50
"""How many findings a diagnosis lists; the last line counts the rest."""

_LOOKED_AT = 4096
_DEEPEST = 64
_LARGEST = 2**63 - 1
_ONE_WORD = re.compile(r"\s*\S{16,}\s*\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

Findings = tuple[tuple[str, str], ...]


def quote(text: str, limit: int = QUOTED) -> str:
    """`text` in quotation marks: without secrets, on one line, at most `limit` characters."""
    return f"“{line(text, limit)}”"


def line(text: str, limit: int = QUOTED) -> str:
    """`text` without secrets, on one line, at most `limit` characters."""
    return clip(safe(" ".join(REDACTOR.text(text[:_LOOKED_AT]).split())), limit)


def ended(text: str) -> str:
    """`text` as the end of a sentence: with one full stop, if it does not end in one already."""
    return text if text.rstrip("”").endswith((".", "!", "?", "…")) else f"{text}."


def opaque(text: str) -> bool:
    """Whether `text` is one long word: it may be a token, which only its name would betray."""
    return _ONE_WORD.match(text) is not None


def type_name(value: Any) -> str:
    """The JSON Schema type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "number"
    names = {dict: "object", list: "array", str: "string", int: "integer", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def described(value: Any) -> str:
    """What a JSON value is, with its size and without its content: "an array of 3 items"."""
    if isinstance(value, dict):
        return f"an object with {count(value, 'field')}" if value else "an empty object"
    if isinstance(value, list):
        return f"an array of {count(value, 'item')}" if value else "an empty array"
    if isinstance(value, str):
        return f"a string of {count(value, 'character')}" if value else "an empty string"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "a number"


def count(things: Any, noun: str) -> str:
    """How many there are: "1 field", "2 fields"."""
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def step(path: str, key: str | int) -> str:
    """The JSON path one level below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN_NAME.match(key):
        return f"{path}.{key}"
    name = clip(safe(key), QUOTED).replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{name}']"


def few(findings: list[tuple[str, str]], total: int = 0) -> Findings:
    """At most `FINDINGS` of them, and how many more of the `total` there are."""
    total = max(total, len(findings))
    if total <= FINDINGS:
        return tuple(findings)
    return (*findings[:FINDINGS], ("…", f"and {total - FINDINGS:,} more"))


def tame(value: Any, depth: int = _DEEPEST) -> Any:
    """The same JSON value, such that every later step can hold and write it.

    A lone surrogate becomes its escape as text, an integer beyond 64 bits its digits, `NaN` and
    the infinities their names, and what is nested deeper than `depth` levels its description.
    """
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, dict):
        if depth <= 0:
            return f"[{described(value)}]"
        return {_encodable(str(key)): tame(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        if depth <= 0:
            return f"[{described(value)}]"
        return [tame(item, depth - 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return str(value) if value.bit_length() < 14_000 else hex(value)
    return value


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
