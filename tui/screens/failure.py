"""One failure, whole: what was tried, and the error as it is handed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from ...core.models import Recovery, RetryAttempt
from .. import words
from ..ink import Line, content
from ..widgets.jsontree import JsonTree
from ..widgets.panel import Panel
from ..widgets.recoverytable import attempt_words, recovery_sign
from ..widgets.rule import Rule
from .base import CxScreen

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope

_SHOWN = 6


class FailureScreen(CxScreen):
    """State and note, the attempts with their runs, and the error payload as a tree."""

    ABOUT = (
        "One failure: how its recovery stands, every attempt with the run it was and the key it "
        "was submitted under, and the error payload with the frames of the platform's stack trace."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy value", id="failure.copy"),
    ]

    def __init__(self, recovery: Recovery) -> None:
        super().__init__()
        self.recovery = recovery

    def body(self) -> Iterable[Widget]:
        yield Static("", classes="heading", markup=False)
        yield Rule(id="failure-state")
        yield Panel(id="failure-story")
        rule = Rule()
        rule.tell((("error", "dim"),))
        yield rule
        yield JsonTree(id="failure-payload")

    def on_mount(self) -> None:
        super().on_mount()
        self._show()
        self.query_one(JsonTree).focus()

    def changed(self, changes: frozenset[Change]) -> None:
        if any(c.kind == "recovery" and c.key == self.recovery.error_id for c in changes):
            self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        if self.app.monitor is not None:
            found = await self.app.monitor.recovery.recovery(self.recovery.error_id)
            if found is not None:
                self.recovery = found
                self._show()

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        return [scopes.failure(self.recovery)]

    def _show(self) -> None:
        recovery = self.recovery
        self.query_one(".heading", Static).update(
            content(("Recovery › ", "dim"), (recovery.action_id, "strong"))
        )
        sign, word, tone = recovery_sign(recovery.state)
        directive = recovery.recovery_directive or "no directive yet"
        tried = attempt_words(recovery)
        attempt = "" if tried == words.NOTHING else f" · attempt {tried}"
        self.query_one("#failure-state", Rule).tell(
            ((f"{sign} {word}", tone),),
            ((f"{directive}{attempt}", "dim"),),
        )
        rows: list[Line] = [
            ((recovery.error_code or "no code yet", "bad"), (f"  {recovery.message}", "")),
            ((recovery.note, "dim"),),
        ]
        left_out = len(recovery.attempts) - _SHOWN
        if left_out > 0:
            rows.append(((f"… {words.plural(left_out, 'earlier attempt')}", "dim"),))
        rows += [_attempt(attempt) for attempt in recovery.attempts[-_SHOWN:]]
        self.query_one("#failure-story", Panel).tell(rows)
        self.query_one(JsonTree).show(
            {
                **recovery.payload(),
                "lineage": list(recovery.lineage),
                "attempts": [a.model_dump(mode="json") for a in recovery.attempts],
            }
        )

    def action_copy(self) -> None:
        item = self.query_one(JsonTree).cursor_item
        if item is not None:
            self.app.copy_value(item.value, item.path)


def _attempt(attempt: RetryAttempt) -> Line:
    again = attempt.run_id not in (None, attempt.retry_of)
    target = f"→ {attempt.run_id}" if again else "polled again" if attempt.run_id else "→ …"
    good = attempt.outcome == "COMPLETED"
    return (
        (f"{attempt.number}  {words.clock(attempt.at)}  ", "dim"),
        (f"{attempt.retry_of} {target}", ""),
        (f"  {attempt.outcome or 'under way'}", "good" if good else "warn"),
        (f"  {attempt.idempotency_key}", "dim"),
    )
