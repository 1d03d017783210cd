"""The lanes of a call's attempts, with the window of time one looks through."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from ...core.models import Call
from ..clock import Clock
from ..ink import lines
from ..lanes import SHORTEST_S, Drawing, Window, draw, whole

_ZOOM = 2 / 3
_PAN = 0.2
_AXIS = 2


class Timeline(Widget):
    """Draws a call. Until one zooms or pans, the window holds all of it, however it grows."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A lane was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, call: Call, clock: Clock) -> None:
        super().__init__(id="timeline")
        self.call = call
        self.chosen = 1
        self._clock = clock
        self._window: Window | None = None

    # what is shown

    def show(self, call: Call) -> None:
        """Draw this state of the call."""
        self.call = call
        self.refresh(layout=True)

    def choose(self, number: int) -> None:
        """Let the lane of this attempt stand out, and be in view."""
        if number != self.chosen:
            self.chosen = number
            self.refresh()

    @property
    def window(self) -> Window:
        """The time that is drawn now."""
        return self._window or whole(self.call, self._clock())

    @property
    def is_whole(self) -> bool:
        """Whether the window follows the call."""
        return self._window is None

    def _drawing(self, width: int) -> Drawing:
        return draw(self.call, self._clock(), self.window, width, chosen=self.chosen)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._drawing(width).lines)

    def render(self) -> Content:
        """The axis, and as many lanes as there is room for, the chosen one among them."""
        drawing = self._drawing(self.size.width)
        rows = [row for lane in drawing.lanes for row in lane.rows]
        first = self._first(drawing, self.size.height - _AXIS)
        return lines([*drawing.axis, *rows[first : first + max(0, self.size.height - _AXIS)]])

    def _first(self, drawing: Drawing, room: int) -> int:
        """How many rows of lanes are above what is shown."""
        ends = 0
        past = len(self.call.attempts)
        for lane in drawing.lanes:
            ends += len(lane.rows)
            # With the last attempt that is over, what goes on now is in view too.
            if lane.number == self.chosen < past:
                break
        return max(0, ends - room)

    # what the screen asks

    def zoom(self, way: int) -> None:
        """Nearer, around the chosen attempt, or farther."""
        start, end = next(
            (lane.span for lane in self._drawing(80).lanes if lane.number == self.chosen),
            (self.window.start, self.window.end),
        )
        factor = _ZOOM if way > 0 else 1 / _ZOOM
        self._window = self.window.zoomed(factor, (start + end) / 2)
        self.refresh()

    def pan(self, way: int) -> None:
        """Earlier or later."""
        self._window = self.window.panned(way * _PAN)
        self.refresh()

    def look_at_chosen(self) -> None:
        """Just the chosen attempt and the wait after it."""
        spans = [lane.whole for lane in self._drawing(80).lanes if lane.number == self.chosen]
        for start, end in spans:
            length = max(end - start, SHORTEST_S)
            self._window = Window(start - 0.1 * length, 1.4 * length)
        self.refresh()

    def fit(self) -> None:
        """All of the call, from now on."""
        self._window = None
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        drawing = self._drawing(self.size.width)
        row = event.y - _AXIS + self._first(drawing, self.size.height - _AXIS)
        for lane in drawing.lanes:
            if 0 <= row < len(lane.rows) and event.y >= _AXIS:
                self.post_message(self.Chosen(lane.number))
                return
            row -= len(lane.rows)
