"""What can be done here, and with which key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from .. import keymap
from ..ink import Line, content
from ..widgets.choice import Choice
from ..widgets.errorbrowser import ErrorBrowser
from ..widgets.filterline import FilterLine
from ..widgets.jsontree import JsonTree
from ..widgets.lines import LinesView
from ..widgets.panel import Panel
from ..widgets.pathinput import PathInput
from ..widgets.table import Table
from .action import ActionScreen
from .base import CxScreen, RoomScreen
from .diff import DiffScreen
from .exchanges import ExchangesScreen
from .execute import ExecuteScreen
from .export import ExportDialog
from .failure import FailureScreen
from .health import HealthScreen
from .inspector import InspectorScreen
from .record import RecordScreen
from .recovery import RecoveryScreen
from .retries import RetriesScreen
from .run import RunScreen
from .runs import RunsScreen
from .submit import SubmitDialog
from .timeline import TimelineScreen

if TYPE_CHECKING:
    from textual.app import App

_PLACES = (
    ("the table of runs", RunsScreen),
    ("a run's page", RunScreen),
    ("failed records", ErrorBrowser),
    ("one record", RecordScreen),
    ("the table of exchanges", ExchangesScreen),
    ("one exchange", InspectorScreen),
    ("a difference", DiffScreen),
    ("running an action", ExecuteScreen),
    ("submitting a run", SubmitDialog),
    ("exporting", ExportDialog),
    ("the table of retries", RetriesScreen),
    ("a timeline", TimelineScreen),
    ("the table of actions", HealthScreen),
    ("one action", ActionScreen),
    ("recovery", RecoveryScreen),
    ("one failure", FailureScreen),
    ("one of several", Choice),
    ("a path", PathInput),
    ("text", LinesView),
    ("filter and find", FilterLine),
    ("tables", Table),
    ("trees", JsonTree),
)

_NOTHING_ACTS = (
    "\n■ This is a snapshot: the keys that ask a platform or change something are left out."
)


def all_keys(app: type[App[str]]) -> list[keymap.Key]:
    """Every binding that has an id, with the place where it works."""
    found = keymap.keys_of(
        keymap.EVERYWHERE, [*app.BINDINGS, *CxScreen.BINDINGS, *RoomScreen.BINDINGS]
    )
    for where, owner in _PLACES:
        found += keymap.keys_of(where, owner.BINDINGS)
    return found


class HelpScreen(CxScreen):
    """The page of the screen it was called from: what one sees, then its keys."""

    ABOUT = "This is the help; Esc goes back."

    def __init__(self, about: CxScreen) -> None:
        super().__init__()
        self._about = about

    def body(self) -> Iterable[Widget]:
        yield Static(content(("Help", "strong")), classes="heading")
        with VerticalScroll(id="help"):
            yield Static(content((self._about.ABOUT, "")))
            if self.app.is_exhibit:
                yield Static(content((_NOTHING_ACTS, "warn")))
            yield Panel()
            yield Static(
                content(
                    ("\nThe dim names are ids: in config.toml, ", "dim"),
                    ('[keys]  "runs.add" = "A"', "accent"),
                    (" gives an action other keys.", "dim"),
                )
            )

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Panel).tell(self._rows())
        self.query_one("#help").focus()

    def _rows(self) -> list[Line]:
        rows: list[Line] = []
        place = None
        for key in self._here():
            if key.where != place:
                place = key.where
                rows += [(), ((place, "strong"),)]
            shown = "  ".join(
                self.app.get_key_display(binding)
                for binding in keymap.bindings_of(key, self.app.keys)
            )
            rows.append(((f"  {shown:<18}", "accent"), (f"{key.does:<22}", ""), (key.id, "dim")))
        return rows

    def _here(self) -> Iterable[keymap.Key]:
        owners = {
            where
            for where, owner in _PLACES
            if isinstance(self._about, owner) or self._about.query(owner)
        }
        acting = self._acting() if self.app.is_exhibit else set()
        return [
            key
            for key in all_keys(type(self.app))
            if (key.where == keymap.EVERYWHERE or key.where in owners) and key.id not in acting
        ]

    def _acting(self) -> set[str]:
        """The ids of the bindings that do nothing in a snapshot."""
        places = [
            (type(self.app).BINDINGS, self.app.ACTS),
            (type(self._about).BINDINGS, self._about.ACTS),
        ]
        return {
            binding.id
            for bindings, acts in places
            for binding in bindings
            if isinstance(binding, Binding)
            and binding.id
            and binding.action.partition("(")[0] in acts
        }
