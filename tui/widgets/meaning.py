"""What an answer really is, in short."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import Vertical

from ...core.models import Diagnosis
from ..ink import Line, Span
from .panel import Panel
from .rule import Rule

_FINDINGS = 3


class Meaning(Vertical):
    """A rule, what it is, where the first faults are, and what to try."""

    def compose(self) -> ComposeResult:
        """Rule and lines."""
        yield Rule()
        yield Panel()

    def on_mount(self) -> None:
        self.query_one(Rule).tell((("what it is", "dim"),))

    def tell(self, found: Diagnosis) -> None:
        """Show this diagnosis in the width there is."""
        self.query_one(Panel).tell(in_short(found, self.size.width - 4))

    def refuse(self, why: str) -> None:
        """Say why there is nothing to diagnose."""
        rest: Line = (("  The index still knows when it was, and what came of it.", "dim"),)
        self.query_one(Panel).tell([(("▲ ", "warn"), (why, "")), rest])


def in_short(found: Diagnosis, width: int, *, all_in: str = "the diagnosis view (m)") -> list[Line]:
    """A diagnosis in a few lines; `all_in` says where there is all of it."""
    sign: Span = ("✔ ", "good") if found.outcome.good else ("✖ ", "bad")
    code = f" · code {found.code}" if found.code and found.code not in found.message else ""
    rows: list[Line] = []
    for row in wrap(found.message + code, max(20, width - 2)):
        lead: Span = ("  ", "") if rows else sign
        rows.append((lead, (row, "")))
    for place, what in found.further[:_FINDINGS]:
        rows.append((("  ", ""), (f"{place}  ", "busy"), (what, "")))
    more = len(found.further) - _FINDINGS
    if more > 0:
        rows.append(((f"  and {more} more; {all_in} has all", "dim"),))
    if found.hint:
        first, *rest = wrap(found.hint, max(20, width - 7))
        rows.append((("  Try: ", "accent"), (first, "")))
        rows.extend((("       ", ""), (row, "")) for row in rest)
    return rows
