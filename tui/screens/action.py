"""An action's own page: how it stands, its course, its error codes, and the report of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ...core.models import ActionHealth, CodeShare, Outcome
from ...core.store.filter.tokens import quote
from .. import words
from ..bars import sparkline, thinned
from ..ink import Line, Span, content, width_of
from ..signs import health_sign
from ..verdicts import figures, rises, standing, troubles
from ..widgets.healthtable import code_columns
from ..widgets.panel import Panel
from ..widgets.rule import Rule
from ..widgets.table import Table
from .base import WIDE, CxScreen
from .silencing import ask_silence

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope

_DRAWN_FROM = 2
"""How many points make a course."""

_BESIDE = 152
"""From how many columns on the report stands beside the figures."""

_HIGH, _HIGHER = 20, 32
"""From how many rows on one chart has room, and the second."""


class ActionScreen(CxScreen):
    """Figures, charts and codes at the left; the report to hand on at the right."""

    ABOUT = (
        "One action. The chart is the share of its calls that ended with an error, as each look "
        "at it said, with the threshold across; below it, how many calls that was of. Codes are "
        "the errors by code, and which of them weigh more than in the period before; Enter on one "
        "goes to the captured exchanges that have it. m shows the report, y copies it."
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (_BESIDE, "-beside")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "report", "report", id="action.report"),
        Binding("y", "copy", "copy report", id="action.copy"),
        Binding("r", "refresh", "refresh", id="action.refresh"),
        Binding("z", "silence", "silence", id="action.silence"),
        Binding("tab", "app.focus_next", "codes/report", show=False, id="action.focus_next"),
    ]

    ACTS = frozenset({"refresh", "silence"})

    def __init__(self, action_id: str) -> None:
        super().__init__()
        self.action_id = action_id
        self.text = ""
        self.codes: Table[CodeShare] = Table(
            code_columns(lambda: self._health().report, self._risen),
            lambda code: code.code,
            id="action-codes",
        )

    def body(self) -> Iterable[Widget]:
        # Charts need numpy, which nobody shall wait for who does not look at one.
        from ..widgets.course import Course

        yield Static("", classes="heading", markup=False)
        with Horizontal(id="action-page"):
            with Vertical(id="action-figures"):
                yield Panel(id="action-story")
                yield Rule(id="rate-rule")
                yield Course(lambda rate: f"{rate:g} %", id="rate-course")
                yield Rule(id="calls-rule")
                yield Course(lambda count: f"{count:,.0f}", tone="dim", id="calls-course")
                yield Rule(id="codes-rule")
                yield self.codes
            with Vertical(id="action-report"):
                yield Rule(id="report-rule")
                with VerticalScroll(id="report-scroll"):
                    yield Static("", id="report-text", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._show()
        self.codes.focus()

    # what is shown

    def _health(self) -> ActionHealth:
        found = self.app.monitor.health.action(self.action_id) if self.app.monitor else None
        return found or ActionHealth(action_id=self.action_id, threshold=0.0)

    def _risen(self) -> dict[str, tuple[float, float]]:
        return {code.code: (code.before, code.now) for code in self._health().risen}

    def renew(self) -> None:
        self._show()

    def changed(self, changes: frozenset[Change]) -> None:
        if any(change.kind == "health" and change.key == self.action_id for change in changes):
            self._show()

    def tick(self) -> None:
        self._tell(self._health(), self.app.now())

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        health = self._health()
        report = health.report
        self._tell(health, self.app.now())
        self._draw(health)
        self.codes.show(report.codes if report else (), empty=_no_codes(health))
        count = len(report.codes) if report else 0
        self.query_one("#codes-rule", Rule).tell(
            (("codes", "dim"),), ((words.plural(count, "code"), "dim"),) if count else ()
        )
        self._write(health)

    def _tell(self, health: ActionHealth, now: datetime) -> None:
        self.query_one(".heading", Static).update(self._heading(health, now))
        rows: list[Line] = [*troubles(health, self.size.width - 4), standing(health, now)]
        if health.report is not None:
            rows.append(figures(health.report))
        if health.risen:
            rows.append((("rose  ", "dim"), *rises(health.risen)))
        if self.size.height < _HIGH and len(health.history) >= _DRAWN_FROM:
            room = max(10, self.size.width - 12)
            rates = [point.error_rate for point in health.history]
            drawn = sparkline(thinned(rates, room), room)
            rows.append((("course  ", "dim"), (drawn, "busy")))
        self.query_one("#action-story", Panel).tell(rows)

    def _heading(self, health: ActionHealth, now: datetime) -> Content:
        sign, word, tone = health_sign(health)
        left: list[Span] = [("Health › ", "dim"), (self.action_id, "strong")]
        right: list[Span] = [(f"{sign} {word}", tone)]
        if health.report is not None:
            right.append((f" · figures {words.age(health.report.as_of, now)} old", "dim"))
        room = self.size.width - 2
        while width_of((*left, *right)) > room - 2 and len(right) > 1:
            right.pop()
        gap = max(2, room - width_of((*left, *right)))
        return content(*left, (" " * gap, ""), *right)

    def _draw(self, health: ActionHealth) -> None:
        from ..widgets.course import Course

        history = health.history
        enough = len(history) >= _DRAWN_FROM
        rate = self.query_one("#rate-course", Course)
        calls = self.query_one("#calls-course", Course)
        rate.display = enough and self.size.height >= _HIGH
        calls.display = enough and self.size.height >= _HIGHER
        rule = self.query_one("#rate-rule", Rule)
        rule.display = rate.display or not enough
        rule.tell(*_legend(health))
        rule = self.query_one("#calls-rule", Rule)
        rule.display = calls.display
        rule.tell((("calls in the time before each look", "dim"),))
        rate.show([(point.at, point.error_rate) for point in history], health.threshold)
        calls.show([(point.at, float(point.executions)) for point in history])

    def _write(self, health: ActionHealth) -> None:
        from ...core.live.reporting import as_text

        report = health.report
        if report is None:
            said = "The report is written once there are figures."
            self.query_one("#report-text", Static).update(content((said, "dim")))
            return
        text = as_text(report, health.threshold, risen=health.risen)
        if text != self.text:
            self.text = text
            self.query_one("#report-text", Static).update(content((text, "")))
        self.query_one("#report-rule", Rule).tell(
            (("report", "dim"),), (("y ", "accent"), ("copies it", "dim"))
        )

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        return [scopes.action(self.action_id), scopes.health()]

    @property
    def action_in_view(self) -> str:
        return self.action_id

    # keys

    @on(Table.Opened, "#action-codes")
    async def _opened(self) -> None:
        code = self.codes.cursor_row
        if code is not None and code.code:
            wanted = f"{_asked(code.code)} action:{quote(self.action_id)}"
            await self.app.show_exchanges(wanted)

    def action_report(self) -> None:
        """Show the report, or where both have room, put it away."""
        self.toggle_class("-report")
        shown = self.has_class("-report") and not self.has_class("-beside")
        (self.query_one("#report-scroll") if shown else self.codes).focus()

    def action_copy(self) -> None:
        if self.text:
            self.app.copy(self.text, "report")
        else:
            self.app.say("There is no report before there are figures.", severity="warning")

    def action_refresh(self) -> None:
        self.app.command(
            lambda monitor: monitor.health.refresh(self.action_id), "Asking for it now."
        )

    def action_silence(self) -> None:
        ask_silence(self.app, [self._health()])


def _legend(health: ActionHealth) -> tuple[Line, Line]:
    """What the chart shows, and over which time."""
    history = health.history
    if len(history) < _DRAWN_FROM:
        return (("the course is drawn from the second look on", "dim"),), ()
    span = words.whole_span((history[-1].at - history[0].at).total_seconds())
    return (
        ("share of errors", "busy"),
        ("  ╌ ", "bad"),
        (f"threshold {words.limit(health.threshold)}", "dim"),
    ), ((f"{words.plural(len(history), 'look')} in {span}", "dim"),)


def _asked(code: str) -> str:
    """The filter for exchanges that count under a code.

    Those whose answer bore none count under their status or under what the answer was.
    """
    by_code = f"code:{quote(code)}"
    if (status := code.removeprefix("HTTP_")) != code and status.isdecimal():
        return f"({by_code} | status:{status})"
    if (outcome := code.lower()) in set(Outcome):
        return f"({by_code} | outcome:{outcome})"
    return by_code


def _no_codes(health: ActionHealth) -> Line:
    if health.report is None:
        said = "No figures yet." if health.trouble else "No figures yet; they are being asked for."
        return ((said, "dim"),)
    if not health.report.executions:
        return (("No calls in this time.", "dim"),)
    return (("No call ended with an error.", "dim"),)
