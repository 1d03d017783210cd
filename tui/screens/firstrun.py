"""The first page somebody sees who has no profile yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static

from ...core.errors import CxtopError
from ..ink import Span, Tone, content
from .base import RoomScreen

_PLATFORMS = (("Genesys Cloud", "genesys"), ("NICE CXone", "cxone"))
_KEEPING = (
    ("in the system's keyring", "keyring"),
    ("in config.toml, readable by you alone", "file"),
)


class Field(Horizontal):
    """A label before the widget that takes the answer."""

    def __init__(self, label: str, widget: Widget) -> None:
        super().__init__(classes="field")
        self._label = label
        self._widget = widget

    def compose(self) -> ComposeResult:
        """Label and widget."""
        yield Static(content((self._label, "dim")), classes="field-label")
        yield self._widget


class FirstRun(RoomScreen):
    """Says what is missing, offers the demo, and takes what a profile needs."""

    ABOUT = (
        "cxtop needs to know which platform to speak to and as whom. The form writes a profile "
        "into config.toml after it was tried; the demo shows cxtop on a simulated platform."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "demo", "the demo", id="firstrun.demo"),
        Binding("f5,ctrl+s", "try", "try and save", id="firstrun.try"),
    ]

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(content(*self._welcome()))
            yield Field(
                "platform",
                Select(_PLATFORMS, value="genesys", allow_blank=False, id="platform", compact=True),
            )
            yield Field(
                "region or URL",
                Input(placeholder="eu-west-1, or https://api.…", id="where", compact=True),
            )
            yield Field(
                "client id",
                Input(
                    placeholder="of an OAuth client with client credentials",
                    id="client_id",
                    compact=True,
                ),
            )
            yield Field("client secret", Input(password=True, id="client_secret", compact=True))
            yield Field(
                "keep the secret",
                Select(_KEEPING, value="file", allow_blank=False, id="keeping", compact=True),
            )
            yield Field(
                "name",
                Input("main", placeholder="what you call this platform", id="name", compact=True),
            )
            yield Button("Try it, then save", id="try", compact=True, variant="primary")
            yield Static("", id="outcome", markup=False)

    def _welcome(self) -> list[Span]:
        return [
            ("Welcome to cxtop\n\n", "accent"),
            ("It watches data actions on Genesys Cloud and NICE CXone, ", ""),
            ("and does not know yet which platform to speak to.\n", ""),
            *((f"  · {sentence}\n", "dim") for sentence in self.app.launch.missing),
            ("\nF2", "accent"),
            (" looks around first, on a simulated platform. Or write a profile:\n", ""),
        ]

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#where").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A first-run page has no polling to pause and nothing to go back to."""
        return action not in ("pause", "profile") and super().check_action(action, parameters)

    def action_demo(self) -> None:
        self.app.exit("demo")

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    @on(Button.Pressed, "#try")
    def action_try(self) -> None:
        self._outcome("Asking the platform for a token …", "dim")
        self._try()

    @work(exclusive=True, exit_on_error=False)
    async def _try(self) -> None:
        inputs = ("where", "client_id", "client_secret", "name")
        fields = {key: self.query_one(f"#{key}", Input).value.strip() for key in inputs}
        for key in ("platform", "keeping"):
            fields[key] = str(self.query_one(f"#{key}", Select).value)
        try:
            name = await self.app.launch.make_profile(fields)
        except CxtopError as error:
            self._outcome(f"✖ {error}", "bad")
            return
        self.app.pop_screen()
        await self.app.go_live(name)
        self.app.say(f"The profile {name} works and is saved.")

    def _outcome(self, text: str, tone: Tone) -> None:
        self.query_one("#outcome", Static).update(content((text, tone)))
