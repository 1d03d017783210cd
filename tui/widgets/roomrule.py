"""The rule that names the rooms, and marks the one that one is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from ..ink import Line, Span, width_of
from ..rooms import ROOMS
from .rule import Rule

if TYPE_CHECKING:
    from ..app import CxtopApp

_WIDE = (" ── ", True)
_TIGHT = (" ─ ", True)
_SHORT = (" ─ ", False)
_AROUND = 6
"""The rule's own ends, and the spaces around title and note."""


class RoomRule(Rule):
    """All rooms with their keys, and what waits in them; a click enters one."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]

    def __init__(self, mode: str) -> None:
        super().__init__(id="rooms")
        self._mode = mode
        self._ends: list[tuple[int, str]] = []
        self._noted: Line = ()

    def again(self) -> None:
        """Ask anew what waits in the rooms."""
        self.note(self._noted)

    def note(self, note: Line = ()) -> None:
        """What stands at the right; where that leaves too little room, the names give way."""
        self._noted = note
        room = self.size.width - width_of(note) - _AROUND
        for gap, named in (_WIDE, _TIGHT, _SHORT):
            spans, ends = self._rooms(gap, named=named)
            if not self.size.width or width_of(spans) <= room:
                break
        else:
            note = ()
        self._ends = ends
        self.tell(tuple(spans), note)

    def _rooms(self, gap: str, *, named: bool) -> tuple[list[Span], list[tuple[int, str]]]:
        spans: list[Span] = []
        ends: list[tuple[int, str]] = []
        for position, room in enumerate(ROOMS):
            if position:
                spans.append((gap, "track"))
            here = room.mode == self._mode
            title = f"{room.key} {room.title}" if named or here else room.key
            spans.append((title, "accent" if here else "dim"))
            spans += self.app.badge(room.mode)
            ends.append((2 + width_of(spans), room.mode))
        return spans, ends

    def on_resize(self) -> None:
        self.again()

    def on_mount(self) -> None:
        self.note()

    def on_click(self, event: events.Click) -> None:
        for end, mode in self._ends:
            if event.x <= end:
                self.app.switch_mode(mode)
                return
