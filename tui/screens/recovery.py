"""Screen 5: what becomes of failures, the dead letters, and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TabbedContent, TabPane

from ...core.models import AuditEntry, DeadLetter, LetterState, Recovery
from .. import words
from ..ink import Line, Span
from ..widgets.filterline import FilterLine
from ..widgets.panel import Panel
from ..widgets.recoverytable import (
    AUDIT_COLUMNS,
    delivery_words,
    entry_key,
    letter_columns,
    letter_text,
    recovery_columns,
    recovery_sign,
)
from ..widgets.roomrule import RoomRule
from ..widgets.rule import Rule
from ..widgets.table import Table
from .base import WIDE, RoomScreen
from .deadletters import ask_delivery, ask_discard

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope

PAGE = 200
MOST = 2000
_PANES: tuple[str, ...] = ("failures", "letters", "audit")
_TABLES = {"failures": "recoveries", "letters": "dead-letters", "audit": "audit-log"}


class RecoveryScreen(RoomScreen):
    """Three tables, and what is known of the row under the cursor below the first two."""

    ABOUT = (
        "What cxtop does about runs that fail. Failures lists each with its directive (RETRY, "
        "ROLLBACK or DEAD_LETTER, by its code), how far that is, and the runs that it was tried "
        "again as. Dead letters are failures that nothing recovered: they go to the profile's "
        "dead_letter_webhook until that takes them; D delivers one now, X gives it up for a "
        "reason. The audit log keeps how each ended, and is never changed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "tab(-1)", "tab left", show=False, id="recovery.tab_left"),
        Binding("right,l", "tab(1)", "tab right", show=False, id="recovery.tab_right"),
        Binding("tab", "tab(1)", "next tab", id="recovery.next_tab"),
        Binding("slash", "filter", "filter", id="recovery.filter", key_display="/"),
        Binding("D", "deliver", "deliver", id="recovery.deliver"),
        Binding("X", "discard", "discard", id="recovery.discard"),
        Binding("space", "mark", "mark", id="recovery.mark", show=False),
        Binding("y", "copy", "copy id", id="recovery.copy", show=False),
    ]

    ACTS = frozenset({"deliver", "discard"})

    def __init__(self) -> None:
        super().__init__()
        now = lambda: self.app.now()  # noqa: E731 - the app is not there yet
        self.failures: Table[Recovery] = Table(
            recovery_columns(now), lambda row: row.error_id, id="recoveries"
        )
        self.letters: Table[DeadLetter] = Table(
            letter_columns(now), lambda row: row.error_id, id="dead-letters"
        )
        self.audit: Table[AuditEntry] = Table(AUDIT_COLUMNS, entry_key, id="audit-log")
        self._limits = dict.fromkeys(_PANES, PAGE)
        self._totals = dict.fromkeys(_PANES, 0)
        self._waiting = 0

    def body(self) -> Iterable[Widget]:
        yield RoomRule("recovery")
        yield FilterLine("run, code, state, directive or text; Enter keeps, Esc clears")
        with TabbedContent(initial="failures"):
            with TabPane("Failures", id="failures"):
                yield self.failures
            with TabPane("Dead letters", id="letters"):
                yield self.letters
            with TabPane("Audit log", id="audit"):
                yield self.audit
        yield Rule(id="recovery-rule")
        yield Panel(id="recovery-panel")

    def on_mount(self) -> None:
        super().on_mount()
        self._table().focus()

    # what is shown

    @property
    def pane(self) -> str:
        """The tab that is open."""
        return self.query_one(TabbedContent).active or _PANES[0]

    def _table(self) -> Table[Any]:
        return self.query_one(f"#{_TABLES[self.pane]}", Table)

    def renew(self) -> None:
        self._load()

    def tick(self) -> None:
        self._table().refresh()
        self._sum_up()

    def changed(self, changes: frozenset[Change]) -> None:
        if any(change.kind in ("recovery", "runs") for change in changes):
            self._load()

    @work(exclusive=True, group="recovery", exit_on_error=False)
    async def _load(self) -> None:
        monitor = self.app.monitor
        if monitor is None:
            self._show(self.failures, ())
            return
        recovery, text = monitor.recovery, self.query_one(FilterLine).value.strip()
        limits = self._limits
        failures = await recovery.recoveries(text, limit=limits["failures"])
        letters = await recovery.letters(limit=limits["letters"])
        audit = await recovery.audit(text, limit=limits["audit"])
        self._waiting = (await recovery.dead_letters.counts())[LetterState.WAITING]
        matching = [letter for letter in letters.items if text.lower() in letter_text(letter)]
        self._totals = {
            "failures": failures.total,
            "letters": len(matching) if text else letters.total,
            "audit": audit.total,
        }
        self._show(self.failures, failures.items)
        self._show(self.letters, matching)
        self._show(self.audit, audit.items)
        self._tell_tabs()
        self._sum_up()

    def _show(self, table: Table[Any], rows: Sequence[Any]) -> None:
        table.show(rows, empty=self._nothing(table))

    def _nothing(self, table: Table[Any]) -> Line:
        monitor = self.app.monitor
        if monitor is None:
            return ((self.app.opening, "dim"),)
        if self.query_one(FilterLine).value:
            return (("Nothing matches the filter. ", ""), ("Esc in it shows all again.", "dim"))
        if table is self.failures:
            return (
                ("No watched run has failed. ", ""),
                ("One that does is recovered here, by the profile's recovery settings.", "dim"),
            )
        if table is self.audit:
            return (
                ("Nothing was handled yet. ", ""),
                ("How each failure ends is kept here.", "dim"),
            )
        if monitor.recovery.dead_letters.can_deliver:
            return (("No failure is a dead letter. ", ""), ("The webhook waits for them.", "dim"))
        return (
            ("No failure is a dead letter. ", ""),
            ("One is delivered to dead_letter_webhook, if set.", "dim"),
        )

    def _tell_tabs(self) -> None:
        titles = {"failures": "Failures", "letters": "Dead letters", "audit": "Audit log"}
        tabs = self.query_one(TabbedContent)
        for pane, title in titles.items():
            count = self._totals[pane]
            label = Content(f"{title} {words.amount(count)}" if count else title)
            if tabs.get_tab(pane).label != label:
                tabs.get_tab(pane).label = label
        running = sum(not row.state.over for row in self.failures.rows if row is not None)
        spans: list[Span] = []
        if self.letters.marks:
            spans.append((f"{words.plural(len(self.letters.marks), 'letter')} marked · ", "accent"))
        if running and self.size.width >= WIDE:
            spans.append((f"{running} under way · ", "busy"))
        if self._waiting:
            spans.append((f"{words.plural(self._waiting, 'letter')} waiting", "warn"))
        self.query_one(RoomRule).note(tuple(spans))

    def _sum_up(self) -> None:
        rule, panel = self.query_one("#recovery-rule", Rule), self.query_one(Panel)
        row = self._table().cursor_row
        rule.display = panel.display = row is not None and self.size.height >= 16
        if isinstance(row, Recovery):
            sign, word, tone = recovery_sign(row.state)
            rule.tell(((row.action_id, "strong"),), ((f"{sign} {word}", tone),))
            panel.tell([_what(row.message), ((row.note, "dim"),)])
        elif isinstance(row, DeadLetter):
            rule.tell(((row.error_id, "strong"),), ((row.error_code, "bad"),))
            monitor = self.app.monitor
            deliverable = monitor is None or monitor.recovery.dead_letters.can_deliver
            panel.tell([_what(row.message), delivery_words(row, deliverable=deliverable)])
        elif isinstance(row, AuditEntry):
            rule.tell(((row.error_id, "strong"),), ((row.event_type.value, "dim"),))
            panel.tell([((row.detail or words.day_and_time(row.resolved_at), ""),)])

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        found = [scopes.recovery()]
        if isinstance(row := self._table().cursor_row, Recovery):
            found.append(scopes.failure(row))
        return found

    # keys

    @on(TabbedContent.TabActivated)
    def _activated(self) -> None:
        self._table().focus()
        self._sum_up()
        self.refresh_bindings()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        table = event.table
        pane = next(pane for pane, name in _TABLES.items() if name == table.id)
        at_end = table.cursor >= len(table.rows) - 1
        if at_end and len(table.rows) == self._limits[pane] < MOST:
            self._limits[pane] += PAGE
            self._load()
        self._sum_up()

    @on(Table.Opened)
    def _opened(self) -> None:
        if (row := self._table().cursor_row) is not None:
            self._open(row.error_id)

    @work(exclusive=True, group="open", exit_on_error=False)
    async def _open(self, error_id: str) -> None:
        from .failure import FailureScreen

        if (monitor := self.app.monitor) is None:
            return
        found = await monitor.recovery.recovery(error_id)
        if found is not None and self.is_current:
            self.app.push_screen(FailureScreen(found))

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._load()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self._table().focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are delivered, discarded and marked where they are listed."""
        if action in ("deliver", "discard", "mark") and self.pane != "letters":
            return False
        return super().check_action(action, parameters)

    @property
    def undoable(self) -> bool:
        return bool(self.query_one(FilterLine).value or self.letters.marks)

    def action_back(self) -> None:
        if self.query_one(FilterLine).value:
            self.query_one(FilterLine).close()
        else:
            self._unmark()
        self.refresh_bindings()

    def action_tab(self, by: int) -> None:
        place = (_PANES.index(self.pane) + by) % len(_PANES)
        self.query_one(TabbedContent).active = _PANES[place]

    def action_filter(self) -> None:
        self.query_one(FilterLine).ask()

    def action_mark(self) -> None:
        self.letters.toggle_mark()
        self._tell_tabs()
        self.refresh_bindings()

    def action_copy(self) -> None:
        row = self._table().cursor_row
        if row is not None:
            self.app.copy(row.error_id, "error id")

    def _chosen(self) -> list[str]:
        cursor = self.letters.cursor_key
        return sorted(self.letters.marks) or ([cursor] if cursor else [])

    def action_deliver(self) -> None:
        ask_delivery(self.app, self._chosen(), self._unmark)

    def action_discard(self) -> None:
        ask_discard(self.app, self._chosen(), self._unmark)

    def _unmark(self) -> None:
        self.letters.marks.clear()
        self.letters.refresh()
        self._tell_tabs()
        self.refresh_bindings()


def _what(message: str) -> Line:
    return ((message.split("\n", 1)[0] or "The platform gave no message.", ""),)
