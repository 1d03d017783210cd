"""Untrusted text in Markdown: in code spans, where it is no markup, no link and calls nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .text import clip, safe

LONGEST = 160
"""Characters of a text in a table, which is to stay one that is read."""

NOTHING = "–"

_PIPE = re.compile(r"(\\*)\|")
_TICKS = re.compile("`+")


def code(text: str, longest: int = LONGEST) -> str:
    """`text` in a code span that it cannot leave, nor the table cell around it; at most `longest`
    characters of it."""
    # Some readers take `\\|` for an escaped backslash, others for an escaped bar: an odd number
    # of backslashes is right for both.
    shown = _PIPE.sub(lambda found: "\\" * _odd(len(found[1])) + "|", clip(safe(text), longest))
    return span(shown)


def span(text: str) -> str:
    """All of `text` in a code span that it cannot leave, outside of tables."""
    shown = safe(text)
    if not shown.strip():
        return NOTHING
    ticks = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (ticks + 1)
    room = " " if ticks else ""
    return f"{fence}{room}{shown}{room}{fence}"


def _odd(backslashes: int) -> int:
    return (backslashes + 1) | 1


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; columns that begin with `>` are for numbers."""
    names = [name.removeprefix(">") for name in columns]
    rules = ["---:" if name.startswith(">") else "---" for name in columns]
    lines = [names, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
