"""cxtop retries: the calls that were tried more than once, and why they waited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from .options import Flags, epilog, load_profile, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.models import Call


@click.command(
    "retries",
    epilog=epilog(
        "cxtop retries",
        "cxtop retries crm-backfill --limit 5",
        "cxtop retries --json | jq '.calls[] | select(.state == \"waiting\")'",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, with every attempt.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many calls, the newest first.",
)
@with_profile
def command(run_id: str | None, as_json: bool, limit: int, flags: Flags) -> None:
    """Show the calls that needed more than one attempt, or wait for the next one.

    They come from the store, where the app and every command keep their calls, and from the
    capture logs, where handlers report those to their upstreams: these bear the service's name
    and the exchange that they belong to. The platform is not asked. With RUN only those about
    that run.
    """
    settings, _ = load_profile(flags)
    from .running import run_async

    calls = run_async(_calls(settings, run_id, limit))
    if as_json:
        print_json({"run_id": run_id, "calls": [_plain(call) for call in calls]}, indent=2)
    else:
        _print(calls, run_id)


async def _calls(settings: Settings, run_id: str | None, limit: int) -> list[Call]:
    from ...core.live import open_captures

    async with open_captures(settings) as captures:
        await captures.catch_up()
        return await captures.store.calls(run_id=run_id, retried=True, limit=limit)


def _plain(call: Call) -> dict[str, Any]:
    from ..attempts import took_s, waited_s

    told = {"tries": len(call.attempts), "took_s": took_s(call), "waited_s": waited_s(call)}
    return {**call.model_dump(mode="json"), **told}


def _print(calls: list[Call], run_id: str | None) -> None:
    from ...core.text import safe
    from .. import words
    from ..attempts import call_sign, countdown, is_live, subject_of

    if not calls:
        of = f" of {safe(run_id)}" if run_id else ""
        print_line(f"No call{of} needed a second attempt.")
    for position, call in enumerate(calls):
        now = datetime.now(UTC)
        sign, word, _ = call_sign(call, now)
        name = f"{call.service} › {call.operation}" if call.service else call.operation
        parts = [words.day_and_time(call.started_at), name]
        parts += [subject] if (subject := subject_of(call)) else []
        parts += [words.plural(len(call.attempts), "attempt"), f"{sign} {word}"]
        parts += [f"exchange {call.exchange_id}"] if call.exchange_id else []
        if is_live(call, now) and (due := countdown(call, now)):
            parts.append(f"next {due}" if due == "now" else f"next in {due}")
        print_line(("\n" if position else "") + safe("   ".join(parts)))
        for at in range(len(call.attempts)):
            print_line(_attempt_line(call, at))


def _attempt_line(call: Call, at: int) -> str:
    from ...core.text import clip, safe
    from .. import words
    from ..attempts import attempt_sign, wait_words
    from ..clock import time_of_day

    attempt = call.attempts[at]
    sign, word, _ = attempt_sign(attempt)
    last = at == len(call.attempts) - 1
    then = wait_words(attempt) or (call.gave_up if last else "at once")
    line = (
        f"  {attempt.number:>3}  {time_of_day(attempt.started_at)}  "
        f"{words.span(attempt.duration_ms / 1000):>7}  {sign} {word:<22}  "
        f"{clip(then, 60):<18}  {attempt.correlation_id or ''}"
    )
    return safe(line.rstrip())
