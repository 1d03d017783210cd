"""What deserves a notice: pure functions of what is known now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...config import NotifySettings
from ...models import (
    ActionRun,
    DeadLetter,
    RateBudget,
    Recovery,
    RecoveryState,
    RunStatus,
    RunView,
)
from .notice import Occasion

FRESH = timedelta(hours=1)
"""What was over so long before cxtop started is no news."""

ENOUGH = 20
"""So many records must be done before the share of errors among them says anything."""

_ENDINGS = {
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "was cancelled",
    RunStatus.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that may be told. With `after`, only if one of these keys was told before."""

    key: str
    occasion: Occasion
    status: str
    sentence: str
    subject: str = ""
    view: RunView | None = None
    after: tuple[str, ...] = ()


def title_of(view: RunView) -> str:
    """What people call the run."""
    return (view.run.name if view.run else None) or view.run_id


def errors_of(view: RunView) -> int:
    """How many records failed: what the platform counts, or what is kept if that is more."""
    return max((view.run.errors if view.run else None) or 0, view.errors_kept)


def of_run(view: RunView, settings: NotifySettings, since: datetime) -> list[Event]:
    """What is to be told of a run; `since` is when cxtop began to look."""
    run = view.run
    if run is None or min(run.polled_at, run.updated_at or run.polled_at) < since - FRESH:
        return []
    share = _share(view, run)
    if run.status in _ENDINGS:
        return [_ended(view, run)]
    if share is not None and share >= settings.error_share:
        return [_too_many(view, run, share, settings.error_share)]
    quiet = share is not None and share < settings.error_share / 2
    if run.status is RunStatus.COMPLETED or quiet:
        return [_well_again(view, run)]
    return []


def of_budget(budget: RateBudget, now: datetime) -> list[Event]:
    """What is to be told of the rate budget: at most once an hour, for it is full each minute."""
    if budget.remaining > 0:
        return []
    return [
        Event(
            key=f"budget {now:%Y-%m-%dT%H}",
            occasion=Occasion.BUDGET,
            status="RATE BUDGET EXHAUSTED",
            sentence=f"None of the {budget.allowed} calls that the platform allows is left; "
            "polls wait until it allows more.",
        )
    ]


def of_letter(letter: DeadLetter) -> list[Event]:
    """What is to be told of a dead letter."""
    tried = " after all its retries" if letter.retry_exhausted else ""
    message = f": {letter.message}" if letter.message else ""
    return [
        Event(
            key=f"letter {letter.error_id}",
            occasion=Occasion.DEAD_LETTER,
            status="DEAD LETTER",
            sentence=f"{letter.action_id} became a dead letter{tried} with "
            f"{letter.error_code}{message}",
            subject=letter.error_id,
        )
    ]


def of_recovery(recovery: Recovery) -> list[Event]:
    """What is to be told of a failure that was handled."""
    if recovery.state not in (RecoveryState.RECOVERED, RecoveryState.VERIFIED):
        return []
    done = "recovered" if recovery.state is RecoveryState.RECOVERED else "was rolled back"
    count = recovery.retry_count
    tries = f" after {count} {'retry' if count == 1 else 'retries'}" if count else ""
    return [
        Event(
            key=f"well {recovery.action_id}",
            occasion=Occasion.RECOVERED,
            status="RECOVERED" if recovery.state is RecoveryState.RECOVERED else "ROLLED BACK",
            sentence=f"{recovery.action_id} {done}{tries}.",
            subject=recovery.action_id,
        )
    ]


def _share(view: RunView, run: ActionRun) -> float | None:
    done = run.processed or 0
    return errors_of(view) / done if done >= ENOUGH else None


def _ended(view: RunView, run: ActionRun) -> Event:
    count = errors_of(view)
    errors = f" with {count:,} {'error' if count == 1 else 'errors'}" if count else ""
    return Event(
        key=_ended_key(view, run.status),
        occasion=Occasion.ENDED,
        status=run.status.value,
        sentence=f"{title_of(view)} {_ENDINGS[run.status]}{errors}.",
        subject=view.run_id,
        view=view,
    )


def _too_many(view: RunView, run: ActionRun, share: float, most: float) -> Event:
    return Event(
        key=f"share {view.run_id}",
        occasion=Occasion.ERROR_SHARE,
        status=f"{run.status.value}, {share:.0%} ERRORS",
        sentence=f"{share:.1%} of the records of {title_of(view)} have failed "
        f"({errors_of(view):,} of {run.processed:,}), which is not below {most:.0%}.",
        subject=view.run_id,
        view=view,
    )


def _well_again(view: RunView, run: ActionRun) -> Event:
    word = "is completed" if run.status is RunStatus.COMPLETED else "fails less again"
    return Event(
        key=f"well {view.run_id}",
        occasion=Occasion.RECOVERED,
        status=f"RECOVERED, {run.status.value}",
        sentence=f"{title_of(view)} {word}, with {errors_of(view):,} errors.",
        subject=view.run_id,
        view=view,
        after=(f"share {view.run_id}", *(_ended_key(view, status) for status in _ENDINGS)),
    )


def _ended_key(view: RunView, status: RunStatus) -> str:
    return f"ended {view.run_id} {status.value}"
