"""cxtop watch: follow runs to their end, in the terminal or as JSON Lines."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile

if TYPE_CHECKING:
    from ...core.config import PollSettings, Settings
    from ...core.errors import CxtopError
    from ...core.models import ActionRun, Recovery


class Show(AbstractContextManager["Show"], Protocol):
    """Where polls are shown. `rate` is in records a second, `eta_s` in seconds."""

    def poll(self, run: ActionRun, rate: float | None, eta_s: float | None) -> None: ...

    def trouble(self, run_id: str, error: CxtopError, *, gone: bool) -> None: ...

    def say(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be followed, and how. Times are in seconds.

    With `through` what cxtop submitted is followed through its recovery, and notices are given;
    without it runs are looked at only.
    """

    run_ids: tuple[str, ...]
    interval_s: float
    timeout_s: float | None = None
    once: bool = False
    through: bool = True


@click.command(
    "watch",
    epilog=epilog(
        "cxtop watch crm-backfill",
        "cxtop watch crm-backfill loyalty-sync --interval 5 --timeout 3600",
        "cxtop watch crm-backfill --json | jq -r .status",
        "cxtop watch crm-backfill --once --json",
        "cxtop watch crm-backfill --only-look",
        codes=True,
        one="a run ended otherwise than completed",
        times_out=True,
    ),
)
@click.argument("run_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a poll, also on a terminal.")
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(1, 86_400),
    metavar="SECONDS",
    help="Between two polls of a run; the profile's interval otherwise (10 s by default). "
    "Polls come sooner near the end, later when nothing moves or calls are scarce.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Stop after this time, with exit code 5 when a run is not at its end.",
)
@click.option(
    "--once",
    is_flag=True,
    help="One poll of each run; exit code 5 when one is not at its end.",
)
@click.option(
    "--only-look",
    is_flag=True,
    help="Recover nothing and give no notice: the first end of a run is its end.",
)
@with_profile
def command(
    run_ids: tuple[str, ...],
    as_json: bool,
    interval_s: float | None,
    timeout_s: float | None,
    once: bool,
    only_look: bool,
    flags: Flags,
) -> int:
    """Follow runs until each has ended.

    A run that was submitted with cxtop and fails is recovered by the profile's rules, as the app
    would do it: the run that is submitted in its place is followed too, and the exit code tells
    how that ended. Notice is given to the profile's webhooks. Runs that others started are
    looked at only; with --only-look or --once, all are.

    Progress bars on a terminal; otherwise JSON Lines on stdout, one object a poll, with at least
    run_id, platform, status, raw_status, progress, processed, total, errors, warnings and
    polled_at. Everything else is said on stderr.
    """
    settings, profile = load_profile(flags)
    from .running import run_async

    wish = Wish(
        run_ids=tuple(dict.fromkeys(run_ids)),
        interval_s=interval_s or profile.poll.interval_s,
        timeout_s=timeout_s,
        once=once,
        through=not (once or only_look),
    )
    return run_async(follow(wish, settings, profile.poll, show_for(wish, as_json=as_json)))


def show_for(wish: Wish, *, as_json: bool) -> Show:
    if as_json or not sys.stdout.isatty():
        from .jsonlines import JsonLines

        return JsonLines()
    from .progress import Bars

    return Bars(wish.run_ids)


async def follow(wish: Wish, settings: Settings, poll: PollSettings, show: Show) -> int:
    import asyncio

    from ...core.errors import CxtopError

    ended: dict[str, int] = {}
    limit = asyncio.timeout(wish.timeout_s)
    with show:
        try:
            async with limit:
                await _watch(wish, settings, poll, show, ended)
        except CxtopError as error:
            show.say(exits.sentences(error))
            ended[""] = exits.code_of(error)
        except TimeoutError:
            if not limit.expired():
                raise
            show.say(f"▲ After {wish.timeout_s:g} s not every run is at its end.")
            ended[""] = exits.TIMED_OUT
    return exits.worst(ended.values())


async def _watch(
    wish: Wish, settings: Settings, poll: PollSettings, show: Show, ended: dict[str, int]
) -> None:
    """Show every poll, and put into `ended` the exit code of each run that is over."""
    from collections import defaultdict
    from contextlib import aclosing

    from ...core.live import open_session, see_through, watch_runs
    from ...core.live.movement import Movement

    movements: dict[str, Movement] = defaultdict(Movement)
    # A run that was started in place of another tells how both ended.
    first: dict[str, str] = {}

    def trouble(run_id: str, error: CxtopError) -> None:
        show.trouble(run_id, error, gone=False)

    def gone(run_id: str, error: CxtopError) -> None:
        show.trouble(run_id, error, gone=True)
        ended[first.get(run_id, run_id)] = exits.code_of(error)

    def recovering(recovery: Recovery) -> None:
        first.update((run_id, recovery.action_id) for run_id in recovery.lineage[1:])
        show.say(_progress(recovery))

    store_trouble = _once_told(show)
    async with open_session(settings, on_store_trouble=store_trouble) as session:
        how = {
            "interval_s": wish.interval_s,
            "min_interval_s": min(poll.min_interval_s, wish.interval_s),
            "once": wish.once,
            "share": poll.budget_share,
            "budget": lambda: session.link.budget,
            "on_trouble": trouble,
            "on_gone": gone,
        }
        if wish.through:
            polls = see_through(
                session,
                wish.run_ids,
                on_recovery=recovering,
                on_store_trouble=store_trouble,
                **how,
            )
        else:
            polls = watch_runs(session.link, session.store, wish.run_ids, **how)
        # A generator, and so to be closed: an early end would leave its polls running.
        async with aclosing(polls):
            async for run in polls:
                movement = movements[run.run_id]
                movement.see(run)
                show.poll(run, movement.rate, movement.eta_s)
                if run.status.terminal:
                    completed = run.status.value == "COMPLETED"
                    about = first.get(run.run_id, run.run_id)
                    ended[about] = exits.OK if completed else exits.ENDED_OTHERWISE
                elif wish.once:
                    ended[run.run_id] = exits.TIMED_OUT


def _progress(recovery: Recovery) -> str:
    """How far the recovery of a run is, in a sentence."""
    run_id, state = recovery.run_id, recovery.state.value
    if recovery.state.over:
        sign = "✔" if state in ("recovered", "verified") else "✖"
        return f"{sign} {recovery.action_id}: {state.replace('_', ' ')}. {recovery.note}".rstrip()
    code = f" with {recovery.error_code}" if recovery.error_code else ""
    told = f"▲ {recovery.action_id}: failed{code}. {recovery.note}".rstrip()
    if state == "watching":
        told = f"▲ {recovery.action_id}: {run_id} runs in its place"
        return f"{told}, attempt {recovery.retry_count} of {recovery.max_retries}."
    return told


def _once_told(show: Show):
    told: list[str] = []

    def trouble(error: CxtopError) -> None:
        if error.what not in told:
            told.append(error.what)
            show.say(exits.sentences(error, sign="▲"))

    return trouble
