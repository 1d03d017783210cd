"""JSON written for the eye: of any value, however deep, and of text that is nearly JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from json.encoder import encode_basestring
from typing import Any

from ..ink import Line, Span, Tone

_INDENT = "  "
_DEEPEST = 60  # levels that are indented; deeper ones would stand right of every screen
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]++|\s++', re.DOTALL)
_LINE = re.compile(
    r'(?P<indent>\s*+)(?:(?P<key>"(?:[^"\\]++|\\.)*+")(?P<colon>:\s?))?(?P<rest>.*)', re.DOTALL
)
_VALUE = re.compile(
    r'(?P<null>null\b)|(?P<value>"(?:[^"\\]++|\\.)*+"?|[\w.+-]++)|(?P<other>[^\w".+-]++)',
    re.DOTALL,
)
_TONES: dict[str, Tone] = {"value": "", "null": "dim", "other": "head"}


def pretty(value: Any, limit: int | None = None) -> tuple[str, bool]:
    """A JSON value with an indent, and whether it was cut at about `limit` characters."""
    return _joined(_pieces(value, limit, indent=True), limit)


def written(value: Any, limit: int | None = None) -> tuple[str, bool]:
    """A JSON value on one line, and whether it was cut at about `limit` characters."""
    return _joined(_pieces(value, limit, indent=False), limit)


def indented(text: str) -> str:
    """Text of JSON with an indent: tokens as they stand, so that broken JSON is shown too."""
    made: list[str] = []
    depth, before = 0, ""
    for found in _TOKEN.finditer(text):
        piece = found[0]
        if piece.isspace():
            continue
        closes = piece in ("}", "]")
        depth = max(0, depth - closes)
        made.append(_between(before, piece, depth))
        made.append(": " if piece == ":" else piece)
        depth += piece in ("{", "[")
        before = piece
    return "".join(made)


def _between(before: str, piece: str, depth: int) -> str:
    """The white space between two tokens, the second of which stands `depth` levels deep."""
    opened, closes = before in ("{", "["), piece in ("}", "]")
    if not before or before == ":" or (opened and closes) or piece in (",", ":"):
        return ""
    if opened or closes or before == "," or depth == 0:
        return _newline(depth)
    return " "


def paint(text: str, begins: bool) -> Line:
    """A line of `pretty` or `indented` with its tones."""
    if not begins:
        return ((text, ""),)
    parts = _LINE.match(text)
    if parts is None:
        return ((text, ""),)
    spans: list[Span] = [(parts["indent"], "")]
    if parts["key"]:
        spans.append((parts["key"], "busy"))
        spans.append((parts["colon"], "head"))
    for found in _VALUE.finditer(parts["rest"]):
        spans.append((found[0], _TONES[found.lastgroup or "other"]))
    return tuple(span for span in spans if span[0])


def scalar(value: Any, limit: int | None = None) -> str:
    """A value that holds no others, as JSON writes it."""
    match value:
        case str():
            return encode_basestring(value if limit is None else value[:limit])
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() if value.bit_length() > 10_000:
            return hex(value)  # Python refuses to write it in decimal
        case _:
            return str(value)


def _joined(pieces: Iterator[str], limit: int | None) -> tuple[str, bool]:
    if limit is None:
        return "".join(pieces), False
    made: list[str] = []
    left = limit
    for piece in pieces:
        if left <= 0:
            return "".join(made)[:limit], True
        made.append(piece)
        left -= len(piece)
    return "".join(made)[:limit], left < 0


def _pieces(value: Any, limit: int | None, *, indent: bool) -> Iterator[str]:
    """The text piece by piece; a stack instead of recursion, because values may be deep."""
    comma, colon = ("," if indent else ", "), ": "
    stack: list[tuple[Iterator[Any], bool]] = []
    first = True
    item: Any = value
    while True:
        if isinstance(item, dict | list) and item:
            items = iter(item.items() if isinstance(item, dict) else item)
            is_object = isinstance(item, dict)
            yield "{" if is_object else "["
            stack.append((items, is_object))
            first = True
        else:
            empty = "{}" if isinstance(item, dict) else "[]" if isinstance(item, list) else None
            yield empty or scalar(item, limit)
        while stack:
            items, is_object = stack[-1]
            found = list(islice(items, 1))
            if found:
                yield ("" if first else comma) + (_newline(len(stack)) if indent else "")
                first = False
                item = found[0]
                if is_object:
                    yield scalar(str(item[0])) + colon
                    item = item[1]
                break
            stack.pop()
            first = False
            yield (_newline(len(stack)) if indent else "") + ("}" if is_object else "]")
        else:
            return


def _newline(depth: int) -> str:
    return "\n" + _INDENT * min(depth, _DEEPEST)
