"""A place to write JSON in, which says where it is wrong while one writes."""

from __future__ import annotations

import json
from typing import Any

from rich.style import Style
from textual import events, on
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from ...core.text import safe
from ..ink import Tone, colour

MOST_COLOURED = 200 * 1024
"""Above so many characters colours would hold up typing."""

_JSON = "json"
_LOOK = "cxtop"

# What is broken has no colour of its own: half of what is written is, until its bracket is closed.
_PARTS = """
(pair key: (string) @key)
(number) @plain
[(true) (false) (null)] @plain
["," ":" "[" "]" "{" "}"] @mark
(escape_sequence) @mark
"""
_TONES: dict[str, Tone] = {"key": "busy", "plain": "accent", "mark": "head"}


class JsonEditor(TextArea):
    """Text with line numbers, in the colours of JSON while it is not too long for them.

    What is put or pasted into it cannot drive the terminal: such characters stand as the escapes
    that JSON has for them.
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id, show_line_numbers=True, compact=True, highlight_cursor_line=False)
        self.update_highlight_query(_JSON, _PARTS)
        self.load_text(inert(text))

    def on_mount(self) -> None:
        self._dress()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._dress())

    def put(self, value: Any) -> None:
        """Show a JSON value, in lines, in the place of what was written."""
        self.load_text(inert(json.dumps(value, indent=2, ensure_ascii=False)))

    def load_text(self, text: str) -> None:
        """Show `text` in the place of what was written."""
        # Not through the watcher, which would parse what is thrown away.
        self.set_reactive(TextArea.language, _JSON if len(text) <= MOST_COLOURED else None)
        super().load_text(text)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        text = inert(event.text)
        self._fit(len(self.text) + len(text))
        await super()._on_paste(events.Paste(text))

    @on(TextArea.Changed)
    def _written(self) -> None:
        self._fit(len(self.text))

    def _fit(self, length: int) -> None:
        """Colours for a text of so many characters, or none."""
        language = _JSON if length <= MOST_COLOURED else None
        if language != self.language:
            selection = self.selection
            self.language = language
            self.selection = selection

    def _dress(self) -> None:
        """Takes the colours of the app's theme."""
        styles = {
            part: Style(color=colour(tone, self.visual_style)) for part, tone in _TONES.items()
        }
        self.register_theme(TextAreaTheme(_LOOK, syntax_styles=styles))
        self.theme = _LOOK


def inert(text: str) -> str:
    """`text` with the escapes of JSON for every character that could drive a terminal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ")
    if safe(text, keep_newlines=True) == text:
        return text
    return "".join(
        char if char == "\n" or safe(char) == char else json.dumps(char)[1:-1] for char in text
    )
