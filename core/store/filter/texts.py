"""How text is compared: patterns, words, and the tokens that the full text is made of."""

from __future__ import annotations

import re
from functools import lru_cache

# What belongs to a token, after the full text's tokenizer: letters, digits, accents, these signs.
_TOKEN = re.compile(r"[\w.\-\u0300-\u036f]+")


def tokens_of(text: str) -> list[str]:
    """The tokens of `text`, as the full text has them: `deadline_exceeded` is one.

    Lower case as SQLite makes it, sign by sign: `ß` stays what it is.
    """
    return [token.lower() for token in _TOKEN.findall(text)]


def holds_phrase(text: str, phrase: tuple[str, ...], *, open_end: bool) -> bool:
    """Whether the tokens of `phrase` stand one after the other in `text`.

    With `open_end` the last one may go on.
    """
    found = tokens_of(text)
    *whole, last = phrase
    size = len(phrase)
    for start in range(len(found) - size + 1):
        if found[start : start + size - 1] != whole:
            continue
        end = found[start + size - 1]
        if end.startswith(last) if open_end else end == last:
            return True
    return False


@lru_cache(maxsize=256)
def pattern(glob: str, *, fold: bool) -> re.Pattern[str]:
    """`*` stands for any text and `?` for one character; nothing else is special."""
    pieces = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in glob)
    return re.compile("".join(pieces), re.DOTALL | (re.IGNORECASE if fold else 0))


def is_pattern(text: str) -> bool:
    """Whether `text` has a `*` or `?` in it."""
    return "*" in text or "?" in text
