"""The attempts of a call on a true time scale: a pure drawing, a lane an attempt.

A column is a span of time, the same everywhere. Bars are exact to half a column, and never
shorter than that, so that a quick attempt can still be seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.models import Attempt, Call, CallState
from .attempts import (
    attempt_sign,
    countdown,
    ended_at,
    is_live,
    next_began_at,
    seconds,
    wait_words,
)
from .canvas import Canvas
from .ink import Line, Tone
from .signs import Sign

SHORTEST_S = 0.001
LONGEST_S = 366 * 86_400.0
_MARGIN = 0.12
_STEPS = (
    *(base * 10.0**power for power in range(-4, 1) for base in (1, 2, 5)),
    *(10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0 * hours for hours in (1, 2, 3, 6, 12)),
    *(86_400.0 * days for days in (1, 2, 7, 30, 90, 365)),
)


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is drawn: from `start` seconds after the call began, `length` seconds long."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """Its last moment."""
        return self.start + self.length

    def zoomed(self, factor: float, around: float) -> Window:
        """`factor` times as long; what is at `around` stays where it is, or comes to the middle."""
        length = min(LONGEST_S, max(SHORTEST_S, self.length * factor))
        share = (around - self.start) / self.length
        if not 0 <= share <= 1:
            share = 0.5
        return Window(around - share * length, length)

    def panned(self, share: float) -> Window:
        """Moved by a share of its length."""
        return Window(self.start + share * self.length, self.length)


@dataclass(frozen=True, slots=True)
class Lane:
    """One attempt as drawn: its bar, and below it the wait that followed, if there was one.

    `number` is the attempt's; `span` is when it was, in seconds after the call began, and
    `whole` adds the wait.
    """

    number: int
    span: tuple[float, float]
    whole: tuple[float, float]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The axis, two lines, and the lanes under it; every line is `width` cells wide at most."""

    axis: tuple[Line, Line]
    lanes: tuple[Lane, ...]

    @property
    def lines(self) -> list[Line]:
        """All of it."""
        return [*self.axis, *(row for lane in self.lanes for row in lane.rows)]


@dataclass(frozen=True, slots=True)
class _Wait:
    start: float
    end: float
    words: str


@dataclass(frozen=True, slots=True)
class _Try:
    """What a lane shows: an attempt that was, one under way (`open`), or one to come."""

    number: int
    start: float
    end: float
    sign: Sign
    wait: _Wait | None = None
    to_come: bool = False


class _Scale:
    """Where a moment lies among the columns."""

    def __init__(self, window: Window, width: int) -> None:
        self.window = window
        self.width = width

    def at(self, moment: float) -> float:
        # Far outside is as good as just outside, and keeps numbers small.
        share = (moment - self.window.start) / self.window.length
        return min(2.0, max(-1.0, share)) * self.width

    def column(self, moment: float) -> int:
        return math.floor(self.at(moment))


def whole(call: Call, now: datetime) -> Window:
    """The window that shows all of the call, what is planned too, with room for the last label."""
    spans = [(piece.start, piece.end) for piece in _tries(call, now)]
    first = min((start for start, _ in spans), default=0.0)
    last = max((end for _, end in spans), default=0.0)
    length = max(last - first, SHORTEST_S)
    return Window(first - 0.01 * length, length * (1 + _MARGIN))


def draw(call: Call, now: datetime, window: Window, width: int, *, chosen: int = 0) -> Drawing:
    """The call in `window` at the moment `now`, in `width` cells; lane `chosen` stands out."""
    tries = _tries(call, now)
    gutter = min(_gutter(tries), max(0, width))
    scale = _Scale(window, max(0, width - gutter))
    moment = _offset(call, now)
    axis = _axis(scale, gutter, moment)
    lanes = [_lane(piece, scale, gutter, moment, piece.number == chosen) for piece in tries]
    return Drawing(axis, tuple(lanes))


def ticks(window: Window, width: int) -> list[float]:
    """Round moments in the window, so far apart that their labels do not touch."""
    if width <= 0:
        return []
    for step in _STEPS:
        count = window.length / step
        if count > width:
            continue
        first = math.ceil(window.start / step)
        marks = [number * step for number in range(first, math.floor(window.end / step) + 1)]
        widest = max((len(tick_label(mark)) for mark in marks), default=1)
        if step / window.length * width >= widest + 5:
            return marks
    return []


def tick_label(moment: float) -> str:
    """A moment on the axis: `0 s`, `250 ms`, `2.5 s`, `1 m 30 s`, `2 h`."""
    sign = "−" if moment < -1e-9 else ""
    size = abs(moment)
    if size < 1e-9:
        return "0 s"
    if size < 1:
        return f"{sign}{_trimmed(size * 1000, 1)} ms"
    if size < 60:
        return f"{sign}{_trimmed(size, 4)} s"
    parts = []
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "m")):
        if size >= unit:
            parts.append(f"{int(size // unit)} {name}")
            size -= size // unit * unit
    if size >= 1e-4:
        parts.append(f"{_trimmed(size, 4)} s")
    return sign + " ".join(parts)


def _trimmed(number: float, places: int) -> str:
    text = f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# what there is to draw


def _offset(call: Call, moment: datetime) -> float:
    return (moment - call.started_at).total_seconds()


