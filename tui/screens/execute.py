"""Running an action: its input, checked as it is written, and what its answer really is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from ...core.errors import CxtopError, InputError
from ...core.models import Exchange
from ..ink import Line, Span, content
from ..signs import outcome_sign
from ..views.diagnosis import error_lines
from ..widgets.jsoneditor import JsonEditor
from ..widgets.jsontree import JsonTree
from ..widgets.meaning import in_short
from ..widgets.panel import Panel
from ..widgets.rule import Rule
from .base import CxScreen
from .choosing import ask_action, ask_input
from .expecting import NOTHING, ask_expected

if TYPE_CHECKING:
    from ...core.live.executing import Execution, Executor, Expected
    from ...core.live.knownschemas import KnownSchema

_CHECK_AFTER_S = 0.15
_INDEXED_WITHIN = 60
_INDEXED_EVERY_S = 0.05


class ExecuteScreen(CxScreen):
    """The action's id and its input at one side, what came of it at the other."""

    ABOUT = (
        "Runs a data action once. The input is checked while you write: as JSON, and against the "
        "action's schema where one lies in the folder schemas beside the config file. The answer "
        "is diagnosed; what it has to fit can be set (Ctrl+T): nothing, a Cognigy profile token, "
        "or any JSON Schema in a file. Every run is kept as an exchange, without its secrets."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "run", "run it", id="execute.run", key_display="^r"),
        Binding("ctrl+l", "last", "last inputs", id="execute.last", key_display="^l"),
        Binding("ctrl+t", "expect", "expect", id="execute.expect", key_display="^t"),
        Binding("ctrl+o", "inspect", "inspector", id="execute.inspect", key_display="^o"),
    ]

    def __init__(self, action_id: str = "", value: Any = None, *, note: str = "") -> None:
        super().__init__()
        self._action_id = action_id
        self._value = {} if value is None else value
        self._note = note
        self._expected: Expected | None = None
        self._expects = NOTHING
        self._known: tuple[str, KnownSchema | None] = ("", None)
        self._done: Execution | None = None
        self._under_way = False

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        with Horizontal(id="execute"):
            with Vertical(id="asking"):
                yield Input(
                    self._action_id, placeholder="the action's id", id="action", compact=True
                )
                yield JsonEditor(id="input")
                yield Panel(id="check")
            with Vertical(id="answer"):
                yield Rule(id="answer-rule")
                yield Panel(id="outcome")
                yield JsonTree(id="result")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(JsonEditor).put(self._value)
        self.query_one("#result").display = False
        self._head()
        self._invite()
        self.query_one("#action" if not self._action_id else "#input").focus()
        self._check()

    @property
    def executor(self) -> Executor | None:
        """What runs actions, once the monitor is there."""
        return self.app.monitor.executor if self.app.monitor else None

    @property
    def action_id(self) -> str:
        """The id as it is written."""
        return self.query_one("#action", Input).value.strip()

    def _head(self) -> None:
        spans: list[Span] = [("Run an action", "strong")]
        if self.app.profile_name:
            spans.append((f"  on {self.app.profile_name}", "dim"))
        if self._note:
            spans.append((f"  · {self._note}", "dim"))
        spans.append((f"  · expects {self._expects}", "dim"))
        self.query_one(".heading", Static).update(content(*spans))

    # the input

    @on(TextArea.Changed, "#input")
    @on(Input.Changed, "#action")
    def _written(self) -> None:
        self._check()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self) -> None:
        from ...core.live.inputs import checked

        await asyncio.sleep(_CHECK_AFTER_S)
        text, action_id = self.query_one(JsonEditor).text, self.action_id
        try:
            known = await self._schema_of(action_id)
            schema = known.input if known else None
            await asyncio.to_thread(checked, text, "The input", schema)
        except CxtopError as error:
            self._tell_faults(error)
            return
        fits = "a JSON object that fits the action's schema" if schema else "a JSON object"
        self.query_one("#check", Panel).tell([(("✔ ", "good"), (fits, "dim"))])

    async def _schema_of(self, action_id: str) -> KnownSchema | None:
        """The schema of the action, read once for each id that is written."""
        executor = self.executor
        if executor is None or not action_id:
            return None
        if self._known[0] != action_id:
            known = await asyncio.to_thread(executor.schemas.of, action_id)
            self._known = (action_id, known)
        return self._known[1]

    def _tell_faults(self, error: CxtopError) -> None:
        panel = self.query_one("#check", Panel)
        rows: list[Line] = list(error_lines(CxtopError(error.what), panel.size.width - 4))
        if isinstance(error, InputError):
            for place, told in error.faults[1:4]:
                rows.append((("  ", ""), (f"{place}  ", "busy"), (told, "")))
        panel.tell(rows)

    # running it

    @on(Input.Submitted, "#action")
    def _submitted(self) -> None:
        self.action_run()

    def action_run(self) -> None:
        """Run the action with what is written."""
        if self.executor is None:
            self.app.say("There is no connection to a platform yet.", severity="warning")
        elif not self.action_id:
            self.app.say("Which action? Write its id first.", severity="warning")
            self.query_one("#action").focus()
        elif self._under_way:
            self.app.say("It is running; an action is run once at a time.")
        else:
            self._under_way = True
            self._tell([(("Running ", "dim"), (self.action_id, ""), (" …", "dim"))])
            text = self.query_one(JsonEditor).text
            # The app's, not the screen's: an action that has begun is seen to its end.
            self.app.run_worker(
                self._run(self.executor, self.action_id, text), group="execute", exit_on_error=False
            )

    async def _run(self, executor: Executor, action_id: str, text: str) -> None:
        self._done = None
        try:
            done = await executor.run(action_id, text, expected=self._expected)
        except CxtopError as error:
            self._failed(action_id, error)
        else:
            self._done = done
            if self.is_attached:
                self._show(done)
            else:
                self.app.say(f"{action_id}: {done.diagnosis.message}")
        finally:
            self._under_way = False

    def _failed(self, action_id: str, error: CxtopError) -> None:
        if not self.is_attached:
            self.app.say(f"{action_id}: {error}", severity="error")
        elif isinstance(error, InputError):
            self._tell_faults(error)
            self._invite()
        else:
            self._tell(error_lines(error, self._width()))

    def _show(self, done: Execution) -> None:
        rows = in_short(done.diagnosis, self._width(), all_in="the inspector (Ctrl+O)")
        for error in done.trouble:
            rows.append((("▲ ", "warn"), (error.what, ""), (f" {error.why}", "dim")))
        answer = done.answer
        took = f"HTTP {answer.status} · {answer.duration_ms:,.0f} ms"
        sign, word, tone = outcome_sign(done.diagnosis.outcome)
        title: list[Span] = [(f"{sign} {word}", tone)]
        if done.token is not None:
            title.append((f" · {done.token.state.value}", "dim"))
        if done.token is not None and done.token.directive:
            title.append((f" → {done.token.directive}", "warn"))
        self._tell(rows, title, ((took, "dim"),))
        tree = self.query_one("#result", JsonTree)
        body = done.exchange.response
        tree.display = body.kind.value == "json" and not self.has_class("-low")
        if tree.display:
            shown = self.executor.shown(done.diagnosis) if self.executor else None
            tree.show(body.value if shown is None else shown)

    def _tell(self, rows: list[Line], title: Line = (), note: Line = ()) -> None:
        self.query_one("#result").display = False
        self.query_one("#answer-rule", Rule).tell(title or (("the answer", "dim"),), note)
        self.query_one("#outcome", Panel).tell(rows)

    def _invite(self) -> None:
        self._tell([(("Ctrl+R", "accent"), (" runs it once; the answer is told here.", "dim"))])

    def _width(self) -> int:
        return max(20, self.query_one("#outcome").size.width - 4)

    def on_resize(self) -> None:
        if self.is_mounted and self._done is not None:
            self.call_after_refresh(self._show, self._done)

    # what was, what is expected, and what came

    def action_last(self) -> None:
        """Choose one of the last inputs of this action, or else an action that is known."""
        if self.executor is not None:
            self._ask_last(self.executor)

    @work(exclusive=True, group="last", exit_on_error=False)
    async def _ask_last(self, executor: Executor) -> None:
        inputs = await asyncio.to_thread(executor.inputs.of, self.action_id)
        if inputs:
            ask_input(self.app, inputs, self.query_one(JsonEditor).put)
            return
        line = self.query_one("#action", Input)
        actions = await asyncio.to_thread(executor.inputs.actions)
        ask_action(self.app, actions, lambda action_id: setattr(line, "value", action_id))

    def action_expect(self) -> None:
        """Choose what the answer has to fit."""
        ask_expected(self, self._set_expected)

    def _set_expected(self, expected: Expected | None, words: str) -> None:
        self._expected, self._expects = expected, words
        self._head()

    def action_inspect(self) -> None:
        """Open the exchange in the inspector."""
        if self._done is None:
            self.app.say("Run it first: then its exchange can be inspected.")
        else:
            self._inspect(self._done.exchange)

    @work(exclusive=True, group="inspect", exit_on_error=False)
    async def _inspect(self, exchange: Exchange) -> None:
        from .inspector import InspectorScreen

        library = self.app.library
        for _ in range(_INDEXED_WITHIN if library is not None else 0):
            assert library is not None
            if rows := await library.by_id(exchange.id, limit=1):
                self.app.push_screen(InspectorScreen(library, rows[0]))
                return
            await asyncio.sleep(_INDEXED_EVERY_S)  # the log is followed, so it is about to come
        self.app.say("The exchange is not in the index yet; the list of exchanges will show it.")


def again(exchange: Exchange) -> ExecuteScreen:
    """The screen, prefilled with what `exchange` asked of its action.

    A flow's call of a service (contract §6) has the action's input in its `variables`.
    """
    body = exchange.request.value if exchange.request.kind.value == "json" else None
    if isinstance(body, dict) and "flowExecutionId" in body:
        body = body.get("variables")
    value = body if isinstance(body, dict) else {}
    return ExecuteScreen(exchange.action, value, note=f"again, as at {exchange.at:%H:%M:%S} UTC")
