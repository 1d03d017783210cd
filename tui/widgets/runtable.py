"""How a watched run looks as a row."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ...core.states import RunStatus, WatchState
from .. import words
from ..bars import bar, sparkline
from ..clock import Clock
from ..ink import Line, Tone
from ..signs import run_sign
from .columns import Column

if TYPE_CHECKING:
    from ...core.models import RunView

_BAR_TONES: dict[RunStatus, Tone] = {
    RunStatus.COMPLETED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELLED: "dim",
    RunStatus.EXPIRED: "warn",
    RunStatus.QUEUED: "dim",
}


def title_of(view: RunView) -> str:
    """What people call this run: its name where it has one, else its id."""
    return (view.run.name if view.run else None) or view.run_id


def needs_attention(view: RunView) -> tuple[int, str]:
    """An order that puts first what somebody should look at."""
    status = view.run.status if view.run else RunStatus.UNKNOWN
    if view.trouble or status in (RunStatus.FAILED, RunStatus.EXPIRED):
        rank = 0
    elif view.state is WatchState.STALLED or status is RunStatus.UNKNOWN:
        rank = 1
    elif not status.terminal:
        rank = 2
    else:
        rank = 3
    return rank, title_of(view).lower()


def _status(view: RunView, _width: int) -> Line:
    sign, word, tone = run_sign(view)
    return ((f"{sign} {word}", tone),)


def _progress(view: RunView, width: int) -> Line:
    if view.run is None:
        return (("░" * (width - 6), "track"), (f" {words.NOTHING:>5}", "dim"))
    tone = _BAR_TONES.get(view.run.status, "busy")
    if tone == "busy" and view.state in (
        WatchState.STALLED,
        WatchState.THROTTLED,
        WatchState.TROUBLED,
    ):
        tone = "warn"
    share = words.share(view.run.progress)
    return (*bar(view.run.progress, width - 6, tone), (f" {share:>5}", ""))


def _done(view: RunView, _width: int) -> Line:
    if view.run is None or (view.run.processed is None and view.run.total is None):
        return ((words.NOTHING, "dim"),)
    return (
        (words.amount(view.run.processed), ""),
        (f" / {words.amount(view.run.total):>7}", "dim"),
    )


def _errors(view: RunView, _width: int) -> Line:
    count = errors_of(view)
    return ((words.amount(count), "bad" if count else "dim"),)


def errors_of(view: RunView) -> int | None:
    """How many records failed: what the platform counts, or what was fetched if that is more."""
    said = view.run.errors if view.run else None
    return max(said or 0, view.errors_kept) if said is not None or view.errors_kept else None


def _warnings(view: RunView, _width: int) -> Line:
    count = view.run.warnings if view.run else None
    return ((words.amount(count), "warn" if count else "dim"),)


def _rate(view: RunView, _width: int) -> Line:
    return ((words.rate(view.rate), "dim" if view.rate is None else ""),)


def _eta(view: RunView, _width: int) -> Line:
    return ((words.whole_span(view.eta_s), "dim" if view.eta_s is None else ""),)


def _trend(view: RunView, width: int) -> Line:
    return ((sparkline(view.trend, width), "busy"),)


def _ended(view: RunView) -> bool:
    return view.run is not None and view.run.status.terminal


def _stale(view: RunView, now: datetime) -> bool:
    """Whether what is shown may no longer be so."""
    if view.run is None:
        return True
    if _ended(view):
        return False
    waited = (now - view.run.polled_at).total_seconds()
    return view.state is WatchState.KNOWN or waited > 3 * view.interval_s


def run_columns(clock: Clock) -> tuple[Column[RunView], ...]:
    """The columns of the table of runs; `clock` tells how old an answer is."""

    def name(view: RunView, _width: int) -> Line:
        return ((title_of(view), "dim" if _stale(view, clock()) else ""),)

    def seen(view: RunView, _width: int) -> Line:
        old = _stale(view, clock()) and not _ended(view)
        polled = view.run.polled_at if view.run else None
        return ((words.age(polled, clock()), "warn" if old else "dim"),)

    return (
        Column("name", "RUN", 22, name, flex=3, widest=40, order=lambda v: title_of(v).lower()),
        Column("status", "STATUS", 11, _status, order=lambda v: run_sign(v)[1]),
        Column(
            "progress",
            "PROGRESS",
            16,
            _progress,
            flex=3,
            widest=40,
            order=lambda v: (v.run.progress if v.run else None) or 0.0,
        ),
        Column(
            "done",
            "DONE / TOTAL",
            17,
            _done,
            right=True,
            drop=6,
            order=lambda v: (v.run.processed if v.run else None) or 0,
        ),
        Column(
            "errors", "ERRORS", 7, _errors, right=True, drop=2, order=lambda v: errors_of(v) or 0
        ),
        Column(
            "warnings",
            "WARN",
            5,
            _warnings,
            right=True,
            drop=8,
            order=lambda v: (v.run.warnings if v.run else None) or 0,
        ),
        Column("rate", "RATE", 7, _rate, right=True, drop=7, order=lambda v: v.rate or 0.0),
        Column("eta", "ETA", 8, _eta, right=True, drop=3, order=lambda v: v.eta_s or float("inf")),
        Column("trend", "RECORDS/S", 12, _trend, flex=1, widest=30, drop=9),
        Column(
            "seen",
            "SEEN",
            5,
            seen,
            right=True,
            drop=4,
            order=lambda v: v.run.polled_at.timestamp() if v.run else 0.0,
        ),
    )
