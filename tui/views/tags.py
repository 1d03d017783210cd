"""Markup in tokens: XML and HTML, however broken.

Nothing is ever expanded or fetched: entities stay as they are written, document types are only
shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..ink import Line, Span

TokenKind = Literal["open", "close", "single", "text", "comment", "cdata", "declaration"]

# No piece reaches over a "<" of the next, else one broken tag after another takes quadratic time.
_TOKEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<(?P<declaration>[!?](?:\"[^\"<]*+\"|'[^'<]*+'|\[[^\]]*+(?:\]|\Z)|[^<>\[\"'])*+)(?:>|\Z)"
    r"|</(?P<close>[^\s<>]*+)[^<>]*+(?:>|\Z)"
    r"|<(?P<open>[A-Za-z_][^\s<>/]*+)(?P<rest>(?:\"[^\"<]*+\"|'[^'<]*+'|[^<>\"'])*+)(?:>|\Z)"
    r"|(?P<text>[^<]++|<)",
    re.DOTALL,
)
_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_VERBATIM = ("script", "style")
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s=\"'/]++)(?:\s*+=\s*+(?P<value>\"[^\"]*+\"?|'[^']*+'?|[^\s\"']++))?"
)
_PAINT = re.compile(
    r"(?P<tag></?[A-Za-z_][^\s<>/]*+)|(?P<end>/?>)|(?P<string>\"[^\"]*+\"|'[^']*+')"
    r"|(?P<other>[^\"'/>]++|.)",
    re.DOTALL,
)
_SPACE = re.compile(r"\s+")
_ENDED_BY_THE_NEXT = frozenset(("p", "li", "tr", "td", "th", "dt", "dd", "option"))
_NEARBY = 50
_DEEPEST = 60
_INLINE = 200  # characters of text that may stand in the line of their element


class Token(NamedTuple):
    """A piece of markup: what it is, the element's name or its text, and how it was written."""

    kind: TokenKind
    name: str
    source: str
    rest: str = ""


def tokens(markup: str) -> Iterator[Token]:
    """The markup piece by piece; what is broken comes as text."""
    at = 0
    while at < len(markup):
        found = _TOKEN.match(markup, at)
        assert found is not None  # its last alternative takes any character
        at = found.end()
        if found.lastgroup == "rest":
            name, rest = found["open"], found["rest"]
            single = rest.rstrip().endswith("/") or name.lower() in _VOID
            yield Token("single" if single else "open", name, found[0], rest)
            if not single and name.lower() in _VERBATIM:
                end = re.compile(rf"</{re.escape(name)}\b", re.IGNORECASE).search(markup, at)
                stop = end.start() if end else len(markup)
                if stop > at:
                    yield Token("text", markup[at:stop], markup[at:stop])
                at = stop
        else:
            kind: TokenKind = found.lastgroup  # pyright: ignore[reportAssignmentType]
            yield Token(kind, found[found.lastgroup or 0], found[0])


def attributes(rest: str) -> list[tuple[str, str]]:
    """The attributes of an element, values without their quotes and otherwise as written."""
    return [
        (found["name"], (found["value"] or "").strip("\"'")) for found in _ATTRIBUTE.finditer(rest)
    ]


def squeezed(text: str) -> str:
    """Text with its white space as single blanks."""
    return _SPACE.sub(" ", text).strip()


class Nesting:
    """The elements that are open, also where the markup forgets to close them."""

    def __init__(self) -> None:
        self._names: list[str] = []

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._names)

    @property
    def inside(self) -> str:
        """The name of the innermost element, in lower case."""
        return self._names[-1] if self._names else ""

    def begin(self, name: str) -> None:
        """An element begins; one that such an element ends is closed first."""
        if name.lower() in _ENDED_BY_THE_NEXT and self.inside == name.lower():
            self._names.pop()

    def open(self, name: str) -> None:
        """What follows is in this element."""
        self._names.append(name.lower())

    def close(self, name: str) -> None:
        """Go back to before the last element of this name, if there is one nearby."""
        for position in range(self.depth - 1, max(-1, self.depth - _NEARBY), -1):
            if self._names[position] == name.lower():
                del self._names[position:]
                return


def indented(markup: str) -> str:
    """The markup with a line for each piece; an element that holds only text is one line."""
    made: list[str] = []
    nesting = Nesting()
    held: list[str] = []  # an element just opened, and the text in it
    for token in tokens(markup):
        rows = _rows(token)
        if not rows:
            continue
        if held and token.kind == "close" and nesting.inside == token.name.lower():
            nesting.close(token.name)
            made.append(_indent(nesting.depth) + "".join(held) + rows[0])
            held = []
        elif token.kind == "text" and len(held) == 1 and len(rows) == 1 and len(rows[0]) < _INLINE:
            held += rows
        else:
            made += [_indent(nesting.depth - (i == 0)) + row for i, row in enumerate(held)]
            held = []
            if token.kind in ("open", "single"):
                nesting.begin(token.name)
            if token.kind == "open":
                nesting.open(token.name)
                held = [" ".join(rows)]
            else:
                if token.kind == "close":
                    nesting.close(token.name)
                made += [_indent(nesting.depth) + row for row in rows]
    made += [_indent(nesting.depth - (i == 0)) + row for i, row in enumerate(held)]
    return "\n".join(made)


def _rows(token: Token) -> list[str]:
    """The lines of a piece: short ones become one."""
    rows = [row for row in map(squeezed, token.source.split("\n")) if row]
    joined = " ".join(rows)
    return [joined] if rows and len(joined) < _INLINE else rows


def paint(text: str, begins: bool) -> Line:
    """A line of markup with its tones."""
    if not begins:
        return ((text, ""),)
    spans: list[Span] = []
    for piece in re.split(r"(<[^<>]*>?)", text):
        if piece.startswith(("<!", "<?")):
            spans.append((piece, "dim"))
        elif piece.startswith("<"):
            spans += _tag(piece)
        elif piece:
            spans.append((piece, ""))
    return tuple(spans)


def _tag(piece: str) -> Iterator[Span]:
    for found in _PAINT.finditer(piece):
        match found.lastgroup:
            case "tag" | "end":
                yield found[0], "busy"
            case "string":
                yield found[0], ""
            case _:
                yield found[0], "dim"


def _indent(depth: int) -> str:
    return "  " * min(depth, _DEEPEST)
