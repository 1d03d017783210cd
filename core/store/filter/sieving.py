"""What the bytes of lines tell about a filter before anything is decoded.

A sieve looks at lines of a log as they lie there, many together, and says which of them may match;
the others the filter does not let through. It holds for any JSON, so it minds the other ways in
which JSON can write a text, and the other letters that fold to a letter.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from .parsing import Filter
from .tree import Either, Every, Id, Node, Word

Find = Callable[[int], int]
"""Where something stands from a place on, or -1."""

# Any sign can be written as \uXXXX and a slash as \/; these have no other way than an escape.
_ALWAYS_ESCAPED = frozenset('"\\').union(map(chr, range(32)))
_WILD = re.compile(r"[*?]")
_ASCII = re.compile(r"[\x00-\x7f]+")
_OTHERS = re.compile(rb"[\x80-\xff]")
# Whose folding has ASCII letters in it: ß, İ, ŉ, ſ, ǰ, ẖ to ẚ, ẞ, the Kelvin sign, ligatures.
FOLDING_TO_ASCII = re.compile(
    rb"\xc3\x9f|\xc4\xb0|\xc5[\x89\xbf]|\xc7\xb0|\xe1\xba[\x96-\x9a\x9e]|\xe2\x84\xaa"
    rb"|\xef\xac[\x80-\x86]"
)


class Lines:
    """Lines as they lie in a log, with whatever stands between them."""

    __slots__ = ("_lower", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._lower: bytes | None = None

    @property
    def lower(self) -> bytes:
        """With small letters, of ASCII's."""
        if self._lower is None:
            self._lower = self.data.lower()
        return self._lower


Sieve = Callable[[Lines, Sequence[int]], set[int]]
"""The numbers of the lines that may match. They are given by where each begins, the first at 0."""


def sieve_of(wanted: Filter) -> Sieve | None:
    """The sieve for a filter; `None` where bytes never tell that it lets a line not through."""
    return _sieve(wanted.root)


def _sieve(node: Node) -> Sieve | None:
    if isinstance(node, Every):
        return _every([sieve for sieve in map(_sieve, node.parts) if sieve is not None])
    if isinstance(node, Either):
        sieves = [sieve for sieve in map(_sieve, node.parts) if sieve is not None]
        return _either(sieves) if len(sieves) == len(node.parts) else None
    if isinstance(node, Word) and node.folded:
        return _word(node.folded)
    if isinstance(node, Id):
        needle = node.value if node.exact else max(_WILD.split(node.value), key=len)
        return _id(needle) if needle else None
    return None


def _every(sieves: Sequence[Sieve]) -> Sieve | None:
    def sieve(lines: Lines, starts: Sequence[int]) -> set[int]:
        return reduce(set.intersection, (one(lines, starts) for one in sieves))

    return sieve if sieves else None


def _either(sieves: Sequence[Sieve]) -> Sieve:
    def sieve(lines: Lines, starts: Sequence[int]) -> set[int]:
        return set().union(*(one(lines, starts) for one in sieves))

    return sieve


def _word(folded: str) -> Sieve:
    # Letters beyond ASCII fold in many ways, so only the longest part without them is looked for.
    part = max(_ASCII.findall(folded), key=len, default="")
    needle = part.encode()

    def sieve(lines: Lines, starts: Sequence[int]) -> set[int]:
        found = _hidden(part, lines.data, starts)
        if needle:
            found.update(_holding(_bytes(lines.lower, needle), starts))
        if not lines.data.isascii():
            letters = FOLDING_TO_ASCII if needle else _OTHERS
            found.update(_holding(_pattern(lines.data, letters), starts))
        return found

    return sieve


def _id(text: str) -> Sieve:
    # What is no Unicode can only be there as an escape.
    needle = text.encode("utf-8", "surrogatepass")

    def sieve(lines: Lines, starts: Sequence[int]) -> set[int]:
        found = _hidden(text, lines.data, starts)
        found.update(_holding(_bytes(lines.data, needle), starts))
        return found

    return sieve


def _hidden(text: str, data: bytes, starts: Sequence[int]) -> set[int]:
    """The lines in which `text` may stand in other bytes than its own."""
    if b"\\" not in data:
        return set()
    if not _ALWAYS_ESCAPED.isdisjoint(text):
        return set(_holding(_bytes(data, b"\\"), starts))
    found = set(_holding(_bytes(data, b"\\u"), starts))
    if "/" in text:
        found.update(_holding(_bytes(data, b"\\/"), starts))
    return found


def _holding(find: Find, starts: Sequence[int]) -> Iterator[int]:
    """The numbers of the lines in which something is found."""
    number = -1
    while number + 1 < len(starts) and (at := find(starts[number + 1])) >= 0:
        number = bisect_right(starts, at) - 1
        yield number


def _bytes(data: bytes, needle: bytes) -> Find:
    return lambda start: data.find(needle, start)


def _pattern(data: bytes, letters: re.Pattern[bytes]) -> Find:
    def find(start: int) -> int:
        found = letters.search(data, start)
        return -1 if found is None else found.start()

    return find
