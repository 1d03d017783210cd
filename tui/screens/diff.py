"""Two exchanges side by side: what is different."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from ...core.diffing import Kind
from ...core.models import Exchange
from ...core.text import safe
from .. import words
from ..ink import Line, Span, Tone, content, width_of
from ..views import Side, Which
from ..views.differences import Difference, Differences, differences, unified
from ..views.jsontext import pretty
from ..widgets.columns import Column
from ..widgets.lines import LinesView
from ..widgets.panel import Panel
from ..widgets.rule import Rule
from ..widgets.table import Table
from .base import CxScreen

_SIDES: tuple[Which, Which] = ("request", "response")
_SIGNS: dict[Kind, tuple[str, Tone]] = {
    Kind.ADDED: ("+ added", "good"),
    Kind.GONE: ("− gone", "bad"),
    Kind.CHANGED: ("~ changed", "warn"),
    Kind.TYPE_CHANGED: ("≠ type changed", "warn"),
    Kind.MOVED: ("↕ moved", "dim"),
}
_LOW, _HIGH = 2, 7  # lines of a value below the table, on a low and on a high screen
_AROUND = 24  # characters shown before the first that differs


def _kind(row: Difference, _width: int) -> Line:
    word, tone = _SIGNS[row.kind]
    return ((word, "dim" if row.minor else tone),)


def _where(row: Difference, width: int) -> Line:
    if row.part == "header":
        return (("header ", "dim"), (row.where, "dim" if row.minor else "busy"))
    if row.part == "fact":
        return ((row.where, "strong"),)
    where = safe(row.where)
    # The end of a path says more than its beginning.
    return ((where if len(where) <= width else "…" + where[1 - width :], "busy"),)


def _before(row: Difference, _width: int) -> Line:
    return ((row.shown_before, "dim"),)


def _after(row: Difference, _width: int) -> Line:
    return ((row.shown_after, "dim" if row.minor else ""),)


COLUMNS: tuple[Column[Difference], ...] = (
    Column("change", "CHANGE", 14, _kind),
    Column("where", "WHERE", 10, _where, flex=3, widest=50),
    Column("before", "BEFORE", 8, _before, flex=3, drop=1),
    Column("after", "AFTER", 8, _after, flex=4),
)


class Changes(Table[Difference]):
    """The differences; there is nothing to open in them."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the table works here."""
        return action != "open"


class Hunks(LinesView):
    """A text difference in which `n` and `N` go from change to change."""

    def action_match(self, by: int) -> None:
        """On to the next place that differs, or back to the one before; around at the ends."""
        starts = [i for i, line in enumerate(self.lines) if line and line[0][0].startswith("@@")]
        if not starts:
            return
        if by > 0:
            self.move_to(next((i for i in starts if i > self.cursor), starts[0]))
        else:
            self.move_to(next((i for i in reversed(starts) if i < self.cursor), starts[-1]))


