"""A viewer of lines that paints only what is on screen, however many there are."""

from __future__ import annotations

import asyncio
import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from ...core.text import safe
from ..ink import Line, Span, segments, width_of
from .found import MOST, Found

_EDGE = 2  # the cursor's bar, and a space
_STEP = 8  # cells that one key scrolls to the side
_SLICE = 2_000  # lines that are searched before others have their turn


class LinesView(ScrollView, can_focus=True):
    """Lines under a cursor, never wrapped; text in them can be found.

    Posts `CursorMoved` when the cursor comes to another line and `Found` when a search gets on.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor", "lines--match", "lines--here"}
    DEFAULT_CSS = """
    LinesView {
        height: 1fr;
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    LinesView > .lines--cursor { background: $panel; }
    LinesView > .lines--match { background: $accent 30%; text-style: underline; }
    LinesView > .lines--here { background: $accent; color: $background; text-style: bold; }
    """
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False, id="lines.down"),
        Binding("up,k", "move(-1)", "up", show=False, id="lines.up"),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False, id="lines.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False, id="lines.page_up"),
        Binding("home,g", "top", "top", show=False, id="lines.top"),
        Binding("end,G", "bottom", "bottom", show=False, id="lines.bottom"),
        Binding("shift+left,h", "aside(-1)", "scroll left", show=False, id="lines.left"),
        Binding("shift+right,l", "aside(1)", "scroll right", show=False, id="lines.right"),
        Binding("n", "match(1)", "next match", show=False, id="lines.next"),
        Binding("N", "match(-1)", "previous match", show=False, id="lines.previous"),
    ]

    class CursorMoved(Message):
        """The cursor came to another line, counted from 0."""

        def __init__(self, view: LinesView, line: int) -> None:
            super().__init__()
            self.view = view
            self.line = line

        @property
        def control(self) -> LinesView:
            return self.view

    class Found(Found):
        """How far a search in the lines has got."""

        def __init__(
            self, view: LinesView, text: str, count: int, position: int, complete: bool
        ) -> None:
            super().__init__(text, count, position, complete)
            self.view = view

        @property
        def control(self) -> LinesView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: Sequence[Line] = ()
        self.cursor = 0
        self.left = 0
        self._sought: re.Pattern[str] | None = None
        self._text = ""
        self._match_lines = array("Q")
        self._match_columns = array("Q")
        self._here = -1
        self._complete = True
        self._told = 0

    # what is in it

    def show(self, lines: Sequence[Line], *, keep: bool = False) -> None:
        """Show these lines from their top, or from where the cursor is (`keep`)."""
        self.lines = lines
        self.cursor = max(0, min(self.cursor, len(lines) - 1)) if keep else 0
        self.left = self.left if keep else 0
        self.virtual_size = Size(self.size.width, len(lines))
        if not keep:
            self.scroll_to(0, 0, animate=False, force=True)
        self._tell()
        if self._text:
            self.find(self._text, move=False)
        self.refresh()

    # finding

    def find(self, text: str, *, move: bool = True) -> None:
        """Mark every place that holds `text`, in capitals or not; nothing marks nothing.

        With `move` the cursor goes to the first match from where it is.
        """
        self._text = text
        self._sought = re.compile(re.escape(safe(text)), re.IGNORECASE) if text else None
        self._match_lines, self._match_columns = array("Q"), array("Q")
        self._here = -1
        self._complete = not text
        self.workers.cancel_node(self)
        if text:
            self._search(self._sought, move)  # pyright: ignore[reportArgumentType]
        else:
            self._tell_found()
        self.refresh()

    @work(exit_on_error=False)
    async def _search(self, sought: re.Pattern[str], move: bool) -> None:
        lines, start = self.lines, self.cursor
        for index in range(len(lines)):
            if index % _SLICE == 0 and index:
                self._tell_found()
                await asyncio.sleep(0)
            for found in sought.finditer(_plain(lines[index])):
                self._match_lines.append(index)
                self._match_columns.append(found.start())
            if move and self._here < 0 and self._match_lines and self._match_lines[-1] >= start:
                self._go(bisect_left(self._match_lines, start))
            if len(self._match_lines) >= MOST:
                break
        else:
            self._complete = True
        if move and self._here < 0 and self._match_lines:
            self._go(0)
        self._tell_found()
        self.refresh()

    def action_match(self, by: int) -> None:
        """On to the next match, or back to the one before; around at the ends."""
        count = len(self._match_lines)
        if not count:
            return
        if self._here >= 0 and self._match_lines[self._here] == self.cursor:
            self._go((self._here + by) % count)
        else:
            after = bisect_left(self._match_lines, self.cursor + (by > 0))
            self._go((after if by > 0 else after - 1) % count)
        self._tell_found()

    def _go(self, match: int) -> None:
        self._here = match
        line, column = self._match_lines[match], self._match_columns[match]
        text = _plain(self.lines[line])
        start = width_of(((text[:column], ""),))
        stop = start + width_of(((safe(self._text), ""),))
        room = self._room
        if not self.left <= start <= stop <= self.left + room - 1:
            self.left = 0 if stop < room else max(0, start - room // 3)
        self.move_to(line)

    def _tell_found(self) -> None:
        self.post_message(
            self.Found(self, self._text, len(self._match_lines), self._here + 1, self._complete)
        )

    # moving

    @property
    def _room(self) -> int:
        return max(1, self.scrollable_content_region.width - _EDGE)

    def move_to(self, line: int) -> None:
        """Bring the cursor to a line and the line into view."""
        self.cursor = max(0, min(line, len(self.lines) - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self._tell()
        self.refresh()

    def _tell(self) -> None:
        if self.cursor != self._told:
            self._told = self.cursor
            self.post_message(self.CursorMoved(self, self.cursor))

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1))

    def action_top(self) -> None:
        self.left = 0
        self.move_to(0)

    def action_bottom(self) -> None:
        self.move_to(len(self.lines) - 1)

    def action_aside(self, by: int) -> None:
        """Scroll to the side, as far as the lines on screen are long."""
        top = int(self.scroll_offset.y)
        shown = range(top, min(len(self.lines), top + self.size.height))
        longest = max((width_of(self.lines[index]) for index in shown), default=0)
        self.left = max(0, min(self.left + by * _STEP, longest - self._room))
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        line = int(self.scroll_offset.y) + event.y
        if line < len(self.lines):
            self.move_to(line)

    # painting

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.lines))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.visual_style
        index = int(self.scroll_offset.y) + y
        if index >= len(self.lines):
            return Strip.blank(width, base.rich_style)
        edge: Line = ()
        if index == self.cursor:
            edge = (("▌", "accent" if self.has_focus else "dim"),)
            if self.has_focus:
                base += self._component("lines--cursor")
        room = self._room
        whole = Strip(self._painted(index, base))
        shown = whole.crop(self.left, self.left + room).adjust_cell_length(room, base.rich_style)
        if whole.cell_length > self.left + room:
            goes_on = Strip(segments((("…", "dim"),), base, 1))
            shown = Strip.join((shown.crop(0, room - 1), goes_on))
        return Strip([*segments(edge, base, _EDGE), *shown]).adjust_cell_length(
            width, base.rich_style
        )

    def _painted(self, index: int, base: Style) -> list[Segment]:
        line = self.lines[index]
        if self._sought is None:
            return segments(line, base, width_of(line))
        made: list[Segment] = []
        here = self._here_on(index)
        spots = [found.span() for found in self._sought.finditer(_plain(line))]
        for piece, (start, _) in _cut(line, spots):
            style = base
            if start >= 0:
                style += self._component("lines--here" if start == here else "lines--match")
            made += segments((piece,), style, width_of((piece,)))
        return made

    def _here_on(self, index: int) -> int:
        """The column of the match that the cursor is on, if it is in this line."""
        if self._here < 0 or self._match_lines[self._here] != index:
            return -1
        return self._match_columns[self._here]

    def _component(self, name: str) -> Style:
        return self.get_visual_style(name, partial=True)


def _plain(line: Line) -> str:
    return "".join(safe(text) for text, _ in line)


def _cut(line: Line, spots: list[tuple[int, int]]) -> list[tuple[Span, tuple[int, int]]]:
    """The spans of a line, cut at the spots; each with the spot it is in, or `(-1, -1)`."""
    made: list[tuple[Span, tuple[int, int]]] = []
    at = 0
    waiting = list(reversed(spots))
    for raw, tone in line:
        text = safe(raw)
        while text:
            while waiting and waiting[-1][1] <= at:
                waiting.pop()
            spot = waiting[-1] if waiting else None
            if spot is None or at < spot[0]:
                size = len(text) if spot is None else min(len(text), spot[0] - at)
                made.append(((text[:size], tone), (-1, -1)))
            else:
                size = min(len(text), spot[1] - at)
                made.append(((text[:size], tone), spot))
            at += size
            text = text[size:]
    return made
