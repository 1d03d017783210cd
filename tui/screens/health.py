"""Screen 4: how healthy each followed action is, the worst first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ...core.models import ActionHealth
from .. import words
from ..ink import Line
from ..signs import health_sign
from ..verdicts import figures, rises, standing, troubles
from ..widgets.dialogs import Ask, Choose
from ..widgets.filterline import FilterLine
from ..widgets.healthtable import health_columns, is_stale, scale_of, top_codes
from ..widgets.panel import Panel
from ..widgets.roomrule import RoomRule
from ..widgets.rule import Rule
from ..widgets.table import Table
from .base import RoomScreen
from .silencing import ask_silence

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.snapshot.scope import Scope


class HealthScreen(RoomScreen):
    """The table of actions, and what is known of the one under the cursor below."""

    ABOUT = (
        "How healthy each followed action is, the worst first. The bar is the share of its calls "
        "that ended with an error, its mark the threshold; ▲ above stands where that is exceeded "
        "for long enough to be told. Figures are the platform's own analytics; where it has none, "
        "they are counted from the captured exchanges, and SOURCE says so. What is dim is old; "
        "AGE says how old. z tells nobody for a while. Enter shows an action over time."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "follow", "follow", id="health.follow"),
        Binding("slash", "filter", "filter", id="health.filter", key_display="/"),
        Binding("r", "refresh", "refresh", id="health.refresh"),
        Binding("o", "sort", "sort", id="health.sort"),
        Binding("z", "silence", "silence", id="health.silence"),
        Binding("space", "mark", "mark", id="health.mark", show=False),
        Binding("u", "unfollow", "unfollow", id="health.unfollow", show=False),
        Binding("y", "copy", "copy id", id="health.copy", show=False),
    ]

    ACTS = frozenset({"follow", "refresh", "silence", "unfollow"})

    def __init__(self) -> None:
        super().__init__()
        self._scale = 0.0
        self.table: Table[ActionHealth] = Table((), lambda health: health.action_id, id="actions")

    def body(self) -> Iterable[Widget]:
        yield RoomRule("health")
        yield FilterLine("action, state, error code or source; Enter keeps, Esc clears")
        yield self.table
        yield Rule(id="health-rule")
        yield Panel(id="health-panel")

    def on_mount(self) -> None:
        super().on_mount()
        self._fill()
        self.table.focus()

    # what is shown

    def renew(self) -> None:
        self._fill()

    def changed(self, changes: frozenset[Change]) -> None:
        if any(change.kind == "health" for change in changes):
            self._fill()

    def tick(self) -> None:
        self.table.refresh()
        self._sum_up()

    def on_resize(self) -> None:
        self._sum_up()

    def _known(self) -> list[ActionHealth]:
        return self.app.monitor.health.actions() if self.app.monitor else []

    def _refresh_s(self) -> float:
        return self.app.monitor.profile.health.refresh_s if self.app.monitor else math.inf

    def _fill(self) -> None:
        known = self._known()
        self._fit(scale_of(known))
        parts = self.query_one(FilterLine).value.lower().split()
        shown = [one for one in known if all(part in _haystack(one) for part in parts)]
        self.table.show(self._ordered(shown), empty=self._nothing(len(known)))
        self._tell(len(shown), len(known), bool(parts))
        self._sum_up()

    def _fit(self, scale: float) -> None:
        if scale != self._scale:
            self._scale = scale
            self.table.columns = health_columns(lambda: self.app.now(), self._refresh_s, scale)
            self.table.refit()

    def _ordered(self, known: Sequence[ActionHealth]) -> Sequence[ActionHealth]:
        if self.table.sorted_by is None:
            return known
        key, down = self.table.sorted_by
        order = next(column.order for column in self.table.columns if column.key == key)
        return sorted(known, key=order, reverse=down) if order else known

    def _nothing(self, followed: int) -> Line:
        if followed:
            return (
                ("No action matches the filter. ", ""),
                ("Esc in the filter line shows all again.", "dim"),
            )
        if self.app.monitor is None:
            return ((self.app.opening, "dim"),)
        return (
            ("No action is followed yet. ", ""),
            ("a", "accent"),
            (" follows one; captured ones come by themselves.", "dim"),
        )

    def _tell(self, shown: int, known: int, narrowed: bool) -> None:
        marks = len(self.table.marks)
        waiting = sum(one.report is None and not one.trouble for one in self._known())
        count = words.plural(known, "action")
        self.query_one(RoomRule).note(
            (
                (f"{words.plural(marks, 'action')} marked · " if marks else "", "accent"),
                (f"asking for {words.amount(waiting)} · " if waiting else "", "busy"),
                (f"{shown} of {count}" if narrowed else count, "dim"),
            )
        )

    def _sum_up(self) -> None:
        health = self.table.cursor_row
        rule, panel = self.query_one("#health-rule", Rule), self.query_one("#health-panel", Panel)
        rule.display = panel.display = health is not None and self.size.height >= 16
        if health is None:
            return
        now = self.app.now()
        rule.tell(((health.action_id, "strong"),), _aged(health, now, self._refresh_s()))
        panel.tell(self._story(health, now))

    def _story(self, health: ActionHealth, now: datetime) -> list[Line]:
        rows: list[Line] = [*troubles(health, self.size.width - 4), standing(health, now)]
        if health.report is not None:
            rows.append(figures(health.report))
        if health.report is not None and health.report.codes:
            codes = top_codes(health.report, self.size.width - 14)
            rows.append((("codes      ", "dim"), *codes))
        if health.risen:
            rows.append((("rose       ", "dim"), *rises(health.risen)))
        return rows[: 3 if self.size.height < 24 else 5]

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        found = [scopes.health()]
        if (here := self.table.cursor_key) is not None:
            found.append(scopes.action(here))
        return found

    @property
    def action_in_view(self) -> str:
        return self.table.cursor_key or ""

    # keys

    @on(Table.Moved, "#actions")
    def _moved(self) -> None:
        self._sum_up()

    @on(Table.Opened, "#actions")
    def _opened(self, event: Table.Opened) -> None:
        from .action import ActionScreen

        self.app.push_screen(ActionScreen(event.key))

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._fill()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.table.focus()
        self.refresh_bindings()

    @property
    def undoable(self) -> bool:
        return bool(self.query_one(FilterLine).value or self.table.marks)

    def action_back(self) -> None:
        if self.query_one(FilterLine).value:
            self.query_one(FilterLine).close()
        else:
            self.table.marks.clear()
            self._fill()
        self.refresh_bindings()

    def action_filter(self) -> None:
        self.query_one(FilterLine).ask()

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self._fill()
        self.refresh_bindings()

    def action_copy(self) -> None:
        if (key := self.table.cursor_key) is not None:
            self.app.copy(key, "action id")

    def _chosen(self) -> list[str]:
        return sorted(self.table.marks) or [key for key in [self.table.cursor_key] if key]

    def action_refresh(self) -> None:
        marked = sorted(self.table.marks)
        if not marked:
            said = "Asking for every action now."
            self.app.command(lambda monitor: monitor.health.refresh(), said)
        for action_id in marked:
            self.app.command(
                lambda monitor, action_id=action_id: monitor.health.refresh(action_id),
                f"Asking for {action_id} now.",
            )

    def action_sort(self) -> None:
        choices = [("worst", "the worst first")]
        choices += [
            (c.key, "bar" if c.key == "share" else c.title.lower())
            for c in self.table.columns
            if c.order and c.key != "share"
        ]
        now, down = self.table.sorted_by or ("worst", False)

        def sort(choice: str | None) -> None:
            if choice:
                order = (choice, choice == now and not down)
                self.table.sorted_by = None if choice == "worst" else order
                self._fill()

        note = "Choosing the order in force turns it round."
        self.app.push_screen(Choose("Order of the actions", choices, now=now, note=note), sort)

    def action_follow(self) -> None:
        def follow(action_id: str | None) -> None:
            if action_id:
                self.app.command(
                    lambda monitor: monitor.health.follow(action_id), f"Following {action_id}."
                )

        note = "The id of the data action, as the platform shows it."
        self.app.push_screen(Ask("Follow an action", note, placeholder="action id"), follow)

    def action_unfollow(self) -> None:
        for action_id in self._chosen():
            self.app.command(
                lambda monitor, action_id=action_id: monitor.health.unfollow(action_id),
                f"{action_id} is no longer followed; a follows it again.",
            )
        self.table.marks.clear()

    def action_silence(self) -> None:
        chosen = set(self._chosen())
        ask_silence(self.app, [one for one in self._known() if one.action_id in chosen])


def _haystack(health: ActionHealth) -> str:
    parts = [health.action_id, health_sign(health)[1]]
    if health.report is not None:
        parts += [health.report.source.value, *(code.code for code in health.report.codes)]
    return " ".join(parts).lower()


def _aged(health: ActionHealth, now: datetime, refresh_s: float) -> Line:
    if health.report is None:
        return ()
    stale = is_stale(health, now, refresh_s)
    age = words.age(health.report.as_of, now)
    return ((f"figures {age} old", "warn" if stale else "dim"),)
