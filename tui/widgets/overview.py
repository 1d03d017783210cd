"""What is known of a run, on one page."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from ...core.models import ErrorGroup, Poll, RunView, WatchState
from ...core.text import clip
from .. import words
from ..bars import bar, sparkline
from ..ink import Line, Tone
from ..signs import run_sign
from .panel import Panel
from .runtable import errors_of, title_of

if TYPE_CHECKING:
    from ..app import CxtopApp

_LABEL = 14
_CODE = 25


class Overview(VerticalScroll, can_focus=True):
    """Status, counts, times, codes and the course of the run as it was seen."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]

    def __init__(self, run_id: str) -> None:
        super().__init__(id="overview-panel")
        self.run_id = run_id
        self._groups: list[ErrorGroup] = []
        self._polls: list[Poll] = []
        self._view = RunView(run_id=run_id)

    def compose(self) -> ComposeResult:
        """One panel of lines."""
        yield Panel()

    def tell(self, view: RunView) -> None:
        """Show this state of the run."""
        self._view = view
        width = max(20, self.size.width - 4)
        rows = [*_state(view), (), *_counts(view, width), (), *_times(view, self.app.now())]
        if self._groups:
            rows += [(), *_codes(self._groups, width)]
        if len(self._polls) > 2:
            rows += [(), *_course(self._polls, width)]
        if view.run and view.run.extra:
            rows += [(), *(_fact(str(key), str(value)) for key, value in view.run.extra.items())]
        self.query_one(Panel).tell(rows)

    @work(exclusive=True, exit_on_error=False)
    async def load(self) -> None:
        """Read codes and history from the store."""
        if self.app.monitor is not None:
            store = self.app.monitor.store
            self._groups = await store.error_groups(self.run_id, samples=0)
            self._polls = await store.polls(self.run_id, limit=500)
            self.tell(self._view)


def _fact(label: str, value: str, tone: Tone = "", note: str = "") -> Line:
    return ((f"{label:<{_LABEL}}", "dim"), (value, tone), (f"  {note}" if note else "", "dim"))


def _state(view: RunView) -> list[Line]:
    sign, word, tone = run_sign(view)
    said = view.run.raw_status if view.run else ""
    rows: list[Line] = [
        _fact("run", title_of(view), "strong"),
        _fact("id", view.run_id),
        _fact("status", f"{sign} {word}", tone, f"the platform says “{said}”" if said else ""),
    ]
    if view.trouble:
        rows.append(_fact("trouble", view.trouble, "warn", view.remedy))
    return rows


def _counts(view: RunView, width: int) -> list[Line]:
    run = view.run
    if run is None:
        return []
    room = min(50, width - _LABEL - 8)
    rows: list[Line] = [
        (
            (f"{'progress':<{_LABEL}}", "dim"),
            *bar(run.progress, room),
            (f" {words.share(run.progress)}", ""),
        ),
        _fact("records", f"{words.amount(run.processed)} of {words.amount(run.total)}"),
    ]
    count = errors_of(view)
    share = (
        f"{words.share(count / run.processed)} of the records done"
        if count and run.processed
        else ""
    )
    rows.append(_fact("errors", words.amount(count), "bad" if count else "", share))
    rows.append(_fact("warnings", words.amount(run.warnings), "warn" if run.warnings else ""))
    if view.rate is not None:
        rows.append(
            _fact(
                "rate",
                words.rate(view.rate),
                "",
                f"done in {words.whole_span(view.eta_s)}" if view.eta_s else "",
            )
        )
    return rows


def _times(view: RunView, now: datetime) -> list[Line]:
    run = view.run
    if run is None:
        return []
    rows = [
        _fact("started", words.day_and_time(run.created_at)),
        _fact("last change", words.day_and_time(run.updated_at)),
        _fact(
            "last answer",
            words.day_and_time(run.polled_at),
            "",
            f"{words.age(run.polled_at, now)} ago",
        ),
    ]
    if view.next_poll_at is not None and view.state is not WatchState.PAUSED:
        rows.append(
            _fact(
                "next poll",
                words.day_and_time(view.next_poll_at),
                "",
                f"every {words.whole_span(view.interval_s)}",
            )
        )
    return rows


def _codes(groups: list[ErrorGroup], width: int) -> list[Line]:
    top = groups[0].count
    total = sum(group.count for group in groups)
    room = max(6, min(30, width - _LABEL - _CODE - 8 - 6))
    return [
        (
            (f"{'by code' if position == 0 else '':<{_LABEL}}", "dim"),
            (f"{clip(group.code, _CODE - 1):<{_CODE}}", ""),
            *bar(group.count / top, room, "bad", track=False),
            (f"{words.amount(group.count):>8}", ""),
            (f"{words.share(group.count / total):>6}", "dim"),
        )
        for position, group in enumerate(groups[:8])
    ]


def _course(polls: list[Poll], width: int) -> list[Line]:
    done = [float(poll.processed or 0) for poll in polls]
    steps = [max(0.0, after - before) for before, after in pairwise(done)]
    room = min(80, width - _LABEL)
    first, last = (
        words.clock(polls[-len(steps[-room:])].polled_at),
        words.clock(polls[-1].polled_at),
    )
    return [
        ((f"{'course':<{_LABEL}}", "dim"), (sparkline(steps, room), "busy")),
        ((" " * _LABEL, ""), (f"records between polls, {first} to {last}", "dim")),
    ]
