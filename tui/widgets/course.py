"""A series over time, drawn as a chart, with a limit across it where there is one.

Importing this loads numpy, so only the screens that draw a chart import it, and only then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10

from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter
from textual_plot.plot_widget import Legend

from ..ink import Tone, in_words

Point = tuple[datetime, float]

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320)
_STEPS = (5.0, 10.0, 15.0, 30.0, *(60.0 * minutes for minutes in _MINUTES))
_FRAME = 3
"""The rows of a chart that its frame and the times take."""

_DAY_S = 86_400.0
_LABEL = 12
"""How many cells a time below the chart needs with the space around it."""


class _Canvas(Canvas):
    """A canvas whose rows beyond what is drawn have a style, without which NO_COLOR fails."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip.blank(self.size.width, self.rich_style)


class Course(PlotWidget, can_focus=False):
    """Points in time under one line; what is above `limit` is drawn in the tone of what is bad."""

    DEFAULT_CSS = """
    Course > .plot--axis { color: $foreground 12%; }
    Course > .plot--tick { color: $foreground 55%; text-style: none; }
    """
    ALLOW_SELECT = False

    def __init__(
        self, said: Callable[[float], str], *, tone: Tone = "busy", id: str | None = None
    ) -> None:
        super().__init__(id=id, allow_pan_and_zoom=False)
        self._points: Sequence[Point] = ()
        self._limit: float | None = None
        self._tone: Tone = tone
        self._drawn_for: tuple[object, ...] = ()
        self.set_x_formatter(_Times(lambda: max(2, self.size.width // _LABEL)))
        self._amounts = _Amounts(said, lambda: self.size.height - _FRAME)
        self.set_y_formatter(self._amounts)

    def compose(self) -> ComposeResult:
        """The canvases under the ids that the plot looks for."""
        with Grid():
            for name in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=name)
        yield Legend(id="legend")

    def on_mount(self) -> None:
        super().on_mount()
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, 9
        self._draw()

    def show(self, points: Sequence[Point], limit: float | None = None) -> None:
        """Draw these points, the oldest first, and a limit across them."""
        if (points, limit) != (self._points, self._limit):
            self._points, self._limit = points, limit
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        tones: tuple[Tone, Tone] = (self._tone, "bad")
        styles = tuple(in_words(tone, self.visual_style) for tone in tones)
        drawn = (self._points, self._limit, self.size, styles)
        if drawn == self._drawn_for or len(self._points) < 2:
            return
        self._drawn_for = drawn
        self.clear()
        usual, bad = styles
        self._amounts.limit = self._limit
        points = [(at.timestamp(), value) for at, value in thinned(self._points, self._room)]
        first, last = points[0][0], points[-1][0]
        top = max(value for _, value in points)
        self.set_xlimits(first, max(last, first + 1))
        self.set_ylimits(0.0, max(1.2 * top, 1.5 * (self._limit or 0.0), 1e-3))
        if self._limit is not None:
            count = max(2, self.size.width)
            across = [first + (last - first) * step / (count - 1) for step in range(count)]
            self.scatter(across, [self._limit] * count, marker="╌", marker_style=bad)
        for part, above in parted(points, self._limit):
            self.plot(
                *_columns(part), line_style=bad if above else usual, hires_mode=HiResMode.BRAILLE
            )

    @property
    def _room(self) -> int:
        """How many points can be told apart: two in a cell."""
        return max(16, 2 * (self.size.width - self.margin_left))


def thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """At most `most` of the points; of those that share a place, the greatest stands for all."""
    if len(points) <= most:
        return points
    size = ceil(len(points) / most)
    parts = (points[start : start + size] for start in range(0, len(points), size))
    return [max(part, key=lambda point: point[1]) for part in parts]


def parted(
    points: Sequence[tuple[float, float]], limit: float | None
) -> list[tuple[list[tuple[float, float]], bool]]:
    """The line cut where it crosses the limit, each part with whether it is above."""
    if limit is None:
        return [(list(points), False)]
    parts: list[tuple[list[tuple[float, float]], bool]] = [([points[0]], points[0][1] > limit)]
    for (x0, y0), (x1, y1) in pairwise(points):
        if (y0 > limit) != (y1 > limit):
            crossing = (x0 + (x1 - x0) * (limit - y0) / (y1 - y0), limit)
            parts[-1][0].append(crossing)
            parts.append(([crossing], y1 > limit))
        parts[-1][0].append((x1, y1))
    return parts


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


class _Times(AxisFormatter):
    """Times of day in the user's zone at round steps; days where the chart spans several."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._step = _STEPS[0]

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        least = (max_ - min_) / min(max_ticks, self._most())
        self._step = _STEPS[min(bisect_right(_STEPS, least), len(_STEPS) - 1)]
        zone = datetime.fromtimestamp(min_).astimezone().utcoffset() or timedelta()
        shift = zone.total_seconds()
        first = ceil((min_ + shift) / self._step) * self._step - shift
        return [first + self._step * n for n in range(int((max_ - first) // self._step) + 1)]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        form = "%d %b" if self._step >= _DAY_S else "%H:%M" if self._step >= 60 else "%H:%M:%S"
        return [datetime.fromtimestamp(tick).astimezone().strftime(form) for tick in ticks]


class _Amounts(AxisFormatter):
    """Amounts from 0 at round steps, in the words of what they count, and the limit among them."""

    def __init__(self, said: Callable[[float], str], rows: Callable[[], int]) -> None:
        self._said = said
        self._rows = rows
        self.limit: float | None = None

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        rows = max(2, self._rows())
        least = (max_ - min_) / min(max_ticks, max(2, rows // 3))
        size = 10.0 ** floor(log10(least))
        step = next(size * round_one for round_one in (1, 2, 5, 10) if size * round_one >= least)
        ticks = [step * n for n in range(int(max_ // step) + 1)]
        if self.limit is None:
            return ticks
        near = 1.6 * (max_ - min_) / rows
        return sorted([self.limit, *(tick for tick in ticks if abs(tick - self.limit) > near)])

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._said(tick) for tick in ticks]
