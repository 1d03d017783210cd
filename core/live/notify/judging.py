"""What deserves a notice: pure functions of what is known now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...config import NotifySettings
from ...durations import spoken
from ...models import (
    ActionHealth,
    ActionRun,
    DeadLetter,
    RateBudget,
    Recovery,
    RecoveryState,
    RunStatus,
    RunView,
)
from ...store.health import Alarm
from ..alarms import is_ill, is_silenced
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
_TRIED_AGAIN = (RecoveryState.WAITING, RecoveryState.SUBMITTING, RecoveryState.WATCHING)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that may be told. With `after`, only if one of these keys was told before.

    What is told with it has its keys in `also`: it is not told a second time by itself.
    """

    key: str
    occasion: Occasion
    status: str
    sentence: str
    subject: str = ""
    view: RunView | None = None
    health: ActionHealth | None = None
    after: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


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
    return [
        Event(
            key=_letter_key(letter),
            occasion=Occasion.DEAD_LETTER,
            status="DEAD LETTER",
            sentence=f"{letter.action_id} {_buried(letter)}",
            subject=letter.error_id,
        )
    ]


def with_its_failure(event: Event, recovery: Recovery, letter: DeadLetter | None) -> Event:
    """The end of a run, with what is done about it; of all runs of one failure, the first's."""
    key = _ended_key(recovery.action_id, RunStatus.FAILED)
    sentence = event.sentence.removesuffix(".")
    if letter is not None:
        return replace(
            event,
            key=key,
            status=f"{event.status}, DEAD LETTER",
            sentence=f"{sentence}; it {_buried(letter)}",
            also=(_letter_key(letter),),
        )
    if recovery.state in _TRIED_AGAIN:
        done = "submitted" if recovery.submitted else "asked for"
        return replace(event, key=key, sentence=f"{sentence}; it is {done} again.")
    return replace(event, key=key)


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


def of_action(health: ActionHealth, alarm: Alarm, since: datetime, now: datetime) -> list[Event]:
    """What is to be told of an action: that it is ill, and once it is not any more, that.

    Each is told once for a time of illness, by whichever cxtop is the first on this store.
    """
    report = health.report
    if report is None or alarm.raised is None or is_silenced(alarm, now):
        return []
    time = f"{health.action_id} {alarm.raised.isoformat()}"
    figures = (
        f"{report.error_rate:.2f} % of {report.executions:,} executions of {health.action_id} "
        f"failed in {spoken(report.interval)}"
    )
    if is_ill(alarm):
        cause = f", most with {report.codes[0].code}" if report.codes else ""
        return [
            Event(
                key=f"ill {time}",
                occasion=Occasion.HEALTH,
                status=f"{report.error_rate:.1f} % ERRORS",
                sentence=f"{figures}, above its threshold of {health.threshold:g} %{cause}.",
                subject=health.action_id,
                health=health,
            )
        ]
    if alarm.since is None or alarm.since < since - FRESH:
        return []
    return [
        Event(
            key=f"healthy {time}",
            occasion=Occasion.RECOVERED,
            status="RECOVERED",
            sentence=f"{figures}, which is well below its threshold of {health.threshold:g} %.",
            subject=health.action_id,
            health=health,
            after=(f"ill {time}",),
        )
    ]


def _share(view: RunView, run: ActionRun) -> float | None:
    done = run.processed or 0
    return errors_of(view) / done if done >= ENOUGH else None


def _ended(view: RunView, run: ActionRun) -> Event:
    count = errors_of(view)
    errors = f" with {count:,} {'error' if count == 1 else 'errors'}" if count else ""
    return Event(
        key=_ended_key(view.run_id, run.status),
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
        after=(f"share {view.run_id}", *(_ended_key(view.run_id, status) for status in _ENDINGS)),
    )


def _ended_key(run_id: str, status: RunStatus) -> str:
    return f"ended {run_id} {status.value}"


def _letter_key(letter: DeadLetter) -> str:
    return f"letter {letter.error_id}"


def _buried(letter: DeadLetter) -> str:
    tried = " after all its retries" if letter.retry_exhausted else ""
    message = f": {letter.message}" if letter.message else ""
    return f"became a dead letter{tried} with {letter.error_code}{message}"
