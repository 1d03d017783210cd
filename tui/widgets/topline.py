"""The line at the top: which platform, how it answers, and how much may still be asked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from ...core.states import ConnectionState
from .. import words
from ..bars import bar
from ..ink import Line, Span, content, width_of
from ..signs import Sign, connection_sign

if TYPE_CHECKING:
    from ...core.live import Monitor
    from ..app import CxtopApp


class TopLine(Widget):
    """Profile, platform, connection, budget, next poll, time; the least needed leaves first."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]
    ALLOW_SELECT = False

    def render(self) -> Content:
        """The line in the width there is."""
        width = self.size.width - 2
        if (made := self.app.launch.exhibit) is not None:
            return content(*self._exhibited(made, width))
        left: Line = (
            ("cxtop", "accent"),
            ("  ", ""),
            (self.app.profile_name or "no profile", "strong"),
        )
        parts = self._parts(self.app.now())
        while parts and width_of(left) + sum(width_of(part) + 3 for _, part in parts) > width:
            parts.remove(max(parts, key=lambda part: part[0]))
        spans: list[Span] = list(left)
        shown = [part for _, part in parts]
        if parts and parts[0][0] == 3:
            spans += [("  ", ""), *shown.pop(0)]
        rest = sum(width_of(part) for part in shown) + 3 * max(0, len(shown) - 1)
        spans.append((" " * max(1, width - width_of(spans) - rest), ""))
        for position, part in enumerate(shown):
            spans += [("   ", "") if position else ("", ""), *part]
        return content(*spans)

    def _parts(self, now: datetime) -> list[tuple[int, Line]]:
        """The parts from left to right, each with the rank in which it gives way."""
        parts: list[tuple[int, Line]] = [(1, ((words.clock(now), ""),))]
        if self.app.profile_name is None:
            return parts
        sign, word, tone = self._connection()
        parts.clear()
        if self.app.platform_words:
            parts.append((3, ((self.app.platform_words, "dim"),)))
        parts.append((0, ((f"{sign} {word}", tone),)))
        if (monitor := self.app.monitor) is not None:
            budget = monitor.budget
            left = budget.remaining / budget.allowed if budget.allowed else 0.0
            level = "bad" if left < 0.1 else "warn" if left < 0.3 else "dim"
            reset = budget.resets_at
            until = (
                f" · {words.whole_span((reset - now).total_seconds())}"
                if reset is not None and reset > now
                else ""
            )
            parts.append((4, (("calls left ", "dim"), *bar(left, 8, level))))
            parts.append((2, ((f"{budget.remaining}/{budget.allowed}{until}", level),)))
            parts.append((5, ((f"next poll {self._next_poll(monitor, now)}", "dim"),)))
        parts.append((1, ((words.clock(now), ""),)))
        return parts

    def _connection(self) -> Sign:
        state = self.app.connection.state
        monitor = self.app.monitor
        if state is ConnectionState.CONNECTING and monitor is not None and not monitor.views():
            # Nobody has asked yet, so that there is nothing to wait for.
            return "○", "nothing asked yet", "dim"
        return connection_sign(state)

    def _exhibited(self, made: datetime, width: int) -> Line:
        """In a snapshot the time stands still, and nobody is asked: only what it is is said."""
        name = self.app.profile_name or "no profile"
        spans: list[Span] = [
            ("cxtop", "accent"),
            ("  ", ""),
            ("■ snapshot of ", "warn"),
            (name, "strong"),
            (f" · {words.day_and_time(made)}", ""),
        ]
        note = self.app.platform_words
        room = width - width_of(spans) - width_of(((note, ""),))
        return (*spans, (" " * room, ""), (note, "dim")) if room > 2 else tuple(spans)

    def _next_poll(self, monitor: Monitor, now: datetime) -> str:
        due = [view.next_poll_at for view in monitor.views() if view.next_poll_at is not None]
        if monitor.paused or not due:
            return words.NOTHING
        return words.whole_span((min(due) - now).total_seconds())
