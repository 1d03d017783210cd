"""From text to tokens, each with the place where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ...errors import FilterError

Kind = Literal["term", "or", "and", "not", "(", ")"]

_SPACE = re.compile(r"\s+")
# What ends a bare value. Quotes inside are literal: only at its beginning they quote.
_BARE = re.compile(r"[^\s|()]+")
_NAME = re.compile(r"([A-Za-z_]+):")
_WORDS: dict[str, Kind] = {"or": "or", "and": "and", "not": "not"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token. A term has a `name` (empty for a bare word) and a `value`, which stands at
    `value_at`; `quoted` tells whether in quotes."""

    kind: Kind
    at: int
    end: int
    name: str = ""
    value: str = ""
    value_at: int = 0
    quoted: bool = False


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`. Raises `FilterError` for a quote that is not closed."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _next(text, at)
        found.append(token)
        at = token.end
    return found


def _next(text: str, at: int) -> Token:
    sign = text[at]
    if sign == "(":
        return Token("(", at, at + 1)
    if sign == ")":
        return Token(")", at, at + 1)
    if sign == "|":
        # Both `|` and `||` are what people type.
        return Token("or", at, at + (2 if text.startswith("||", at) else 1))
    if sign == "-" and at + 1 < len(text) and not text[at + 1].isspace():
        return Token("not", at, at + 1)
    if name := _NAME.match(text, at):
        value, quoted, end = _value(text, name.end())
        return Token("term", at, end, name[1].lower(), value, name.end(), quoted)
    value, quoted, end = _value(text, at)
    if not quoted and (word := _WORDS.get(value.lower())):
        return Token(word, at, end)
    return Token("term", at, end, "", value, at, quoted)


def _value(text: str, at: int) -> tuple[str, bool, int]:
    """The value that begins at `at`, whether it is quoted, and where it ends."""
    if at < len(text) and text[at] == '"':
        return _quoted(text, at)
    bare = _BARE.match(text, at)
    return (bare[0], False, bare.end()) if bare else ("", False, at)


def _quoted(text: str, at: int) -> tuple[str, bool, int]:
    signs: list[str] = []
    place = at + 1
    while place < len(text):
        sign = text[place]
        if sign == '"':
            return "".join(signs), True, place + 1
        if sign == "\\" and place + 1 < len(text) and text[place + 1] in '"\\':
            place += 1
            sign = text[place]
        signs.append(sign)
        place += 1
    raise FilterError(
        "This quote is not closed.", position=at, fix='Put a " at the end of what it holds.'
    )


def quote(value: str) -> str:
    """`value` as it has to be typed: in quotes where it would otherwise mean something else."""
    plain = _BARE.fullmatch(value)
    if plain and not set(value) & set('":\\') and value[0] != "-" and value.lower() not in _WORDS:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
