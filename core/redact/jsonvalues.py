"""Secrets in parsed JSON, found by name and by what its strings look like.

This runs on every body that is captured, so it is made for bodies with few secrets: names are
judged once and remembered, all strings of a value are first searched together, and what holds no
secret is returned itself, not a copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .mask import MASK, Mask
from .names import Names
from .shapes import is_card

_CLEAN, _SECRET, _DIRTY = 0, 1, 2  # what a name says of its value; a dirty name holds a secret
_NAMES_KEPT = 4096
_LONGEST_NAME_KEPT = 64
_DEEPEST = 100  # what lies deeper is masked unseen
_NAMERS = ("name", "Name", "key", "Key", "header")
_CARD_FROM, _CARD_TO = 10**12, 10**19

# What a secret needs that has no name's sign (= or :); `in` is ten times faster than a regex. Each
# search costs, so letters are folded first: capitals, and what may stand third in a JWT.
_FOLDED = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZj0", b"abcdefghiaklmnopqrstuvwxyzao")
_SIGNS = (b"eya", b"ewo", b"bearer".translate(_FOLDED), b"basic", b"hooks.slack", b"--")
_ONLY_DIGITS = bytes(48 if 48 <= code < 58 else 120 for code in range(256))
_BETWEEN_DIGITS = b" .-\xc2\xa0"  # the last two are a no-break space in UTF-8
_CARD = b"0" * 13
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
).match


_See = Callable[[str], str | None]
"""Looks at a string and gives another in its place, or `None` where it stays."""


class JsonValues:
    """Redacts parsed JSON. `text` redacts a string; with `thorough` it sees every one of them,
    else only those in which it could find something."""

    __slots__ = ("_kinds", "_mask", "_names", "_text", "_thorough")

    def __init__(
        self, names: Names, text: Callable[[str], str], mask: Mask, *, thorough: bool
    ) -> None:
        self._names = names
        self._text = text
        self._mask = mask
        self._thorough = thorough
        self._kinds: dict[Any, int] = {}

    def redacted(self, value: Any) -> Any:
        """`value` without secrets."""
        if self._thorough:
            return self._walk(value, 0, self._text)
        strings: list[str] = []
        value = self._walk(value, 0, strings.append)
        changed: dict[str, str] = {}
        for string in _suspects(strings):
            clean = self._text(string)
            if clean != string:
                changed[string] = clean
        return self._walk(value, 0, changed.get) if changed else value

    def _walk(self, value: Any, depth: int, see: _See) -> Any:
        """`value` without what names betray, and with what `see` makes of its strings."""
        if isinstance(value, str):
            clean = see(value)
            return value if clean is None or clean == value else clean
        if isinstance(value, (dict, list, tuple)):
            if depth > _DEEPEST:
                return MASK
            if isinstance(value, dict):
                return self._object(value, depth, see)
            return self._array(value, depth, see)
        if isinstance(value, (int, float)):
            return self._number(value)
        return value

    def _object(self, value: dict[Any, Any], depth: int, see: _See) -> dict[Any, Any]:
        kind_of = self._kinds.get
        out: dict[Any, Any] | None = None
        dirty = False
        for name, item in value.items():
            kind = kind_of(name)
            if kind is None:
                kind = self._learn(name)
            if kind == _CLEAN:
                type_ = type(item)
                if type_ is str:
                    new = see(item)
                    if new is None or new == item:
                        continue
                elif item is None or type_ is bool or (type_ is int and item < _CARD_FROM):
                    continue
                else:
                    new = self._walk(item, depth + 1, see)
            else:
                dirty = dirty or kind == _DIRTY
                new = self._under(name, item, depth, see)
            if new is not item:
                out = dict(value) if out is None else out
                out[name] = new
        if "value" in value or "Value" in value:
            out = self._named(value, out)
        if dirty:
            out = self._renamed(value if out is None else out)
        return value if out is None else out

    def _under(self, name: Any, item: Any, depth: int, see: _See) -> Any:
        # A name that loses a secret may be a secret's name only then: user[Bearer …].
        if self._is_secret(str(name)) or self._is_secret(self._text(str(name))):
            return self._masked(item)
        return self._walk(item, depth + 1, see)

    def _array(self, value: Any, depth: int, see: _See) -> Any:
        out: list[Any] | None = None
        for index, item in enumerate(value):
            type_ = type(item)
            if item is None or type_ is bool or (type_ is int and item < _CARD_FROM):
                continue
            new = self._walk(item, depth + 1, see)
            if type(new) in (list, tuple) and len(new) == 2 and self._is_secret(new[0]):
                masked = self._masked(new[1])
                new = new if masked is new[1] else type(new)((new[0], masked))
            if new is not item:
                out = list(value) if out is None else out
                out[index] = new
        if out is None:
            return value
        return tuple(out) if isinstance(value, tuple) else out

    def _named(self, value: dict[Any, Any], out: dict[Any, Any] | None) -> dict[Any, Any] | None:
        """Objects of the kind `{"name": "password", "value": "…"}`."""
        seen = value if out is None else out
        if any(self._is_secret(seen.get(namer)) for namer in _NAMERS):
            for key in value.keys() & {"value", "Value"}:
                masked = self._masked(value[key])
                if masked is not value[key]:
                    out = dict(value) if out is None else out
                    out[key] = masked
        return out

    def _is_secret(self, name: object) -> bool:
        return isinstance(name, str) and self._names.secret(name)

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask(value)
        return value if value is None or isinstance(value, bool) else MASK

    def _number(self, value: float) -> Any:
        if not _CARD_FROM <= value < _CARD_TO or value != int(value):
            return value
        return MASK if is_card(str(int(value))) else value

    def _learn(self, name: Any) -> int:
        """What `name` says of its value, kept for the next time."""
        plain = str(name)
        if self._text(plain) != plain:
            return _DIRTY
        kind = _SECRET if self._names.secret(plain) else _CLEAN
        if len(plain) <= _LONGEST_NAME_KEPT:
            if len(self._kinds) >= _NAMES_KEPT:
                self._kinds.clear()
            self._kinds[name] = kind
        return kind

    def _renamed(self, value: dict[Any, Any]) -> dict[Any, Any]:
        """`value` with secrets taken out of its names; no item is lost over that."""
        out: dict[Any, Any] = {}
        for name, item in value.items():
            clean = self._text(str(name))
            new, number = name if clean == str(name) else clean, 1
            while new in out:
                number += 1
                new = f"{clean} ({number})"
            out[new] = item
        return out


def _suspects(strings: list[str]) -> list[str]:
    """Those of `strings` that could hold a secret."""
    data = "\n".join(strings).encode("utf-8", "surrogatepass")
    if _has_signs(data):
        return strings
    if b"=" in data or b":" in data:
        return [one for one in strings if ("=" in one or ":" in one) and not _TIME(one)]
    return []


def _has_signs(data: bytes) -> bool:
    if _CARD in data.translate(_ONLY_DIGITS, _BETWEEN_DIGITS):
        return True
    if b"<" in data or (b"%" in data and (b"%2" in data or b"%3" in data)):
        return True
    data = data.translate(_FOLDED)
    return any(map(data.__contains__, _SIGNS))
