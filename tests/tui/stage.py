"""A monitor over a real store, for a platform whose answers do not move with time.

Pictures must come out the same each time, so the runs, their history and the clock are fixed;
everything between the platform and the screen is the real thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr
from textual.pilot import Pilot

from cxtop.core.config import HealthSettings, PollSettings, Profile, Retention
from cxtop.core.errors import CxtopError, NotFoundError
from cxtop.core.live import Monitor
from cxtop.core.models import (
    ActionHealth,
    ActionRun,
    Attempt,
    Call,
    CallState,
    FlowTrace,
    RateBudget,
    RecordError,
    RunStatus,
    RunView,
    WaitReason,
    WatchState,
)
from cxtop.core.platforms import Analytics, RecordPage, StatusReading, no_analytics
from cxtop.core.sources import Library
from cxtop.core.store import Store
from cxtop.tui.app import CxtopApp, Launch

NOW = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)
HOSTILE = "[/etc/x] [b]bold[/b] \x1b]52;c;aGk=\x07 a\u202eb"


def a_run(run_id: str, status: str, processed: int, total: int, **rest: object) -> ActionRun:
    fields = {
        "run_id": run_id,
        "platform": "genesys",
        "status": RunStatus.from_word(status),
        "raw_status": status,
        "progress": processed / total if total else None,
        "processed": processed,
        "total": total,
        "errors": 0,
        "warnings": 0,
        "created_at": NOW - timedelta(minutes=42),
        "updated_at": NOW - timedelta(seconds=2),
        "polled_at": NOW - timedelta(seconds=2),
        "raw": {"dataActionId": run_id, "status": status, "processedCount": processed},
    }
    return ActionRun.model_validate({**fields, **rest})


RUNS = (
    a_run(
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "running",
        650,
        1000,
        errors=12,
        warnings=3,
        name="nightly-contact-import",
    ),
    a_run(
        "crm-backfill",
        "failed",
        48511,
        50000,
        errors=134,
        warnings=40,
        extra={"initiatedBy": "j.doe"},
    ),
    a_run("loyalty-sync", "in_progress", 680, 2000),
    a_run("gdpr-erasure-0412", "COMPLETED", 2000, 2000),
    a_run("survey-push", "pending", 0, 12400),
    a_run("odd", "waiting_for_godot", 5, 10),
    a_run(HOSTILE, "running", 1, 3, name=HOSTILE, errors=3),
    a_run(
        "a-run-whose-id-is-longer-than-any-column-could-ever-hope-to-show-in-full", "expired", 3, 9
    ),
)


def errors_of(run_id: str, count: int) -> list[RecordError]:
    codes = ("VALIDATION_ERROR",) * 5 + ("DUPLICATE_RECORD",) * 3 + ("TIMEOUT", "UNKNOWN_ERROR")
    return [
        RecordError(
            run_id=run_id,
            record_id=f"rec_{index:05}",
            code=codes[index % len(codes)],
            message=HOSTILE
            if index % 7 == 3
            else f"Field 'email' of record {index} is not an address",
            status="failed",
            record={
                "id": index,
                "email": f"user{index} at example",
                "tags": ["a", HOSTILE],
                "nested": {"deep": None},
            },
        )
        for index in range(count)
    ]


class Stage:
    """A dialect that answers from `runs`; an exception among them is raised."""

    def __init__(
        self,
        runs: Mapping[str, ActionRun | CxtopError],
        figures: Mapping[str, Analytics | CxtopError],
    ) -> None:
        self.runs = dict(runs)
        self.figures = dict(figures)

    budget = RateBudget(allowed=300, remaining=214)

    async def run_status(self, run_id: str) -> StatusReading:
        answer = self.runs.get(run_id) or NotFoundError(
            f"There is no run {run_id}.",
            why="The platform answered 404.",
            fix="Check the id.",
            status=404,
        )
        if isinstance(answer, CxtopError):
            raise answer
        return StatusReading(answer)

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None:
        run = self.runs.get(run_id)
        count = (run.errors or 0) if isinstance(run, ActionRun) else 0
        every = errors_of(run_id, count)
        return RecordPage(tuple(every[(page - 1) * size : page * size]), count, size)

    async def analytics(self, action_id: str, interval: str) -> Analytics:
        """What `figures` has under the id and interval, or the id; else there are none to tell."""
        answer = self.figures.get(f"{action_id} {interval}") or self.figures.get(action_id)
        if answer is None:
            raise no_analytics("genesys")
        if isinstance(answer, CxtopError):
            raise answer
        return answer

    async def flow_trace(self, execution_id: str) -> FlowTrace | None:
        from .captured import trace

        return trace(execution_id)


async def prepared(path: Path) -> None:
    """A store with a history for the first run and a retried call for the second."""
    async with await Store.open(path) as store:
        for step in range(20):
            at = NOW - timedelta(seconds=10 * (20 - step))
            done = 650 - 30 * (20 - step) - (step % 4) * 5
            run = RUNS[0].model_copy(
                update={"polled_at": at, "processed": done, "progress": done / 1000}
            )
            await store.save_run(run)
        for run in RUNS:
            await store.watch(run.run_id)
        await store.save_call(a_call())


def a_call() -> Call:
    start = NOW - timedelta(seconds=30)
    attempts = (
        Attempt(
            number=1,
            started_at=start,
            duration_ms=212,
            outcome="429",
            status=429,
            wait_s=2,
            wait_reason=WaitReason.RETRY_AFTER,
            correlation_id="3f6a",
        ),
        Attempt(
            number=2,
            started_at=start + timedelta(seconds=2.3),
            duration_ms=180,
            outcome="200",
            status=200,
            correlation_id="9c1d",
        ),
    )
    return Call(
        call_id="call-1",
        operation="run status",
        method="GET",
        url="https://api.example/status",
        run_id="crm-backfill",
        started_at=start,
        state=CallState.DONE,
        attempts=attempts,
    )


def staged(
    folder: Path,
    *,
    runs: Mapping[str, ActionRun | CxtopError] | None = None,
    webhook: str | None = None,
    figures: Mapping[str, Analytics | CxtopError] | None = None,
    health: HealthSettings | None = None,
    dialect: Literal["genesys", "cxone"] = "genesys",
    **launch: object,
) -> CxtopApp:
    """The app on a stage; the monitor is paused once everything was asked once."""
    stage = Stage(runs if runs is not None else {run.run_id: run for run in RUNS}, figures or {})
    profile = Profile(
        name="acme-prod",
        platform=dialect,
        base_url="https://api.example",
        poll=PollSettings(interval_s=3600),
        retention=Retention(max_age_days=36_500),
        dead_letter_webhook=None if webhook is None else SecretStr(webhook),
        health=health or HealthSettings(),
    )

    @asynccontextmanager
    async def open_stage(_name: str) -> AsyncIterator[Monitor]:
        path = folder / "store.sqlite3"
        if not path.exists():
            await prepared(path)
        async with (
            await Store.open(path) as store,
            Library.open(store, [folder / "captures"], full_text=False) as library,
            Monitor(profile, store, stage, stage, library=library, now=lambda: NOW) as monitor,
        ):
            await until(monitor, lambda: all(settled(view) for view in monitor.views()))
            await until(monitor, lambda: all(looked(one) for one in monitor.health.actions()))
            monitor.pause()
            yield monitor

    defaults: dict[str, object] = {
        "open": open_stage,
        "profile": "acme-prod",
        "profiles": ("acme-prod", "acme-test"),
        "platform": lambda _name: "genesys · eu-west-1",
        "now": lambda: NOW,
    }
    return CxtopApp(Launch(**{**defaults, **launch}))  # pyright: ignore[reportArgumentType]


def settled(view: RunView) -> bool:
    """Whether the platform was asked for this run, and for its failed records if it has any."""
    if view.state is WatchState.KNOWN:
        return False
    if view.failures:
        return True
    return view.run is None or not view.run.errors or view.errors_kept >= view.run.errors


def looked(health: ActionHealth) -> bool:
    """Whether there are figures of this action, or it is known why there are none."""
    return health.report is not None or bool(health.trouble)


async def until(monitor: Monitor, holds: Callable[[], bool]) -> None:
    """Wait until something holds, looking again at every change that the monitor tells."""
    happened = asyncio.Event()
    undo = monitor.changes.subscribe(lambda _changes: happened.set())
    try:
        async with asyncio.timeout(10):
            while not holds():
                await happened.wait()
                happened.clear()
    finally:
        undo()


async def live(pilot: Pilot[Any]) -> None:
    """Wait until the app has its monitor, and shows what that knows."""
    async with asyncio.timeout(10):
        while pilot.app.monitor is None:  # pyright: ignore[reportAttributeAccessIssue]
            await at_rest(pilot, 0.01)
    await calm(pilot)


async def calm(pilot: Pilot[Any]) -> None:
    """Wait until every worker of the app has done, or was replaced, and the screen is painted."""
    async with asyncio.timeout(20):
        for _ in range(2):
            await at_rest(pilot)
            while not all(worker.is_finished for worker in pilot.app.workers):
                await at_rest(pilot, 0.01)
        await at_rest(pilot)


async def at_rest(pilot: Pilot[Any], delay_s: float | None = None) -> None:
    """Wait until the widgets have done with their messages, and for `delay_s` or idleness.

    Textual waits for each widget that there was when it began; one that is taken away meanwhile
    never answers. So it is asked anew. Whoever calls bounds it.
    """
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                return await pilot.pause(delay_s)


def pressing(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What leads to a picture: these keys, each once the app has done with the one before."""

    async def steps(pilot: Pilot[Any]) -> None:
        await live(pilot)
        for key in keys:
            await pilot.press(key)
            await calm(pilot)

    return steps
