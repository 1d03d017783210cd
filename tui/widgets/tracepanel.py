"""The flow that an exchange belongs to: its steps, and what else is tied to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from ...core.models import Exchange, FlowTrace, StepStatus, TraceStep
from .. import words
from ..ink import Line, Span
from .panel import Panel
from .rule import Rule
from .table import Table
from .tracetable import trace_columns

if TYPE_CHECKING:
    from ...core.models import Correlation
    from ..app import CxtopApp

_MOST_STEPS = 8


class TracePanel(Vertical):
    """Asks what belongs to an exchange, and shows the trace, or in a sentence why there is none."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]

    class Chosen(Message):
        """A step was chosen; `exchange_id` is that of its exchange, "" where none is known."""

        def __init__(self, exchange_id: str) -> None:
            super().__init__()
            self.exchange_id = exchange_id

    def __init__(self) -> None:
        super().__init__(id="trace")
        self._exchange_of: dict[str, str] = {}
        self.table: Table[TraceStep] | None = None

    def compose(self) -> ComposeResult:
        """The flow's rule, what is tied to the exchange, and room for the steps."""
        yield Rule(id="flow")
        yield Panel(id="ties")
        yield Vertical(id="steps")

    def ask(self, exchange: Exchange) -> None:
        """Find out what belongs to this exchange."""
        self.query_one("#flow", Rule).tell((("flow", "dim"),))
        self.query_one("#ties", Panel).tell([(("asking the platform …", "dim"),)])
        self._ask(exchange)

    @work(exclusive=True, exit_on_error=False)
    async def _ask(self, exchange: Exchange) -> None:
        monitor = self.app.monitor
        if monitor is None:
            return
        found = await monitor.correlate(exchange.request_id or exchange.id)
        self.query_one("#flow", Rule).tell(_flow(found))
        self.query_one("#ties", Panel).tell(_ties(found))
        await self._show_steps(found, exchange)

    async def _show_steps(self, found: Correlation, exchange: Exchange) -> None:
        steps = self.query_one("#steps", Vertical)
        await steps.remove_children()
        self.table = None
        trace = found.trace.trace
        if trace is None or not trace.steps:
            return
        keys = [str(place) for place in range(len(trace.steps))]
        self._exchange_of = {keys[m.step]: m.exchange_id for m in found.trace.matches}
        places = {id(step): key for step, key in zip(trace.steps, keys, strict=True)}
        table: Table[TraceStep] = Table(trace_columns(trace), lambda step: places[id(step)])
        table.styles.height = min(_MOST_STEPS, len(trace.steps)) + 1
        self.table = table
        await steps.mount(table)
        table.show(trace.steps, at=_place(trace, self._exchange_of, exchange))

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        event.stop()
        self.post_message(self.Chosen(self._exchange_of.get(event.key, "")))


def _place(trace: FlowTrace, exchange_of: dict[str, str], exchange: Exchange) -> int:
    """The step that made the exchange, else the one that failed, else the first."""
    for key, exchange_id in exchange_of.items():
        if exchange_id == exchange.id:
            return int(key)
    failed = (place for place, s in enumerate(trace.steps) if s.status is StepStatus.FAILED)
    return next(failed, 0)


def _flow(found: Correlation) -> Line:
    trace = found.trace.trace
    spans: list[Span] = [("flow ", "dim")]
    if trace is not None and trace.flow_name:
        spans.append((trace.flow_name, "strong"))
    if found.trace.execution_id:
        spans.append((f" · execution {words.short_id(found.trace.execution_id, 13)}", "dim"))
    if trace is not None and trace.status:
        spans.append((f" · {trace.status}", "dim"))
    return tuple(spans)


def _ties(found: Correlation) -> list[Line]:
    rows: list[Line] = []
    if found.trace.what:
        rows.append(((found.trace.what, ""), (f" {found.trace.fix}", "dim")))
    for error in found.record_errors[:2]:
        tie = next((t for t in found.links if t.id == error.record_id), None)
        by = f"by {tie.key.value.replace('_', ' ')}, {tie.certainty.value}" if tie else ""
        rows.append(
            (
                ("✖ ", "bad"),
                (f"record {error.record_id} of run {error.run_id} ", ""),
                (f"{error.code} ", "bad"),
                (by, "dim"),
            )
        )
    others = len(found.exchanges) - 1
    if others > 0:
        more = words.plural(others, "further exchange")
        rows.append(((f"{more} of the same flow or request", "dim"),))
    return rows
