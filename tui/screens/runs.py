"""Screen 1: every watched run, one a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from .. import words
from ..bars import bar, sparkline
from ..ink import Line, Span
from ..signs import run_sign
from ..widgets.dialogs import Ask, Choose
from ..widgets.filterline import FilterLine
from ..widgets.panel import Panel
from ..widgets.roomrule import RoomRule
from ..widgets.rule import Rule
from ..widgets.runtable import errors_of, needs_attention, run_columns, title_of
from ..widgets.table import Table
from .base import RoomScreen

if TYPE_CHECKING:
    from ...core.live import Change
    from ...core.models import ErrorGroup, RunView
    from ...core.snapshot.scope import Scope


class RunsScreen(RoomScreen):
    """The table of runs with the one under the cursor summed up below."""

    ABOUT = (
        "Every run that cxtop watches, one a row. A run is added by its id, which the platform "
        "gave when the run was started. What is dim has not been confirmed lately; SEEN says how "
        "long ago the platform last answered for it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "add", id="runs.add"),
        Binding("slash", "filter", "filter", id="runs.filter", key_display="/"),
        Binding("r", "refresh", "refresh", id="runs.refresh"),
        Binding("o", "sort", "sort", id="runs.sort"),
        Binding("space", "mark", "mark", id="runs.mark", show=False),
        Binding("u", "unwatch", "unwatch", id="runs.unwatch", show=False),
        Binding("y", "copy", "copy id", id="runs.copy", show=False),
    ]

    ACTS = frozenset({"add", "refresh", "unwatch"})

    def __init__(self) -> None:
        super().__init__()
        self.columns = run_columns(lambda: self.app.now())
        self.table: Table[RunView] = Table(self.columns, lambda view: view.run_id, id="runs")
        self._groups: dict[str, list[ErrorGroup]] = {}
        self._added: str | None = None

    def body(self) -> Iterable[Widget]:
        yield RoomRule("runs")
        yield FilterLine("name, id or status; Enter keeps, Esc clears")
        yield self.table
        yield Rule(id="summary-rule")
        yield Panel(id="summary")

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    # what is shown

    def renew(self) -> None:
        self._fill()
        self._ask_groups()

    def tick(self) -> None:
        self.table.refresh()
        self._sum_up()

    def changed(self, changes: frozenset[Change]) -> None:
        self._fill()
        if any(
            change.kind == "errors" and change.key == self.table.cursor_key for change in changes
        ):
            self._ask_groups()

    def _fill(self) -> None:
        views = self.app.views()
        wanted = self.query_one(FilterLine).value.strip().lower()
        shown = [view for view in views if not wanted or wanted in _haystack(view)]
        shown = self._ordered(shown)
        self.table.show(shown, empty=self._nothing(len(views)))
        self._go_to_added(shown)
        marks = len(self.table.marks)
        self.query_one(RoomRule).note(
            (
                (f"{words.plural(marks, 'run')} marked · " if marks else "", "accent"),
                (
                    f"{len(shown)} of {words.plural(len(views), 'run')}"
                    if wanted
                    else words.plural(len(views), "run"),
                    "dim",
                ),
            ),
        )
        self._sum_up()

    def _go_to_added(self, shown: Sequence[RunView]) -> None:
        place = next((i for i, view in enumerate(shown) if view.run_id == self._added), None)
        if place is not None:
            self._added = None
            self.table.move_to(place)

    def _ordered(self, views: Sequence[RunView]) -> Sequence[RunView]:
        if self.table.sorted_by is None:
            return views
        key, down = self.table.sorted_by
        if key == "attention":
            return sorted(views, key=needs_attention, reverse=down)
        order = next(column.order for column in self.columns if column.key == key)
        return sorted(views, key=order, reverse=down) if order else views

    def _nothing(self, watched: int) -> Line:
        if watched:
            return (
                ("No run matches the filter. ", ""),
                ("Esc in the filter line shows all again.", "dim"),
            )
        if self.app.monitor is None:
            return ((self.app.opening, "dim"),)
        if self.app.is_exhibit:
            return (("The snapshot holds no runs.", ""),)
        return (
            ("No runs are watched yet. ", ""),
            ("Press ", "dim"),
            ("a", "accent"),
            (" and give a run's id.", "dim"),
        )

    def _sum_up(self) -> None:
        view = self.table.cursor_row
        panel = self.query_one(Panel)
        rule = self.query_one("#summary-rule", Rule)
        rule.display = panel.display = view is not None and self.size.height >= 16
        if view is None:
            return
        rule.tell(
            ((title_of(view), "strong"),),
            ((view.run_id, "dim"),) if title_of(view) != view.run_id else (),
        )
        panel.tell([_moving(view, self.size.width), self._codes(view)])

    def _codes(self, view: RunView) -> Line:
        if view.trouble:
            return (("▲ ", "warn"), (view.trouble, ""), (f"  {view.remedy}", "dim"))
        groups = self._groups.get(view.run_id, [])
        if not groups:
            coming = "were not fetched" if self.app.is_exhibit else "are being fetched"
            said = f"failed records {coming}" if errors_of(view) else "no failed records"
            return ((said, "dim"),)
        spans: list[Span] = [("errors   ", "dim")]
        top = groups[0].count
        for group in groups[:4]:
            spans += [
                (f"{group.code} ", ""),
                *bar(group.count / top, max(1, round(10 * group.count / top)), "bad", track=False),
                (f" {words.amount(group.count)}   ", ""),
            ]
        more = len(groups) - 4
        if more > 0:
            spans.append((f"and {words.plural(more, 'more code')}", "dim"))
        return spans

    @work(exclusive=True, exit_on_error=False)
    async def _ask_groups(self) -> None:
        key = self.table.cursor_key
        if key is None or self.app.monitor is None:
            return
        self._groups = {key: await self.app.monitor.store.error_groups(key, samples=0)}
        self._sum_up()

    def scopes(self) -> Sequence[Scope]:
        from .. import scopes

        shown = [view for view in self.table.rows if view is not None]
        marked = [view.run_id for view in shown if view.run_id in self.table.marks]
        filtered = bool(self.query_one(FilterLine).value.strip())
        found = scopes.runs([view.run_id for view in shown], marked, filtered=filtered)
        if (here := self.table.cursor_row) is not None:
            found.insert(1 if marked else len(found), scopes.run(here.run_id, title_of(here)))
        return found

    # keys

    @on(Table.Moved)
    def _moved(self) -> None:
        self._sum_up()
        self._ask_groups()

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        from .run import RunScreen

        self.app.push_screen(RunScreen(event.key))

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._fill()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.table.focus()
        self.refresh_bindings()

    def action_filter(self) -> None:
        self.query_one(FilterLine).ask()

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self._fill()
        self.refresh_bindings()

    @property
    def undoable(self) -> bool:
        return bool(self.query_one(FilterLine).value or self.table.marks)

    def action_back(self) -> None:
        if self.query_one(FilterLine).value:
            self.query_one(FilterLine).close()
            self.refresh_bindings()
        elif self.table.marks:
            self.table.marks.clear()
            self._fill()
            self.refresh_bindings()

    def action_refresh(self) -> None:
        self.app.command(lambda monitor: monitor.refresh(None), "Asking for every run now.")

    def action_copy(self) -> None:
        if (key := self.table.cursor_key) is not None:
            self.app.copy(key, "run id")

    def action_sort(self) -> None:
        choices = [("added", "as they were added"), ("attention", "what needs a look first")]
        choices += [(c.key, c.title.lower()) for c in self.columns if c.order]

        now, down = self.table.sorted_by or ("added", False)

        def sort(choice: str | None) -> None:
            if choice:
                order = (choice, choice == now and not down)
                self.table.sorted_by = None if choice == "added" else order
                self._fill()

        note = "Choosing the order in force turns it round."
        self.app.push_screen(Choose("Order of the runs", choices, now=now, note=note), sort)

    def action_add(self) -> None:
        def add(run_id: str | None) -> None:
            if run_id:
                self._added = run_id
                self.app.command(lambda monitor: monitor.watch(run_id), f"Watching {run_id}.")

        note = "The id that the platform gave when the run was started."
        self.app.push_screen(Ask("Watch a run", note, placeholder="run id"), add)

    def action_unwatch(self) -> None:
        chosen = sorted(self.table.marks) or [key for key in [self.table.cursor_key] if key]
        for run_id in chosen:
            self.app.command(
                lambda monitor, run_id=run_id: monitor.unwatch(run_id),
                f"{run_id} is no longer watched; what was seen is kept, and a adds it again.",
            )
        self.table.marks.clear()


def _haystack(view: RunView) -> str:
    return f"{title_of(view)} {view.run_id} {run_sign(view)[1]}".lower()


def _moving(view: RunView, width: int) -> Line:
    run = view.run
    if run is None:
        return (("the platform has not answered for this run yet", "dim"),)
    spans: list[Span] = []
    if run.created_at is not None:
        end = run.updated_at if run.status.terminal and run.updated_at else run.polled_at
        took = words.whole_span((end - run.created_at).total_seconds())
        spans.extend(
            [("started ", "dim"), (words.clock(run.created_at), ""), (f" · {took}   ", "dim")]
        )
    if view.next_poll_at is not None:
        spans.append((f"asked every {words.whole_span(view.interval_s)}   ", "dim"))
    if view.trend:
        spans.extend([("records/s ", "dim"), (sparkline(view.trend, max(10, width // 4)), "busy")])
    return spans
