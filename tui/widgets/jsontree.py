"""Any JSON value as a tree that grows where it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from rich.style import Style as RichStyle
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from ...core.text import clip
from .. import words
from ..ink import Line, Tone, text

_LONGEST = 2_000  # characters of a string that a line may show
_BATCH = 500  # children added at a time, so that a large array opens at once


class Item(NamedTuple):
    """A place in the value: its key or index, what is there, and the JSON path to it."""

    key: str | int | None
    value: Any
    path: str


class _More(NamedTuple):
    """The children of `item` from `start` on, not added yet."""

    item: Item
    start: int


class JsonTree(Tree[Item | _More]):
    """A JSON value, folded beyond its first level."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select_cursor", "fold", id="tree.fold"),
        Binding("j", "cursor_down", "down", show=False, id="tree.down"),
        Binding("k", "cursor_up", "up", show=False, id="tree.up"),
        Binding("g,home", "top", "top", show=False, id="tree.top"),
        Binding("G,end", "bottom", "bottom", show=False, id="tree.bottom"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 2

    def show(self, value: Any) -> None:
        """Show this value from its root."""
        item = Item(None, value, "$")
        self.root.remove_children()
        self.root.data = item
        if _children(value):
            self._grow(self.root, item, 0)
        else:
            self.root.add_leaf("", item)
        self.root.expand()
        self.cursor_line = 0

    @property
    def cursor_item(self) -> Item | None:
        """What the cursor is on."""
        data = self.cursor_node.data if self.cursor_node else None
        return data if isinstance(data, Item) else None

    def action_top(self) -> None:
        self.cursor_line = 0

    def action_bottom(self) -> None:
        self.cursor_line = self.last_line

    def _grow(self, node: TreeNode[Item | _More], item: Item, start: int) -> None:
        for count, child in enumerate(_items(item, start)):
            if count == _BATCH:
                node.add_leaf("", _More(item, start + count))
                return
            if _children(child.value):
                node.add("", child)
            else:
                node.add_leaf("", child)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Item | _More]) -> None:
        node, data = event.node, event.node.data
        if isinstance(data, Item) and not node.children:
            self._grow(node, data, 0)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Item | _More]) -> None:
        node, data = event.node, event.node.data
        if isinstance(data, _More) and node.parent is not None:
            parent = node.parent
            node.remove()
            self._grow(parent, data.item, data.start)

    def render_label(
        self, node: TreeNode[Item | _More], base_style: RichStyle, style: RichStyle
    ) -> Text:
        """One line: sign of folding, key, and the value or how much is in it."""
        data = node.data
        if isinstance(data, _More):
            rest = len(data.item.value) - data.start
            return text(((f"  … {words.amount(rest)} more", "accent"),), style)
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
        return text(line, style)


def value_line(value: Any) -> Line:
    """A JSON value in short: scalars whole, containers by what they hold."""
    match value:
        case dict():
            return ((f"{{{words.amount(len(value))}}}", "dim"),)
        case list():
            return ((f"[{words.amount(len(value))}]", "dim"),)
        case str():
            shown = clip(value, _LONGEST)
            note = f"  {words.amount(len(value))} characters" if len(value) > _LONGEST else ""
            return ((f'"{shown}"', ""), (note, "dim"))
        case bool():
            return (("true" if value else "false", ""),)
        case None:
            return (("null", "dim"),)
        case _:
            return ((str(value), ""),)


def _children(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _items(item: Item, start: int) -> Iterator[Item]:
    if isinstance(item.value, dict):
        for key in list(item.value)[start:]:
            yield Item(str(key), item.value[key], f"{item.path}.{key}")
    else:
        for index in range(start, len(item.value)):
            yield Item(index, item.value[index], f"{item.path}[{index}]")
