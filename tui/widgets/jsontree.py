"""Any JSON value as a tree that grows where it is opened."""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar, NamedTuple

from rich.style import Style as RichStyle
from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from ...core.jsonpaths import Part, Places, select
from ...core.text import safe
from .. import words
from ..ink import Tone, text
from .found import MOST, Found
from .jsonitems import Item, holds_more, items_of, place_of, search, value_line

_BATCH = 500  # children added at a time, so that a large array opens at once
_BEFORE = 20  # items shown above one that was sought far down in an array
_OPENED = 2_000  # places that are opened at once
_DEEPEST = 200  # levels that are opened by themselves; the tree is painted by recursion
_MATCH = RichStyle(underline=True, bold=True)


class _More(NamedTuple):
    """What `item` holds from place `start` on and before `stop`, not added yet."""

    item: Item
    start: int
    stop: int


class _Note(NamedTuple):
    """A sentence in the place of a value."""

    words: str


Node = TreeNode["Item | _More | _Note"]


class JsonTree(Tree["Item | _More | _Note"]):
    """A JSON value, folded beyond its first level.

    Posts `CursorMoved` when the cursor comes to another place and `Found` when a search gets on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select_cursor", "fold", id="tree.fold"),
        Binding("j", "cursor_down", "down", show=False, id="tree.down"),
        Binding("k", "cursor_up", "up", show=False, id="tree.up"),
        Binding("g,home", "top", "top", show=False, id="tree.top"),
        Binding("G,end", "bottom", "bottom", show=False, id="tree.bottom"),
        Binding("e", "expand_all", "open all", show=False, id="tree.expand_all"),
        Binding("E", "fold_all", "fold all", show=False, id="tree.fold_all"),
        Binding("n", "match(1)", "next match", show=False, id="tree.next"),
        Binding("N", "match(-1)", "previous match", show=False, id="tree.previous"),
    ]

    class CursorMoved(Message):
        """The cursor came to another place: its JSON path, and the value there."""

        def __init__(self, tree: JsonTree, path: str, value: Any) -> None:
            super().__init__()
            self.tree = tree
            self.path = path
            self.value = value

        @property
        def control(self) -> JsonTree:
            return self.tree

    class Found(Found):
        """How far a search in a tree has got."""

        def __init__(
            self, tree: JsonTree, text: str, count: int, position: int, complete: bool
        ) -> None:
            super().__init__(text, count, position, complete)
            self.tree = tree

        @property
        def control(self) -> JsonTree:
            return self.tree

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._value: Any = None
        self._text = ""
        self._sought: re.Pattern[str] | None = None
        self._matches: list[tuple[Part, ...]] = []
        self._here = -1
        self._complete = True
        self.show_root = False
        self.guide_depth = 2

    # what is in it

    def show(self, value: Any) -> None:
        """Show this value from its root."""
        self._value = value
        self._plant(Item(None, value, "$"))

    async def show_path(self, expression: str) -> Places:
        """Show only where a JSONPath expression leads to; nothing typed shows the whole again.

        Raises FilterError, and leaves what was shown, for what is no such expression.
        """
        if not expression.strip():
            self.show(self._value)
            return Places(())
        value = self._value
        places = await asyncio.to_thread(select, value, expression)
        if value is self._value:
            self._plant(Item(None, {place.path: place.value for place in places.found}, ""))
            if places.cut:
                self.root.add_leaf("", _Note("… and more; a narrower expression shows them"))
        return places

    def _plant(self, item: Item) -> None:
        self.root.remove_children()
        self.root.data = item
        if holds_more(item.value):
            self._grow(self.root, _More(item, 0, len(item.value)))
        elif item.path:
            self.root.add_leaf("", item)
        else:
            self.root.add_leaf("", _Note("The expression leads nowhere in this value."))
        self.root.expand()
        self.cursor_line = 0
        self.scroll_to(0, 0, animate=False)
        if self._text:
            self.find(self._text, move=False)

    @property
    def cursor_item(self) -> Item | None:
        """What the cursor is on."""
        data = self.cursor_node.data if self.cursor_node else None
        return data if isinstance(data, Item) else None

    @property
    def path(self) -> str:
        """The JSON path to what the cursor is on."""
        item = self.cursor_item
        return "$" if item is None else item.path

    # growing

    def _grow(self, node: Node, more: _More, at: int | None = None) -> None:
        """Add the first batch of what is missing as children, from position `at` on."""
        at = len(node.children) if at is None else at
        stop = min(more.start + _BATCH, more.stop)
        for child in items_of(more.item, more.start, stop):
            if holds_more(child.value):
                node.add("", child, before=at)
            else:
                node.add_leaf("", child, before=at)
            at += 1
        if stop < more.stop:
            node.add_leaf("", _More(more.item, stop, more.stop), before=at)

    def _sprout(self, node: Node) -> None:
        data = node.data
        if isinstance(data, Item) and not node.children:
            self._grow(node, _More(data, 0, len(data.value)))

    def _fill(self, node: Node, start: int) -> None:
        """Replace a node for what is missing by a batch from the place `start` on."""
        parent, more = node.parent, node.data
        if parent is None or not isinstance(more, _More):
            return
        at = parent.children.index(node)
        node.remove()
        if start > more.start:
            parent.add_leaf("", _More(more.item, more.start, start), before=at)
            at += 1
        self._grow(parent, _More(more.item, start, more.stop), at)

    def _reveal(self, parts: tuple[Part, ...]) -> None:
        """Open the way to a place, add what is missing there, and bring the cursor to it."""
        node: Node = self.root
        for part in parts[:_DEEPEST]:
            self._sprout(node)
            if not node.is_expanded:
                node.expand()
            node = self._child(node, part)
        if self.last_line >= 0:  # asking for it gives the new nodes their lines
            self.move_cursor(node if parts else self.root.children[0])

    def _child(self, node: Node, part: Part) -> Node:
        for child in node.children:
            if isinstance(child.data, Item) and child.data.key == part:
                return child
        data = node.data
        assert isinstance(data, Item)
        place = place_of(data, part)
        for child in node.children:
            more = child.data
            if isinstance(more, _More) and more.start <= place < more.stop:
                self._fill(child, max(more.start, place - _BEFORE))
                break
        return self._child(node, part)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Item | _More | _Note]) -> None:
        self._sprout(event.node)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Item | _More | _Note]) -> None:
        if isinstance(event.node.data, _More):
            self._fill(event.node, event.node.data.start)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Item | _More | _Note]) -> None:
        data = event.node.data
        if isinstance(data, Item):
            self.post_message(self.CursorMoved(self, data.path, data.value))

    # keys

    def action_top(self) -> None:
        self.cursor_line = 0
        self.scroll_to_line(0, animate=False)

    def action_bottom(self) -> None:
        self.cursor_line = self.last_line
        self.scroll_to_line(self.last_line, animate=False)

    def action_expand_all(self) -> None:
        """Open every place, level by level, until a few thousand are open."""
        self.unfold(_OPENED)

    def unfold(self, most: int) -> None:
        """Open places, level by level, until `most` lines are to be seen."""
        level, opened = [self.root], 0
        for _ in range(_DEEPEST):
            for node in level:
                self._sprout(node)
                node.expand()
                opened += len(node.children)
                if opened >= most:
                    return
            level = [child for node in level for child in node.children if child.allow_expand]

    def action_fold_all(self) -> None:
        """Fold every place but the first level."""
        node = self.cursor_node
        while node is not None and node.parent is not None and node.parent is not self.root:
            node = node.parent
        for child in self.root.children:
            child.collapse_all()
        if node is not None:
            self.move_cursor(node)

    # finding

    def find(self, text: str, *, move: bool = True) -> None:
        """Mark every key and value that holds `text`, in capitals or not; nothing marks nothing.

        With `move` the cursor goes to the first of them; places that are folded are opened.
        """
        self._text = text
        self._sought = re.compile(re.escape(safe(text)), re.IGNORECASE) if text else None
        self._matches, self._here, self._complete = [], -1, not text
        self.workers.cancel_node(self)
        if self._sought is not None:
            self._search(self._sought, move)
        else:
            self._tell_found()
        self._invalidate()

    @work(exit_on_error=False)
    async def _search(self, sought: re.Pattern[str], move: bool) -> None:
        data = self.root.data
        for parts in search(data.value if isinstance(data, Item) else None, sought):
            if parts is None:
                self._tell_found()
                await asyncio.sleep(0)
                continue
            self._matches.append(parts)
            if len(self._matches) == 1 and move:
                self._go(0)
            if len(self._matches) >= MOST:
                break
        else:
            self._complete = True
        self._tell_found()

    def action_match(self, by: int) -> None:
        """On to the next match, or back to the one before; around at the ends."""
        if self._matches:
            self._go((self._here + by) % len(self._matches) if self._here >= 0 else min(by, 0))
            self._tell_found()

    def _go(self, match: int) -> None:
        self._here = match % len(self._matches)
        self._reveal(self._matches[self._here])

    def _tell_found(self) -> None:
        self.post_message(
            self.Found(self, self._text, len(self._matches), self._here + 1, self._complete)
        )

    # painting

    def render_label(self, node: Node, base_style: RichStyle, style: RichStyle) -> Text:
        """One line: sign of folding, key, and the value or how much is in it."""
        data = node.data
        if isinstance(data, _More):
            rest = data.stop - data.start
            return text(((f"  … {words.amount(rest)} more", "accent"),), style)
        if isinstance(data, _Note):
            return text(((f"  {data.words}", "dim"),), style)
        line: list[tuple[str, Tone]] = []
        if node.allow_expand:
            line.append(("▾ " if node.is_expanded else "▸ ", "dim"))
        else:
            line.append(("  ", ""))
        if data is not None:
            if data.key is not None:
                line.append((f"{data.key}", "busy" if isinstance(data.key, str) else "dim"))
                line.append(("  ", ""))
            line += value_line(data.value)
        made = text(line, style)
        if self._sought is not None:
            made.highlight_regex(self._sought, _MATCH)
        return made
