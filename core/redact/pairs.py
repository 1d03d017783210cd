"""Secrets that stand beside their names in free text: `name=value`, `name: value`, quoted pairs as
in JSON or a repr, header lines, command-line flags, markup, and multipart forms.

Unquoted, a value ends where the next one plausibly begins; where that cannot be known, too much
is masked rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from .mask import Mask
from .names import normalised
from .shapes import credentials_end, is_prose, redact_credentials

Secret = Callable[[str], bool]

# A name and the sign between it and its value. Possessive, and begun only at a word's edge, so
# that no text makes it slow. `::` and `://` are no signs, and what follows `//` is a host.
_NAME = re.compile(
    r"(?<![\w.\-])(?<!//)([\w.\-]++(?:\[[\w.\-\"']*+\][\w.\-]*+){0,8}+)"
    r"\\*+[\"'`]?\]?[ \t]*+(=>|:=|={1,3}+|:(?!:|//))(?:[ \t]|\r?\n[ \t]+(?=[\"'\[{]))*+"
)
_FLAG = re.compile(r"(?<![\w\-])(--[A-Za-z][\w.\-]++)[ \t]++(?!-)(\"[^\"]*\"?|'[^']*'?|\S++)")
_QUOTE = re.compile(r"(?:[bruf]{1,2}(?=[\"']))?(\\*+)([\"'`])", re.IGNORECASE)
_NEXT_PAIR = r"(?:\s|\Z|[\w.\-%\[\]]+=)"
_WORD = re.compile(rf"(?:[^\s&;,?#\"'`<>]|[&;,?#](?!{_NEXT_PAIR}|[\w.\-]+\s?:))*+")
_LITERAL = re.compile(r"(?:null|none|nil|true|false|undefined)(?![\w\-])", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]|\\+[rn]|\Z")
_BRACKETS = {"{": "}", "[": "]", "(": ")"}
_IN_CONTAINER = re.compile(r"\"(?:[^\"\\]++|\\[\s\S])*+\"?|[{}\[\]()]")
_DEEPEST_QUOTE = 32
_WHOLE_LINE = frozenset(("cookie", "cookies", "setcookie"))

_TAG = re.compile(r"<(?:[\w\-]+:)?([\w.\-]++)([^<>]*+)>")
_TAG_NAME = re.compile(
    r"(?<![\w\-])(?:name|key|property)\s*=\s*[\"']?([\w.\-\[\]]+)", re.IGNORECASE
)
_TAG_VALUE = re.compile(
    r"(?<![\w\-])((?:value|content)\s*=\s*)(\"[^\"]*\"?|'[^']*'?|[^\s>]+)", re.IGNORECASE
)
_PART = re.compile(
    r"(form-data;[^\r\n]*?\bname=\"?([^\"\r\n;]*)[^\r\n]*(?:\r?\n[^\r\n]+){0,8}+\r?\n\r?\n)"
    r"((?:(?!\r?\n--)[\s\S])*+)",
    re.IGNORECASE,
)


def redact_pairs(text: str, secret: Secret, mask: Mask) -> str:
    """`text` with the values of secret names masked."""
    kept: list[str] = []
    done = 0
    found = _NAME.search(text)
    while found:
        position = found.end()
        if secret(found[1]):
            start, end, new = _value(text, found, mask)
            kept += text[done:start], new
            done = end
            position = max(position, end)
        found = _NAME.search(text, position)
    return "".join(kept) + text[done:] if kept else text


def redact_flags(text: str, secret: Secret, mask: Mask) -> str:
    """`text` with the values of flags such as `--client-secret VALUE` masked."""

    def masked(found: re.Match[str]) -> str:
        value = found[2]
        if not secret(found[1]) or is_prose(value):
            return found[0]
        before = found[0][: -len(value)]
        if value[0] in "\"'":
            return before + value[0] + mask(value.strip(value[0])) + value[0]
        bare = mask.trimmed(value)
        return before + mask(bare) + value[len(bare) :]

    return _FLAG.sub(masked, text)


def redact_markup(text: str, secret: Secret, mask: Mask) -> str:
    """`text` with secrets masked that are elements (`<password>…</password>`) or stand in an
    element's value (`<input name="csrf_token" value="…">`)."""
    kept: list[str] = []
    done = 0
    unclosed: set[str] = set()
    found = _TAG.search(text)
    while found:
        position = found.end()
        named = _TAG_NAME.search(found[2])
        if named and secret(named[1]):
            inner = _TAG_VALUE.sub(lambda value: value[1] + _requoted(value[2], mask), found[2])
            kept += text[done : found.start(2)], inner
            done = found.end(2)
        if secret(found[1]) and not found[2].endswith("/"):
            end = _element_end(text, found[1], position, unclosed)
            kept += text[done:position], mask(text[position:end])
            done = position = end
        found = _TAG.search(text, position)
    return "".join(kept) + text[done:] if kept else text


