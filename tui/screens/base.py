"""What every screen of cxtop has: the top line, the banner, the keys, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from ..widgets.banner import Banner
from ..widgets.roomrule import RoomRule
from ..widgets.topline import TopLine

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope
    from ..app import CxtopApp

WIDE = 120


class CxScreen(Screen[None]):
    """A full screen. `ABOUT` is its page in the help, in plain sentences."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]
    ABOUT: ClassVar[str] = ""
    ACTS: ClassVar[frozenset[str]] = frozenset()
    """The actions that ask a platform, or change what is kept."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", id="screen.back"),
    ]

    def compose(self) -> ComposeResult:
        """The frame around the screen's own body."""
        yield TopLine()
        yield Banner()
        yield from self.body()
        yield Footer(show_command_palette=False, compact=True)

    def body(self) -> Iterable[Widget]:
        """What lies between the top line and the keys."""
        return ()

    @property
    def is_there(self) -> bool:
        """Whether it is made, and not being taken apart: a leaving app loses widgets first."""
        return self.is_mounted and bool(self.query(Banner))

    def on_mount(self) -> None:
        self.set_interval(1.0, self._second)
        self.tell_connection()

    def _second(self) -> None:
        if self.is_current:
            self.query_one(TopLine).refresh()
            self.tick()

    def on_screen_resume(self) -> None:
        self.tell_connection()
        self.renew()

    def tell_connection(self) -> None:
        """Show how the platform answers now."""
        self.query_one(Banner).tell(self.app.connection)
        self.query_one(TopLine).refresh()

    def renew(self) -> None:
        """Ask anew for everything that is shown."""

    def tick(self) -> None:
        """A second has passed: ages and countdowns move."""

    def changed(self, changes: frozenset[Change]) -> None:
        """Something that may be on screen has changed; comes at most ten times a second."""

    def scopes(self) -> Sequence[Scope]:
        """What of this screen can be exported, the likeliest first; everything always can."""
        return ()

    @property
    def action_in_view(self) -> str:
        """The id of the data action that the screen, or its cursor, is on."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What acts on a platform has no place in a snapshot."""
        return not (self.app.is_exhibit and action in self.ACTS)

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 1 and self.app.screen is self:
            self.app.pop_screen()


class RoomScreen(CxScreen):
    """A screen at the root, reached by its number; leaving it is leaving cxtop."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.leave", "quit", id="room.quit"),
    ]

    @property
    def undoable(self) -> bool:
        """Whether Esc has something to take back here, such as a filter or marks."""
        return False

    def tell_rooms(self) -> None:
        """Show what waits in the rooms now."""
        for rule in self.query(RoomRule):
            rule.again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no way back from a root, but perhaps something to take back."""
        return self.undoable if action == "back" else super().check_action(action, parameters)
