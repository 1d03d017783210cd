"""JSON in a string: only the characters of a secret change, whatever else the text holds.

Reading and writing it anew would lose what debugging is about: white space, doubled names,
`1.10`, `1e400`. So the text is walked token by token, and may break off at any place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from .mask import MASK, Mask

# A string, a sign, or a word; the string's second group is empty where the text breaks off.
_TOKEN = re.compile(
    r"[ \t\r\n\ufeff]*+(?:(\"(?:[^\"\\]++|\\[\s\S])*+(\"?))|([{}\[\],:])|([A-Za-z0-9+\-.]++)|\Z)"
)
_WORD = re.compile(
    r"(?:-?[0-9][0-9.eE+\-]*|true|false|null|-?Infinity|NaN|undefined)\Z",
)
_SIGN, _LITERAL = 3, 4
_OPENING = re.compile(r"\{[ \t\r\n]*+\"|\[[ \t\r\n]*+[\"\[{]")
_NAMERS = frozenset(("name", "key", "header"))


class _Frame:
    """One open object or array."""

    __slots__ = ("is_object", "key", "named_secret", "secret_key", "value_span", "wants")

    def __init__(self, is_object: bool) -> None:
        self.is_object = is_object
        self.wants = "key" if is_object else "value"
        self.key = ""
        self.secret_key = False
        self.named_secret = False  # {"name": "password", "value": …}
        self.value_span: tuple[int, int] | None = None


class JsonText:
    """One walk over one text. `secret` judges names, `clean` redacts strings."""

    def __init__(
        self, text: str, secret: Callable[[str], bool], clean: Callable[[str], str], mask: Mask
    ) -> None:
        self._text = text
        self._secret = secret
        self._clean = clean
        self._mask = mask
        self._frames: list[_Frame] = []
        self._edits: list[tuple[int, int, str]] = []
        self._position = 0
        self._hidden_from = -1  # where a container begins that is masked whole
        self._hidden_depth = 0

    def redacted(self) -> str | None:
        """The text without secrets, or `None` if it is not JSON: values in a row, all of them
        objects, arrays or strings."""
        return self._edited() if self._walk(0, one=False) else None

    def redacted_within(self) -> str:
        """The text, in which JSON objects and arrays may stand, without the secrets in them."""
        found = _OPENING.search(self._text)
        while found:
            edits = len(self._edits)
            self._frames.clear()
            self._hidden_from = -1
            if not self._walk(found.start(), one=True):
                del self._edits[edits:]
            found = _OPENING.search(self._text, max(self._position, found.end()))
        return self._edited()

    def _walk(self, start: int, *, one: bool) -> bool:
        """Whether the text is JSON from `start` on, to its end or, if only `one` value counts, to
        that value's end. `_position` is where the walk came to."""
        self._position = start
        while True:
            found = _TOKEN.match(self._text, self._position)
            if found is None:
                return False
            kind = found.lastindex
            if kind is None:
                self._break_off()
                return True
            if kind == _SIGN:
                fits = self._sign(found[3], found.start(3))
            elif kind == _LITERAL:
                fits = self._literal(found[4], found.start(4), found.end())
            else:
                fits = self._string(found.start(1), found.end(), closed=bool(found[2]))
            if not fits:
                return False
            self._position = found.end()
            if one and not self._frames:
                return True

    def _sign(self, sign: str, start: int) -> bool:
        frame = self._frames[-1] if self._frames else None
        if sign in "{[":
            if frame and frame.wants != "value":
                return False
            if frame and frame.secret_key and self._hidden_from < 0:
                self._hidden_from, self._hidden_depth = start, len(self._frames)
            if frame and frame.is_object and frame.key == "value":
                frame.value_span = (start, start)
            self._frames.append(_Frame(sign == "{"))
            return True
        if frame is None:
            return False
        if sign in "}]":
            return self._close(frame, sign, start + 1)
        if sign == ":":
            fits, frame.wants = frame.wants == "colon", "value"
            return fits
        fits, frame.wants = frame.wants == "comma", "key" if frame.is_object else "value"
        return fits

    def _close(self, frame: _Frame, sign: str, end: int) -> bool:
        if frame.is_object != (sign == "}") or frame.wants == "colon":
            return False
        self._frames.pop()
        if frame.named_secret and frame.value_span:
            self._hide(*frame.value_span)
        if self._hidden_from >= 0 and self._hidden_depth == len(self._frames):
            self._hide(self._hidden_from, end)
            self._hidden_from = -1
        if self._frames:
            parent = self._frames[-1]
            parent.wants = "comma"
            if parent.value_span and parent.is_object and parent.key == "value":
                parent.value_span = (parent.value_span[0], end)
        return True

    def _literal(self, word: str, start: int, end: int) -> bool:
        frame = self._frames[-1] if self._frames else None
        if frame is None or frame.wants != "value":
            return False
        known = _WORD.match(word) is not None
        if end < len(self._text) and not known:
            return False
        frame.wants = "comma"
        # A word that the text breaks off in may be anything, a secret without quotes too.
        if word[0] in "-0123456789" or not known:
            if frame.is_object and frame.key == "value":
                frame.value_span = (start, end)
            if frame.secret_key or self._clean(word) != word:
                self._hide(start, end)
        return True

    def _string(self, start: int, end: int, *, closed: bool) -> bool:
        frame = self._frames[-1] if self._frames else None
        value = self._unescaped(start, end, closed=closed)
        if frame is None:
            self._edit_string(start, end, value, self._clean(value), closed=closed)
            return True
        if frame.wants == "key":
            frame.key = value.lower()
            frame.secret_key = self._secret(value)
            frame.wants = "colon"
            self._edit_string(start, end, value, self._clean(value), closed=closed)
            return True
        if frame.wants != "value":
            return False
        frame.wants = "comma"
        if frame.is_object and frame.key in _NAMERS and self._secret(value):
            frame.named_secret = True
        if frame.is_object and frame.key == "value":
            frame.value_span = (start, end)
        clean = self._mask(value) if frame.secret_key else self._clean(value)
        self._edit_string(start, end, value, clean, closed=closed)
        return True

    def _unescaped(self, start: int, end: int, *, closed: bool) -> str:
        raw = self._text[start + 1 : end - 1 if closed else end]
        if "\\" not in raw:
            return raw
        try:
            return json.loads(f'"{raw}"', strict=False)
        except ValueError:
            return raw

    def _edit_string(self, start: int, end: int, old: str, new: str, *, closed: bool) -> None:
        if new == old:
            return
        if self._text.startswith(old, start + 1):
            quoted = f'"{new}"'  # nothing was escaped, or in a way that JSON does not know
        else:
            quoted = json.dumps(new, ensure_ascii=self._text[start:end].isascii())
        self._edits.append((start, end, quoted if closed else quoted[:-1]))

    def _hide(self, start: int, end: int) -> None:
        raw = self._text[start:end]
        if raw[:1] == '"':
            old = self._unescaped(start, end, closed=True)
            self._edit_string(start, end, old, self._mask(old), closed=True)
        else:
            self._edits.append((start, end, f'"{MASK}"'))

    def _break_off(self) -> None:
        """The text ended with containers open: what was to be masked is masked to its end."""
        starts = [self._hidden_from] if self._hidden_from >= 0 else []
        starts += [
            frame.value_span[0] for frame in self._frames if frame.named_secret and frame.value_span
        ]
        if starts:
            self._edits.append((min(starts), len(self._text), f'"{MASK}"'))

    def _edited(self) -> str:
        if not self._edits:
            return self._text
        pieces: list[str] = []
        done = 0
        # Of edits within each other the outermost counts.
        for start, end, new in sorted(self._edits, key=lambda edit: (edit[0], -edit[1])):
            if start >= done:
                pieces += self._text[done:start], new
                done = end
        pieces.append(self._text[done:])
        return "".join(pieces)
