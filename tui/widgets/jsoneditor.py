"""A place to write JSON in, which says where it is wrong while one writes."""

from __future__ import annotations

import json
from typing import Any

from textual import events
from textual.widgets import TextArea

from ...core.text import safe

MOST_COLOURED = 500 * 1024
"""Above so many characters colours would hold up typing."""


class JsonEditor(TextArea):
    """Plain text with line numbers; in colours where the parser for them is installed.

    What is put or pasted into it cannot drive the terminal: such characters stand as the escapes
    that JSON has for them.
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(
            inert(text), id=id, show_line_numbers=True, compact=True, highlight_cursor_line=False
        )
        if "json" in self.available_languages and _coloured() and len(text) < MOST_COLOURED:
            self.language = "json"

    def put(self, value: Any) -> None:
        """Show a JSON value, in lines, in the place of what was written."""
        self.load_text(inert(json.dumps(value, indent=2, ensure_ascii=False)))

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        await super()._on_paste(events.Paste(inert(event.text)))


def inert(text: str) -> str:
    """`text` with the escapes of JSON for every character that could drive a terminal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ")
    if safe(text, keep_newlines=True) == text:
        return text
    return "".join(
        char if char == "\n" or safe(char) == char else json.dumps(char)[1:-1] for char in text
    )


def _coloured() -> bool:
    """Whether the parser is installed."""
    from textual._tree_sitter import TREE_SITTER

    return TREE_SITTER
