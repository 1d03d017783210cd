"""A call's attempts on a true time scale, and each of them in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ...core.models import Attempt, Call, RateBudget
from .. import words
from ..attempts import (
    call_sign,
    countdown,
    is_live,
    seconds,
    subject_of,
    target,
    took_s,
    waited_s,
)
from ..bars import bar
from ..ink import Line, Span, content, width_of
from ..widgets.panel import Panel
from ..widgets.retrytable import attempt_columns
from ..widgets.rule import Rule
from ..widgets.table import Table
from ..widgets.timeline import Timeline
from .base import CxScreen
from .origin import open_exchange

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope

FRAME_S = 0.2
"""How often the countdown and the line of now move while there is more to come."""

_ZOOM = Binding.Group("zoom")
_MOVE = Binding.Group("move")


class TimelineScreen(CxScreen):
    """One call: lanes of attempts above, the attempts in words below."""

    ABOUT = (
        "The attempts of one call on a true time scale, a lane each: the bar is the attempt, the "
        "dashes below it the wait that followed, with its reason. The dotted line is now. "
        "+ and - zoom around the chosen attempt, Enter shows it alone with its wait, h and l move "
        "in time, 0 shows all again. Below, each attempt in words; y copies its correlation id, "
        "which the vendor asks for; e opens the exchange that a captured handler's call belongs to."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "plus,equals_sign",
            "zoom(1)",
            "nearer",
            id="timeline.nearer",
            key_display="+",
            group=_ZOOM,
        ),
        Binding(
            "minus", "zoom(-1)", "farther", id="timeline.farther", key_display="-", group=_ZOOM
        ),
        Binding("0", "fit", "all", id="timeline.all"),
        Binding(
            "left,h", "pan(-1)", "earlier", id="timeline.earlier", key_display="h", group=_MOVE
        ),
        Binding("right,l", "pan(1)", "later", id="timeline.later", key_display="l", group=_MOVE),
        Binding("left_square_bracket", "step(-1)", "", id="timeline.previous", show=False),
        Binding("right_square_bracket", "step(1)", "", id="timeline.next", show=False),
        Binding("e", "exchange", "its exchange", id="timeline.exchange"),
        Binding("y", "copy", "copy correlation id", id="timeline.copy"),
    ]

    def __init__(self, call: Call, came_from: str) -> None:
        super().__init__()
        self.call = call
        self._came_from = came_from
        self._stale = False
        self.table: Table[Attempt] = Table(
            attempt_columns(lambda: self.call),
            lambda attempt: str(attempt.number),
            empty=(("No attempt is over yet.", "dim"),),
            id="attempts",
        )

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        yield Rule(id="timeline-rule")
        yield Timeline(self.call, lambda: self.app.now())
        yield Rule(id="attempts-rule")
        yield self.table
        yield Rule(id="attempt-rule")
        yield Panel(id="attempt")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(FRAME_S, self._frame)
        self.table.focus()
        self._show()

    # what is shown

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        run_id = self.call.run_id
        return [scopes.calls(run_id, run_id or "")]

    def renew(self) -> None:
        self._show()
        self._load()

    def changed(self, changes: frozenset[Change]) -> None:
        if any(change.kind == "call" and change.key == self.call.call_id for change in changes):
            self._stale = True
            self._load()

    def tick(self) -> None:
        if self._stale:
            self._stale = False
            self._load()
        self._tell()

    def _frame(self) -> None:
        if self.is_current and is_live(self.call, self.app.now()):
            self._tell()
            self.query_one(Timeline).refresh()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        if self.app.monitor is None:
            return
        found = await self.app.monitor.store.call(self.call.call_id)
        if found is not None and found != self.call:
            self.call = found
            self._show()

    def _show(self) -> None:
        self.query_one(Timeline).show(self.call)
        rows = self.table.rows
        at_end = self.table.cursor >= len(rows) - 1
        last = max(0, len(self.call.attempts) - 1)
        self.table.show(self.call.attempts, at=last if at_end else None)
        if at_end:
            # Its place on the screen is known only once it was laid out.
            self.call_after_refresh(self.table.move_to, last)
        self.query_one("#attempts-rule", Rule).tell(
            (("attempts", "dim"),), ((target(self.call, max(20, self.size.width // 2)), "dim"),)
        )
        self._tell()
        self._tell_attempt()

    def _tell(self) -> None:
        now = self.app.now()
        self.query_one(".heading", Static).update(self._heading(now))
        monitor = self.app.monitor
        timeline = self.query_one(Timeline)
        window = timeline.window
        title: Line = (("time since the call began", "dim"),)
        if not timeline.is_whole:
            title = (
                (f"{seconds(window.length)} of it", "accent"),
                (" · 0 shows all", "dim"),
            )
        # The budget is that of the platform, which a handler's upstream is not.
        # A snapshot has none either: it is how things stand now.
        none = self.call.service or self.app.is_exhibit
        note = () if monitor is None or none else _budget(monitor.budget, now)
        self.query_one("#timeline-rule", Rule).tell(title, note)

    def _heading(self, now: datetime) -> Content:
        call = self.call
        sign, word, tone = call_sign(call, now)
        left: list[Span] = [(f"{self._came_from} › ", "dim")]
        if call.service:
            left.append((f"{call.service} › ", "accent"))
        left.append((call.operation, "strong"))
        if subject := subject_of(call):
            left.append((f"  {words.short_id(subject, 40)}", ""))
        right: list[Span] = [(f"{sign} {word}", tone)]
        if is_live(call, now) and (due := countdown(call, now)):
            right.append((" · next now" if due == "now" else f" · next in {due}", "accent"))
        right.append((f" · {words.plural(len(call.attempts), 'attempt')}", "dim"))
        if not is_live(call, now):
            right.append((f" · {seconds(took_s(call))}", "dim"))
        if waited := waited_s(call):
            right.append((f" · waits {seconds(waited)}", "dim"))
        room = self.size.width - 2
        while width_of((*left, *right)) > room - 2 and len(right) > 2:
            right.pop()
        gap = max(2, room - width_of((*left, *right)))
        return content(*left, (" " * gap, ""), *right)

    def _tell_attempt(self) -> None:
        attempt = self.table.cursor_row
        rule, panel = self.query_one("#attempt-rule", Rule), self.query_one("#attempt", Panel)
        rule.display = panel.display = attempt is not None and self.size.height >= 22
        if attempt is not None:
            rule.tell(((f"attempt {attempt.number}", "dim"),))
            panel.tell(_details(attempt))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """cxtop's own calls belong to no exchange."""
        if action == "exchange" and not self.call.exchange_id:
            return False
        return super().check_action(action, parameters)

    @on(Table.Moved, "#attempts")
    def _moved(self) -> None:
        if (attempt := self.table.cursor_row) is not None:
            self.query_one(Timeline).choose(attempt.number)
        self._tell_attempt()

    @on(Table.Opened, "#attempts")
    def _opened(self) -> None:
        self.query_one(Timeline).look_at_chosen()
        self._tell()

    @on(Timeline.Chosen)
    def _lane_clicked(self, event: Timeline.Chosen) -> None:
        self.table.move_to(event.number - 1)

    def on_resize(self) -> None:
        self._tell()
        self._tell_attempt()

    def action_zoom(self, way: int) -> None:
        self.query_one(Timeline).zoom(way)
        self._tell()

    def action_pan(self, way: int) -> None:
        self.query_one(Timeline).pan(way)
        self._tell()

    def action_fit(self) -> None:
        self.query_one(Timeline).fit()
        self._tell()

    def action_step(self, by: int) -> None:
        self.table.action_move(by)

    @work(exclusive=True, group="exchange", exit_on_error=False)
    async def action_exchange(self) -> None:
        await open_exchange(self.app, self.call)

    def action_copy(self) -> None:
        attempt = self.table.cursor_row
        if attempt is not None and attempt.correlation_id:
            self.app.copy(attempt.correlation_id, f"correlation id of attempt {attempt.number}")
        else:
            self.app.say("This attempt was answered without a correlation id.", severity="warning")


def _budget(budget: RateBudget, now: datetime) -> Line:
    left = budget.remaining / budget.allowed if budget.allowed else 0.0
    level = "bad" if left < 0.1 else "warn" if left < 0.3 else "dim"
    spans: list[Span] = [
        ("budget ", "dim"),
        *bar(left, 10, level),
        (f" {words.amount(budget.remaining)} / {words.amount(budget.allowed)}", level),
    ]
    if budget.resets_at is not None and budget.resets_at > now:
        reset = words.whole_span((budget.resets_at - now).total_seconds())
        spans.append((f" · resets in {reset}", "dim"))
    return tuple(spans)


def _details(attempt: Attempt) -> list[Line]:
    headers = "   ".join(f"{name}: {value}" for name, value in attempt.rate_limit.items())
    return [
        (("answer         ", "dim"), (attempt.detail or words.NOTHING, "")),
        (("rate limit     ", "dim"), (headers or words.NOTHING, "")),
        (
            ("correlation id ", "dim"),
            (attempt.correlation_id or words.NOTHING, ""),
            ("   request id ", "dim"),
            (attempt.request_id or words.NOTHING, ""),
        ),
    ]
