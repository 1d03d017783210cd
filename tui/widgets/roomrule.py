"""The rule that names the rooms, and marks the one that one is in."""

from __future__ import annotations

from textual import events

from ..ink import Line, Span, width_of
from ..rooms import ROOMS
from .rule import Rule


class RoomRule(Rule):
    """All rooms with their keys; a click enters one."""

    def __init__(self, mode: str) -> None:
        super().__init__(id="rooms")
        self._mode = mode
        self._ends: list[tuple[int, str]] = []

    def note(self, note: Line = ()) -> None:
        """What stands at the right."""
        spans: list[Span] = []
        self._ends.clear()
        for position, room in enumerate(ROOMS):
            if position:
                spans.append((" ── ", "track"))
            here = room.mode == self._mode
            spans.append((f"{room.key} {room.title}", "accent" if here else "dim"))
            self._ends.append((2 + width_of(spans), room.mode))
        self.tell(tuple(spans), note)

    def on_mount(self) -> None:
        self.note()

    def on_click(self, event: events.Click) -> None:
        for end, mode in self._ends:
            if event.x <= end:
                self.app.switch_mode(mode)
                return
