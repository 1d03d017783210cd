"""One side of an exchange under a content view, with what was found in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Input

from ...core.errors import FilterError, ViewError
from ...core.models import BodyKind, Exchange
from .. import words
from ..ink import Line, Span
from ..views import VIEWS, FixedLines, Lines, Side, Which, best, by_name, error_lines
from .filterline import FilterLine
from .jsontree import JsonTree
from .lines import LinesView
from .rule import Rule

if TYPE_CHECKING:
    from ..app import CxtopApp

TREE = "tree"
_UNFOLDED = 30  # lines of a tree that are open at first


class Pane(Vertical):
    """The request or the response: a rule that says what it is, the view, and a line to find in it.

    A JSON body comes as a tree, all else in the view that suits it; `choose` takes another view,
    which then says in its place why it cannot show the side, if so.
    """

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]

    def __init__(self, which: Which) -> None:
        super().__init__(id=which, classes="pane")
        self.which: Which = which
        self.side: Side | None = None
        self.view_name = "raw"
        self.whole = False
        self._wanted: str | None = None
        self._found = ""
        self._narrowed = False

    def compose(self) -> ComposeResult:
        """Rule, the two kinds of view, and the line to find with."""
        yield Rule()
        with ContentSwitcher(initial=f"{self.which}-lines"):
            yield JsonTree(id=f"{self.which}-tree")
            yield LinesView(id=f"{self.which}-lines")
        yield FilterLine("text, or a JSONPath such as $.items[?@.id]; n and N go on, Esc ends")
        yield Rule(id="place")

    @property
    def viewer(self) -> JsonTree | LinesView:
        """The widget that shows the side now."""
        kind = JsonTree if self.view_name == TREE else LinesView
        return self.query_one(kind)

    # what is shown

    def show(self, exchange: Exchange) -> None:
        """Show this side of an exchange, in the view that was chosen last."""
        self.side = Side(exchange, self.which)
        self.whole = False
        self._load()

    def choose(self, name: str) -> None:
        """Use this view from now on."""
        self._wanted = name
        self._load()

    def show_all(self) -> None:
        """Show the whole of a body of which only the head was shown."""
        self.whole = True
        self._load()

    def choices(self) -> list[tuple[str, str]]:
        """The views that could show this side, as name and title."""
        side = self.side
        if side is None:
            return []
        fitting = [(view.name, view.title) for view in VIEWS]
        return [(TREE, "Tree"), *fitting] if side.body.kind is BodyKind.JSON else fitting

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        side = self.side
        if side is None:
            return
        self.view_name = self._name_for(side)
        switcher = self.query_one(ContentSwitcher)
        focused = self.has_focus_within
        if self.view_name == TREE:
            switcher.current = f"{self.which}-tree"
            tree = self.query_one(JsonTree)
            tree.show(side.body.value)
            tree.unfold(_UNFOLDED)
        else:
            switcher.current = f"{self.which}-lines"
            width = max(20, self.size.width - 4)
            self.query_one(LinesView).show(await asyncio.to_thread(self._lines, side, width))
        if focused:
            self.viewer.focus()
        self._tell()

    def _name_for(self, side: Side) -> str:
        if self._wanted is not None and not (
            self._wanted == TREE and side.body.kind is not BodyKind.JSON
        ):
            return self._wanted
        return TREE if side.body.kind is BodyKind.JSON else best(side).name

    def _lines(self, side: Side, width: int) -> Lines:
        try:
            return by_name(self.view_name).lines(side, whole=self.whole, width=width)
        except ViewError as error:
            return FixedLines(error_lines(error, width))

    def _tell(self) -> None:
        side = self.side
        if side is None:
            return
        self.query(Rule).first().tell(tuple(self._title(side)), ((self.view_name, "dim"),))
        place: Line = ()
        if self.view_name == TREE:
            place = ((self.query_one(JsonTree).path, "dim"),)
        note: Line = ((self._found, "accent"),) if self._found else ()
        self.query_one("#place", Rule).tell(note, place)

    def _title(self, side: Side) -> Iterator[Span]:
        body = side.body
        yield (self.which, "strong" if self.has_focus_within else "dim")
        yield (f" · {words.size(body.size)}", "dim")
        if side.media_type:
            yield (f" · {side.media_type}", "dim")
        if body.truncated:
            yield (" · ▲ truncated", "warn")

    # messages

    def on_descendant_focus(self) -> None:
        self._tell()

    def on_descendant_blur(self) -> None:
        self._tell()

    @on(JsonTree.CursorMoved)
    def _moved(self) -> None:
        self._tell()

    @on(LinesView.Found)
    @on(JsonTree.Found)
    def _seen(self, event: LinesView.Found | JsonTree.Found) -> None:
        self._found = event.words if event.text else ""
        self._tell()

    @on(Input.Changed)
    def _sought(self, event: Input.Changed) -> None:
        event.stop()
        if self.view_name == TREE and event.value.startswith("$"):
            self._narrow(event.value)
            return
        if self._narrowed:
            self._narrow("")
        self.viewer.find(event.value)

    @work(exclusive=True, group="path", exit_on_error=False)
    async def _narrow(self, expression: str) -> None:
        """Show the places of the tree that a JSONPath expression selects; all for none."""
        try:
            places = await self.query_one(JsonTree).show_path(expression)
        except FilterError as error:
            self._found = error.what
        else:
            self._narrowed = bool(expression)
            self._found = words.plural(len(places.found), "place") if expression else ""
        self._tell()

    @on(FilterLine.Left)
    def _left(self, event: FilterLine.Left) -> None:
        event.stop()
        self.viewer.focus()

    # what the screen asks

    def find(self) -> None:
        """Let the user type what to find."""
        self.query_one(FilterLine).ask()

    def value(self) -> tuple[Any, str] | None:
        """What is under the cursor, and its JSON path; the whole body in a view of lines."""
        if self.side is None:
            return None
        if self.view_name == TREE:
            tree = self.query_one(JsonTree)
            item = tree.cursor_item
            return None if item is None else (item.value, tree.path)
        return self.side.body.value, "$"