def _tries(call: Call, now: datetime) -> list[_Try]:
    made: list[_Try] = []
    following = [*call.attempts[1:], None]
    for attempt, after in zip(call.attempts, following, strict=False):
        start, end = _offset(call, attempt.started_at), _offset(call, ended_at(attempt))
        wait = _wait(call, attempt, after)
        made.append(_Try(attempt.number, start, end, attempt_sign(attempt), wait))
    if not is_live(call, now):
        return made
    number = len(call.attempts) + 1
    begins = _offset(call, next_began_at(call))
    if call.state is CallState.WAITING:
        left = countdown(call, now)
        word = f"in {left}" if left != "now" else "now"
        made.append(_Try(number, begins, begins, ("◷", word, "accent"), to_come=True))
    else:
        ends = max(begins, _offset(call, now))
        made.append(_Try(number, begins, ends, ("▶", "asking", "busy")))
    return made


def _wait(call: Call, attempt: Attempt, after: Attempt | None) -> _Wait | None:
    begins = _offset(call, ended_at(attempt))
    if attempt.wait_s is not None:
        ends = begins + max(0.0, attempt.wait_s)
        if call.next_attempt_at is not None and after is None:
            ends = max(begins, _offset(call, call.next_attempt_at))
        return _Wait(begins, ends, wait_words(attempt))
    if after is None:
        return None
    # Nobody said why, yet there was a time in which nothing was sent.
    ends = _offset(call, after.started_at)
    return _Wait(begins, ends, f"pause {seconds(ends - begins)}") if ends > begins else None


def _gutter(tries: Sequence[_Try]) -> int:
    digits = max((len(str(piece.number)) for piece in tries), default=1)
    return digits + 4


# drawing it


def _axis(scale: _Scale, gutter: int, now: float) -> tuple[Line, Line]:
    labels, rule = Canvas(scale.width), Canvas(scale.width)
    rule.put(0, "─" * scale.width, "track")
    here = scale.column(now)
    if 0 <= here < scale.width:
        labels.put(min(here, max(0, scale.width - len("now"))), "now", "accent")
    for mark in ticks(scale.window, scale.width):
        column, label = scale.column(mark), tick_label(mark)
        if not 0 <= column < scale.width:
            continue
        rule.put(column, "┬", "head")
        if labels.is_free(column - 1, column + len(label) + 1) and (
            column + len(label) <= scale.width
        ):
            labels.put(column, label, "head")
    if 0 <= here < scale.width:
        rule.put(here, "▼", "accent")
    blank: Line = ((" " * gutter, ""),)
    return (*blank, *labels.line()), (*blank, *rule.line())


def _lane(piece: _Try, scale: _Scale, gutter: int, now: float, chosen: bool) -> Lane:
    sign, _, tone = piece.sign
    number: Line = (
        ("▌" if chosen else " ", "accent"),
        (f"{piece.number:>{max(1, gutter - 4)}} ", "strong" if chosen else "dim"),
        (sign, tone),
        (" ", ""),
    )
    rows: list[Line] = [(*_within(number, gutter), *_bar(piece, scale, now))]
    if piece.wait is not None:
        rows.append(((" " * gutter, ""), *_waiting(piece.wait, scale, now)))
    ends = piece.end if piece.wait is None else max(piece.end, piece.wait.end)
    return Lane(piece.number, (piece.start, piece.end), (piece.start, ends), tuple(rows))


def _within(line: Line, width: int) -> Line:
    canvas = Canvas(width)
    column = 0
    for text, tone in line:
        canvas.put(column, text, tone)
        column += len(text)
    return canvas.line()


def _bar(piece: _Try, scale: _Scale, now: float) -> Line:
    canvas = Canvas(scale.width)
    _, word, tone = piece.sign
    first, last = scale.column(piece.start), scale.column(piece.start)
    if piece.to_come:
        canvas.put(first, "▷", tone)
    else:
        first, last = _fill(canvas, scale, piece.start, piece.end, tone)
    label: Tone = "" if tone in ("good", "dim") else tone
    if last < 0:
        canvas.put(0, f"‹ {word}", "dim")
    elif first >= scale.width:
        text = f"{word} ›"
        canvas.put(max(0, scale.width - len(text)), text, "dim")
    else:
        canvas.label(last + 2, first - 1, word, label)
    _mark_now(canvas, scale, now)
    return canvas.line()


def _fill(canvas: Canvas, scale: _Scale, start: float, end: float, tone: Tone) -> tuple[int, int]:
    """Paint a bar to half a cell; gives its first and last column, also where they are outside."""
    left = math.floor(scale.at(start) * 2)
    right = max(left + 1, math.ceil(scale.at(end) * 2))
    first, last = left // 2, (right - 1) // 2
    for column in range(max(0, first), min(scale.width, last + 1)):
        halves = (max(left, 2 * column), min(right, 2 * column + 2))
        whole = halves[1] - halves[0] == 2
        canvas.put(column, "█" if whole else "▐" if halves[0] % 2 else "▌", tone)
    return first, last


def _waiting(wait: _Wait, scale: _Scale, now: float) -> Line:
    canvas = Canvas(scale.width)
    first = max(0, scale.column(wait.start))
    last = min(scale.width, math.ceil(scale.at(wait.end)))
    over = scale.at(now)
    for column in range(first, last):
        canvas.put(column, "╌", "warn" if column < over else "track")
    text = f" {wait.words} "
    if last - first >= len(text) + 2:
        canvas.put(first + (last - first - len(text)) // 2, text, "dim")
    elif last > 0 and first < scale.width:
        canvas.label(max(last, 1) + 1, first - 1, wait.words, "dim")
    _mark_now(canvas, scale, now)
    return canvas.line()


def _mark_now(canvas: Canvas, scale: _Scale, now: float) -> None:
    here = scale.column(now)
    if 0 <= here < scale.width and canvas.is_free(here, here + 1):
        canvas.put(here, "┊", "accent")
