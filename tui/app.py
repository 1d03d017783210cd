"""The app: one monitor, the screens over it, and what they share."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from ..core.errors import ConfigError, CxtopError
from ..core.states import Connection, ConnectionState, HealthState
from ..core.text import safe
from . import themes, words
from .clock import Clock, now
from .herald import Herald
from .ink import Line
from .keymap import checked
from .rooms import ROOMS
from .screens.base import CxScreen, RoomScreen
from .screens.runs import RunsScreen
from .stylesheet import LastingStylesheet
from .widgets.dialogs import Choose

if TYPE_CHECKING:
    from ..core.live import Change, Monitor
    from ..core.models import RunView
    from ..core.sources import Library, News

log = logging.getLogger("cxtop.tui")


TELL_EVERY_S = 0.2
"""How often is said how far the opening of a monitor is."""


async def _no_profiles(_fields: Mapping[str, str]) -> str:
    raise ConfigError("Profiles cannot be made here.", fix="Use cxtop config init.")


class Refusal(Exception):  # noqa: N818 - a no to what was asked, no fault
    """The app is not to go on, because of `error` in what it was started with."""

    def __init__(self, error: CxtopError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class Launch:
    """What the app is started with.

    `open` gives the monitor of a profile; it may take its time, the app paints before. A CxtopError
    that it raises is shown, a Refusal ends the app. `profile` is the one to begin with, `None` when
    there is none yet: then `missing` says what is needed, and `make_profile` takes the first-run
    form's fields, tries and saves them, gives the new profile's name, and raises CxtopError.
    `platform` says in words what a profile speaks to, `opening` what is going on until the monitor
    is there, and `so_far`, where given, how far that is, a few times a second. `exhibit` is when
    the snapshot was made that the app shows, `None` where it is live.
    """

    open: Callable[[str], AbstractAsyncContextManager[Monitor]]
    profile: str | None
    profiles: Sequence[str] = ()
    platform: Callable[[str], str] = lambda _name: ""
    opening: str = "Reading what was seen before …"
    so_far: Callable[[], str] | None = None
    runs: Sequence[str] = ()
    keymap: Mapping[str, str] = field(default_factory=dict)
    theme: str = themes.DEFAULT
    missing: Sequence[str] = ()
    make_profile: Callable[[Mapping[str, str]], Awaitable[str]] = _no_profiles
    exhibit: datetime | None = None
    now: Clock = now


def _exchanges() -> Screen[Any]:
    from .screens.exchanges import ExchangesScreen

    return ExchangesScreen()


def _retries() -> Screen[Any]:
    from .screens.retries import RetriesScreen

    return RetriesScreen()


def _health() -> Screen[Any]:
    from .screens.health import HealthScreen

    return HealthScreen()


def _recovery() -> Screen[Any]:
    from .screens.recovery import RecoveryScreen

    return RecoveryScreen()


class CxtopApp(App[str]):
    """Opens a monitor for a profile, tells the screens what changed, and carries out commands.

    Returns `"demo"` when the user asked for the demo on the first-run page.
    """

    TITLE = "cxtop"
    CSS_PATH = "../screens.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    DEFAULT_MODE = "runs"
    MODES = {
        "runs": RunsScreen,
        "exchanges": _exchanges,
        "retries": _retries,
        "health": _health,
        "recovery": _recovery,
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(room.key, f"room('{room.mode}')", room.title, id=f"app.{room.mode}", show=False)
            for room in ROOMS
        ),
        Binding("p", "pause", "pause", id="app.pause"),
        Binding("colon", "command_palette", "commands", id="app.commands", key_display=":"),
        Binding("question_mark,f1", "help", "help", id="app.help", key_display="?"),
        Binding("R", "execute", "run an action", id="app.execute", show=False),
        Binding("S", "submit", "submit a run", id="app.submit", show=False),
        Binding("P", "profile", "profile", id="app.profile", show=False),
        Binding("x", "export", "export", id="app.export"),
        Binding("t", "look", "light or dark", id="app.look", show=False),
        Binding("q", "leave", "back, quit", id="app.leave", show=False),
        Binding("ctrl+c", "quit", "quit at once", id="app.quit", show=False, priority=True),
    ]

    ACTS: ClassVar[frozenset[str]] = frozenset({"pause", "execute", "submit", "profile"})
    """The actions that ask a platform, or change what is kept."""

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self.launch = launch
        self.profile_name = launch.profile
        self.platform_words = launch.platform(launch.profile) if launch.profile else ""
        self.opening = launch.opening
        self.now = launch.now
        self.monitor: Monitor | None = None
        self.herald = Herald(self)
        self.refusal: Refusal | None = None
        self._trouble: Connection | None = None
        self._above = 0
        self._live: asyncio.Task[None] | None = None
        self.register_theme(themes.DARK)
        self.register_theme(themes.LIGHT)
        self.theme = launch.theme if launch.theme in self.available_themes else themes.DEFAULT
        self.stylesheet = LastingStylesheet(variables=self.get_css_variables())
        # To check a keymap every screen must be loaded, which most starts do without.
        self.keys = checked(launch.keymap, self.all_keys()) if launch.keymap else {}
        self.set_keymap(self.keys)

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but for one that outlives its terminal."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from .terminal import LastingDriver

        return LastingDriver

    # the monitor

    async def on_mount(self) -> None:
        self.call_after_refresh(gc.enable)
        if self.profile_name is None:
            from .screens.firstrun import FirstRun

            await self.push_screen(FirstRun())
        else:
            self.call_after_refresh(self.go_live, self.profile_name)

    def on_app_focus(self) -> None:
        self.herald.seen()

    async def on_unmount(self) -> None:
        self.herald.leave()
        await self._end_live()

    async def go_live(self, profile: str) -> None:
        """Leave the monitor there is, if any, and open that of this profile."""
        await self._end_live()
        self.profile_name = profile
        self.platform_words = self.launch.platform(profile)
        self._trouble = None
        self._live = asyncio.create_task(self._stay_live(profile), name="live")

    async def _end_live(self) -> None:
        if self._live is not None:
            self._live.cancel()
            await asyncio.wait([self._live])
            self._live = None

    async def _stay_live(self, profile: str) -> None:
        telling = self.set_interval(TELL_EVERY_S, self._tell_so_far, pause=not self.launch.so_far)
        try:
            async with self.launch.open(profile) as monitor:
                telling.stop()
                self.monitor = monitor
                ignore = monitor.changes.subscribe(self._changed)
                if monitor.notifier is not None:
                    self.herald.follow(monitor.notifier, monitor.profile.notify)
                for run_id in self.launch.runs:
                    await monitor.watch(run_id)
                self._renew()
                try:
                    await asyncio.Event().wait()
                finally:
                    ignore()
        except Refusal as refusal:
            self.refusal = refusal
            self.exit()
        except CxtopError as error:
            self.trouble(error)
        except Exception:
            log.exception("the monitor ended")
            self._trouble = Connection(
                state=ConnectionState.OFFLINE,
                what="cxtop itself failed and has stopped watching.",
                fix="The details are in the log file; q leaves, and a new start takes up again.",
            )
        finally:
            telling.stop()
            self.monitor = None
            self._renew()

    def _tell_so_far(self) -> None:
        said = self.launch.so_far() if self.launch.so_far else ""
        if said not in ("", self.opening):
            self.opening = said
            self._renew()

    def trouble(self, error: CxtopError) -> None:
        """Show an error that keeps the monitor from working."""
        self._trouble = Connection(
            state=ConnectionState.OFFLINE, what=error.what, why=error.why, fix=error.fix
        )

    @property
    def connection(self) -> Connection:
        """How the platform answers now."""
        if self._trouble is not None:
            return self._trouble
        return self.monitor.connection if self.monitor else Connection()

    @property
    def is_exhibit(self) -> bool:
        """Whether a snapshot is shown, so that there is nothing to act on."""
        return self.launch.exhibit is not None

    def views(self) -> Sequence[RunView]:
        """Every watched run."""
        return self.monitor.views() if self.monitor else ()

    def view(self, run_id: str) -> RunView | None:
        """One watched run."""
        return next((view for view in self.views() if view.run_id == run_id), None)

    def _changed(self, changes: frozenset[Change]) -> None:
        screen = self.screen if self.screen_stack else None
        of_health = any(change.kind == "health" for change in changes)
        if of_health:
            self._count_above()
        if isinstance(screen, CxScreen) and screen.is_there:
            if any(change.kind in ("connection", "budget") for change in changes):
                screen.tell_connection()
            if isinstance(screen, RoomScreen) and of_health:
                screen.tell_rooms()
            screen.changed(changes)

    def _renew(self) -> None:
        self._count_above()
        if self.screen_stack and isinstance(self.screen, CxScreen) and self.screen.is_there:
            self.screen.tell_connection()
            self.screen.renew()

    @property
    def library(self) -> Library | None:
        """The captured exchanges, once the monitor is there."""
        return self.monitor.library if self.monitor else None

    def hear_exchanges(self, library: Library) -> None:
        """Tell the screen of exchanges what comes, until its library is closed."""
        library.subscribe(self._came)

    def _came(self, news: News) -> None:
        from .screens.exchanges import ExchangesScreen

        if self.screen_stack and isinstance(self.screen, ExchangesScreen):
            self.screen.came(news)

    # what screens ask of the app

    def badge(self, mode: str) -> Line:
        """What waits in a room, for the rule that names the rooms."""
        if mode != "health" or not self._above:
            return ()
        return ((f" ▲{words.amount(self._above)}", "bad"),)

    def _count_above(self) -> None:
        known = self.monitor.health.actions() if self.monitor is not None else ()
        self._above = sum(one.state is HealthState.ABOVE for one in known)

    async def show_exchanges(self, wanted: str) -> None:
        """Go to the captured exchanges that a filter lets through."""
        from .screens.exchanges import ExchangesScreen

        await self.switch_mode("exchanges")
        if isinstance(self.screen, ExchangesScreen):
            self.screen.narrow(wanted)

    def command(self, do: Callable[[Monitor], Awaitable[object] | object], said: str) -> None:
        """Have the monitor do something, and say that it was done, or why not."""
        if self.monitor is None:
            self.say("There is no connection to a platform yet.", severity="warning")
        else:
            self._carry_out(self.monitor, do, said)

    @work(exit_on_error=False)
    async def _carry_out(
        self, monitor: Monitor, do: Callable[[Monitor], Awaitable[object] | object], said: str
    ) -> None:
        try:
            doing = do(monitor)
            if isinstance(doing, Awaitable):
                await doing
        except CxtopError as error:
            self.say(str(error), severity="error")
        else:
            self.say(said)

    def say(self, text: str, *, severity: str = "information") -> None:
        """One line at the bottom, for a moment."""
        self.notify(
            safe(text),
            severity=severity,  # pyright: ignore[reportArgumentType]
            timeout=4 if severity == "information" else 10,
            markup=False,
        )

    def copy(self, text: str, what: str) -> None:
        """Put text on the terminal's clipboard."""
        self.copy_to_clipboard(text)
        self.say(f"Copied the {what}.")

    def copy_value(self, value: Any, path: str) -> None:
        """Put a JSON value on the clipboard: a string as it is, all else as JSON."""
        self.copy(
            value if isinstance(value, str) else json.dumps(value, indent=2), f"value at {path}"
        )

    # keys

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every key that works here, and the themes."""
        told: set[str] = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if not active.enabled or not binding.id or binding.id in told:
                continue
            if binding.id.split(".")[0] not in _MOVES:
                told.add(binding.id)
                keys = self.get_key_display(binding)
                yield SystemCommand(
                    binding.description,
                    f"key {keys}",
                    lambda node=active.node, action=binding.action: self._do(node, action),
                )
        yield SystemCommand("theme", "choose the colours", self.action_change_theme)

    @work(exit_on_error=False)
    async def _do(self, node: Any, action: str) -> None:
        await self.run_action(action, node)

    @classmethod
    def all_keys(cls) -> list[Any]:
        """Every binding of cxtop that has an id, for the keymap and the help."""
        from .screens.help import all_keys

        return all_keys(cls)

    async def action_room(self, mode: str) -> None:
        """Go to a screen at the root; first run comes before all."""
        if self.profile_name is not None:
            await self.switch_mode(mode)

    def action_pause(self) -> None:
        if self.connection.state is ConnectionState.PAUSED:
            self.command(lambda monitor: monitor.resume(), "Polling goes on.")
        else:
            self.command(lambda monitor: monitor.pause(), "Polling is paused; p goes on.")

    def action_help(self) -> None:
        from .screens.help import HelpScreen

        if isinstance(self.screen, CxScreen) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_look(self) -> None:
        self.theme = themes.LIGHT.name if self.current_theme.dark else themes.DARK.name

    def action_profile(self) -> None:
        if not self.launch.profiles:
            self.say("There is one platform only; profiles are made in the config file.")
            return

        def switch(name: str | None) -> None:
            if name and name != self.profile_name:
                self.run_worker(self.go_live(name), exit_on_error=False)

        options = [
            (name, f"{name}   {self.launch.platform(name)}") for name in self.launch.profiles
        ]
        self.push_screen(Choose("Switch to a profile", options, now=self.profile_name), switch)

    def action_execute(self) -> None:
        """Run a data action, from anywhere: the one in view, where there is one."""
        from .screens.execute import ExecuteScreen

        if self.profile_name is not None and not isinstance(self.screen, ExecuteScreen):
            here = self.screen.action_in_view if isinstance(self.screen, CxScreen) else ""
            self.push_screen(ExecuteScreen(here))

    def action_submit(self) -> None:
        """Submit a run, and watch it."""
        from .screens.submit import SubmitDialog, ask

        if self.profile_name is not None and not isinstance(self.screen, SubmitDialog):
            ask(self)

    def action_export(self) -> None:
        """Export what is on screen, what is marked, or everything."""
        if self.monitor is None:
            self.say("There is nothing to export yet.", severity="warning")
        elif isinstance(self.screen, CxScreen):
            from . import scopes
            from .screens import export

            export.ask(self, self.monitor, [*self.screen.scopes(), scopes.EVERYTHING])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a snapshot nothing is asked of a platform."""
        return not (self.is_exhibit and action in self.ACTS) and super().check_action(
            action, parameters
        )

    def action_leave(self) -> None:
        """Back one screen; at the root, quit."""
        if isinstance(self.screen, RoomScreen):
            self.exit()
        else:
            self.pop_screen()

    # our own faults

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            if isinstance(error, CxtopError):
                self.say(str(error), severity="error")
            else:
                log.error("a worker of the app failed", exc_info=error)
                self.say("Something failed in cxtop itself; the log file has it.", severity="error")

    def _handle_exception(self, error: Exception) -> None:
        log.critical("the app failed", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual would print the traceback with the values of all variables, secrets among them.
        self._close_messages_no_wait()


_MOVES = {"table", "tree", "lines", "filter", "dialog"}
