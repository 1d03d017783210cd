"""What stands in a secret's place."""

from __future__ import annotations

import re

MASK = "[redacted]"

# What may follow a word in a sentence without being a part of it.
SENTENCE_MARKS = ".,;:!?)]}'\"\\"

# Short secrets would be half told by their last four characters.
_LONG_ENOUGH_FOR_A_TAIL = 16
_TAIL = re.compile(r"[A-Za-z0-9_\-]{4}\Z")
_HINTED = r"\[redacted(?::[0-9]+(?::[A-Za-z0-9_\-]{4})?)?\]"


class Mask:
    """Makes masks: `[redacted]`, or with `hint` also the length and, of long ones, the last four
    characters: `[redacted:32:9f3c]`. Masking a mask changes nothing."""

    __slots__ = ("_last", "_own", "hint")

    def __init__(self, *, hint: bool = False) -> None:
        self.hint = hint
        pattern = _HINTED if hint else re.escape(MASK)
        self._own = re.compile(pattern)
        self._last = re.compile(rf"{pattern}\Z")

    def __call__(self, secret: str) -> str:
        """The mask for `secret`. Nothing is hidden by masking an empty string, so it stays."""
        if not secret or self._own.fullmatch(secret):
            return secret
        if not self.hint:
            return MASK
        tail = _TAIL.search(secret) if len(secret) >= _LONG_ENOUGH_FOR_A_TAIL else None
        return f"[redacted:{len(secret)}:{tail[0]}]" if tail else f"[redacted:{len(secret)}]"

    def at(self, text: str, position: int) -> int:
        """Where a mask that begins at `position` ends; `position` itself if none does."""
        found = self._own.match(text, position)
        return found.end() if found else position

    def trimmed(self, word: str, marks: str = SENTENCE_MARKS) -> str:
        """`word` without the `marks` at its end; the bracket of a mask there is none."""
        bare = word.rstrip(marks)
        bracketed = bare + "]"
        if word.startswith(bracketed) and self._last.search(bracketed):
            return bracketed
        return bare

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where masks stand in `text`, in order."""
        return [found.span() for found in self._own.finditer(text)]