class DiffScreen(CxScreen):
    """What is different between two exchanges, one side at a time."""

    ABOUT = (
        "What is different between two exchanges: first what was said about them, then headers, "
        "then the bodies place by place, whatever the order of their keys. Tab changes between "
        "request and response; m shows both as text, line by line. What differs between any two "
        "exchanges, such as dates and ids, is dim."
    )
    DEFAULT_CSS = """
    DiffScreen ContentSwitcher { height: 1fr; }
    DiffScreen #diff-values { height: auto; max-height: 16; }
    DiffScreen.-low #diff-values, DiffScreen.-low #diff-place { display: none; }
    DiffScreen #diff-values.-nothing, DiffScreen #diff-place.-nothing { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "side", "request/response", id="diff.side"),
        Binding("m", "mode", "changes/text", id="diff.mode"),
        Binding("n", "step(1)", "next", id="diff.next"),
        Binding("N", "step(-1)", "before", show=False, id="diff.previous"),
        Binding("y", "copy", "copy value", id="diff.copy"),
    ]

    def __init__(self, before: Exchange, after: Exchange, heading: str) -> None:
        super().__init__()
        self.exchanges = (before, after)
        self.which: Which = "response"
        self.raw = False
        self._heading = heading
        self._found: dict[Which, Differences] = {}
        self.table = Changes(
            COLUMNS,
            lambda row: str(row.number),
            empty=(("Comparing …", "dim"),),
            id="changes",
        )

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        yield Rule(id="diff-sides")
        with ContentSwitcher(initial="changes"):
            yield self.table
            yield Hunks(id="hunks")
        yield Rule(id="diff-place")
        yield Panel(id="diff-values")

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()
        self._compare()

    def on_resize(self) -> None:
        if self.is_mounted:
            self._tell_heading()
            self._tell_values()

    # what is shown

    @work(exclusive=True, exit_on_error=False)
    async def _compare(self) -> None:
        self._tell_heading()
        for which in _SIDES:
            before, after = self._sides(which)
            self._found[which] = await asyncio.to_thread(differences, before, after)
        if not self._found["response"].rows and self._found["request"].rows:
            self.which = "request"
        self._show()

    def _sides(self, which: Which) -> tuple[Side, Side]:
        before, after = self.exchanges
        return Side(before, which), Side(after, which)

    def _show(self) -> None:
        found = self._found.get(self.which)
        if found is None:
            return
        self.query_one("#diff-sides", Rule).tell(tuple(self._tabs()), self._note(found))
        self.table.show(found.rows, empty=self._nothing())
        self.table.move_to(0)
        for hidden in ("#diff-place", "#diff-values"):
            self.query_one(hidden).set_class(self.raw or not found.rows, "-nothing")
        self.query_one(ContentSwitcher).current = "hunks" if self.raw else "changes"
        (self.query_one(Hunks) if self.raw else self.table).focus()
        self._tell_values()
        if self.raw:
            self._show_text()

    @work(exclusive=True, group="text", exit_on_error=False)
    async def _show_text(self) -> None:
        lines = await asyncio.to_thread(unified, *self._sides(self.which))
        nothing: list[Line] = [(("No difference in the text.", "dim"),)]
        self.query_one(Hunks).show(lines if len(lines) else nothing)

    def _tabs(self) -> Iterable[Span]:
        for which in _SIDES:
            if which != _SIDES[0]:
                yield "   ", ""
            here = which == self.which
            yield which, "accent" if here else "dim"
            yield f" {words.amount(len(self._found[which].rows))}", "strong" if here else "dim"

    def _note(self, found: Differences) -> Line:
        note = "as text" if self.raw else found.note
        return ((note, "dim"),) if note else ()

    def _nothing(self) -> Line:
        other = _SIDES[self.which == "request"]
        count = len(self._found[other].rows)
        more = f" Tab shows the {other}, which has {words.plural(count, 'difference')}."
        return ((f"No difference in the {self.which}." + more * bool(count), "dim"),)

    def _tell_heading(self) -> None:
        left: list[Span] = [(f"{self._heading} › ", "dim"), ("difference", "strong")]
        before, after = self.exchanges
        right = [*_named(before), (" → ", "dim"), *_named(after)]
        width = self.size.width - 4
        if width_of((*left, *right)) + 2 > width:
            left = [("difference", "strong")]
        gap = " " * max(2, width - width_of((*left, *right)))
        self.query_one(".heading", Static).update(content(*left, (gap, ""), *right))

    @on(Table.Moved)
    def _tell_values(self) -> None:
        row = self.table.cursor_row
        if row is None or self.raw:
            return
        word, tone = _SIGNS[row.kind]
        count = f"{row.number + 1:,} of {len(self.table.rows):,}"
        self.query_one("#diff-place", Rule).tell(
            ((word, tone), ("  ", ""), (row.where, "busy")), ((count, "dim"),)
        )
        self.query_one("#diff-values", Panel).tell(
            list(_values(row, self.size.width - 16, _HIGH if self.size.height >= 36 else _LOW))
        )

    # keys

    def action_side(self) -> None:
        self.which = "request" if self.which == "response" else "response"
        self._show()

    def action_mode(self) -> None:
        self.raw = not self.raw
        self._show()

    def action_step(self, by: int) -> None:
        count = len(self.table.rows)
        if count and not self.raw:
            self.table.move_to((self.table.cursor + by) % count)

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.app.copy_value(row.before if row.kind is Kind.GONE else row.after, row.where)


def _named(exchange: Exchange) -> list[Span]:
    good = exchange.outcome.good
    sign: Span = ("✔ " if good else "✖ ", "good" if good else "bad")
    status = "no answer" if exchange.status is None else str(exchange.status)
    return [sign, (status, "good" if good else "bad"), (f" {words.clock(exchange.at)}", "dim")]


def _values(row: Difference, width: int, most: int) -> Iterable[Line]:
    """Both values in a few lines, from where they begin to differ."""
    if row.kind is Kind.MOVED:
        yield (("moved  ", "dim"), (f"from [{row.before}] to [{row.after}]", ""))
        return
    skipped = 0
    if isinstance(row.before, str) and isinstance(row.after, str):
        skipped = max(0, _alike(row.before, row.after) - _AROUND)
    if row.kind is not Kind.ADDED:
        yield from _value("before", row, row.before, skipped, width, most)
    if row.kind is not Kind.GONE:
        yield from _value("after", row, row.after, skipped, width, most)


def _alike(before: str, after: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    differing = (index for index, (old, new) in pairs if old != new)
    return next(differing, min(len(before), len(after)))


def _value(
    label: str, row: Difference, value: object, skipped: int, width: int, most: int
) -> Iterable[Line]:
    room = max(20, width)
    limit = room * most
    is_json = row.part == "body" and row.where.startswith("$")
    if isinstance(value, str):
        shown = value[skipped : skipped + limit]
        text = pretty(shown)[0] if is_json else shown
        if skipped:
            text = "…" + text[is_json:]
        lines = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        more = len(value) > skipped + limit
    else:
        text, more = pretty(value, limit)
        lines = text.split("\n")
    tone: Tone = "dim" if label == "before" else "strong"
    for number, line in enumerate(lines[:most]):
        end = " …" if number == most - 1 and (more or len(lines) > most) else ""
        yield ((f"{label if number == 0 else '':<8}", "dim"), (line, tone), (end, "dim"))