def redact_parts(text: str, secret: Secret, mask: Mask) -> str:
    """`text`, a multipart form, with the fields of secret names masked."""
    return _PART.sub(
        lambda found: found[1] + mask(found[3]) if secret(found[2]) else found[0], text
    )


def _requoted(value: str, mask: Mask) -> str:
    quote = value[0] if value[0] in "\"'" else ""
    return quote + mask(value.strip(quote) if quote else value) + quote


def _element_end(text: str, name: str, start: int, unclosed: set[str]) -> int:
    """Where the content of the element ends: at its end tag, else at the next tag."""
    if name not in unclosed:
        closing = re.compile(rf"</(?:[\w\-]+:)?{re.escape(name)}\s*>").search(text, start)
        if closing:
            return closing.start()
        unclosed.add(name)
    following = text.find("<", start)
    return following if following >= 0 else len(text)


def _value(text: str, found: re.Match[str], mask: Mask) -> tuple[int, int, str]:
    """Start and end of the value after a secret name, and what to put there."""
    start = found.end()
    name = normalised(found[1])
    is_credentials = name.endswith("authorization")
    quote = _QUOTE.match(text, start)
    if quote:
        end = _quote_end(text, quote)
        value = text[quote.end() : end]
        hidden = redact_credentials(value, mask) if is_credentials else mask(value)
        return quote.end(), end, hidden
    if text[start : start + 1] in _BRACKETS and mask.at(text, start) == start:
        end = _container_end(text, start)
        return start, end, mask(text[start:end])
    if _LITERAL.match(text, start):
        return start, start, ""
    if is_credentials or (name in _WHOLE_LINE and found[2] == ":"):
        return _line(text, found, mask)
    word = _WORD.match(text, start)
    bare = mask.trimmed(word[0]) if word else ""
    if found[2] == ":" and start > found.end(2) and is_prose(bare):
        return start, start, ""
    return start, start + len(bare), mask(bare)


def _line(text: str, found: re.Match[str], mask: Mask) -> tuple[int, int, str]:
    """The value of a header in a line: up to the line's end, or the quote around the line."""
    start = found.end()
    line_end = _LINE_END.search(text, start)
    end = line_end.start() if line_end else len(text)
    around = text[found.start() - 1 : found.start()]
    if around and around in "\"'`":
        quote = _closing(0, around).match(text, start, end)
        end = quote.end() if quote else end
    first = text[start:end].partition(" ")[0]
    if is_prose(first) and credentials_end(text, start, end) is None:
        return start, start, ""
    if normalised(found[1]) in _WHOLE_LINE:
        return start, end, mask(text[start:end].rstrip())
    end = credentials_end(text, start, end) or end
    return start, end, redact_credentials(text[start:end], mask)


@lru_cache(maxsize=256)
def _closing(backslashes: int, quote: str) -> re.Pattern[str]:
    if not backslashes:
        return re.compile(rf"(?:[^{quote}\\]++|\\[\s\S])*+(?={quote})")
    return re.compile(rf"[\s\S]*?(?<!\\)(?=\\{{{backslashes}}}{quote})")


def _quote_end(text: str, quote: re.Match[str]) -> int:
    """Where the quoted value ends: at the same quote, as deeply escaped; else with the text."""
    if len(quote[1]) > _DEEPEST_QUOTE:
        return len(text)
    found = _closing(len(quote[1]), quote[2]).match(text, quote.end())
    return found.end() if found else len(text)


def _container_end(text: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed; else the text's end."""
    open_brackets = 0
    for found in _IN_CONTAINER.finditer(text, start):
        if found[0] in "{[(":
            open_brackets += 1
        elif found[0] in "}])":
            open_brackets -= 1
            if not open_brackets:
                return found.end()
    return len(text)
