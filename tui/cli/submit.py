"""cxtop submit: start a run, and follow it to its end where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.live.submitting import Started


@click.command(
    "submit",
    epilog=epilog(
        "cxtop submit run.json",
        "cxtop submit run.json --watch",
        "cxtop submit - --watch --json --interval 5 < run.json",
        "cxtop watch $(cxtop submit run.json)",
        codes=True,
        one="a run ended otherwise than completed",
    ),
)
@click.argument("given", metavar="FILE|-")
@click.option("--watch", "then_watch", is_flag=True, help="Follow the run until it has ended.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; with --watch one more a poll."
)
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(1, 86_400),
    metavar="SECONDS",
    help="Between two polls of the run; the profile's interval otherwise.",
)
@click.option(
    "--idempotency-key",
    "key",
    metavar="KEY",
    help="The key of an earlier try whose answer was lost; a new one without it.",
)
@with_profile
def command(
    given: str,
    then_watch: bool,
    as_json: bool,
    interval_s: float | None,
    key: str | None,
    flags: Flags,
) -> int:
    """Start a run with the JSON object {actionType, payload, metadata} in a file or on stdin.

    The run's id is printed on stdout, and the app watches the run from now on. When the answer
    to it is lost, it is sent again with the same Idempotency-Key only, which starts it once.
    With --watch the exit code tells how the run ended, as that of cxtop watch.
    """
    settings, profile = load_profile(flags)
    from .reading import text_of
    from .running import run_async

    text = text_of(given)
    started = run_async(_submit(settings, text, key))
    if as_json:
        print_json(_as_object(started, profile.platform))
    if not then_watch:
        if not as_json:
            print_line(_id_line(started))
        return exits.OK
    from .watch import Wish, follow, show_for

    wish = Wish(
        run_ids=(started.run_id,),
        interval_s=interval_s or profile.poll.interval_s,
    )
    return run_async(follow(wish, settings, profile.poll, show_for(wish, as_json=as_json)))


async def _submit(settings: Settings, text: str, key: str | None) -> Started:
    from ...core.live import open_session
    from ...core.live.submitting import body_in, new_key, start_run

    body = body_in(text)
    async with open_session(settings) as session:
        started = await start_run(session.link, session.store, body, key or new_key())
    if started.trouble is not None:
        exits.narrate(exits.sentences(started.trouble, sign="▲"))
    exits.narrate(f"✔ Submitted: {started.run_id}")
    return started


def _as_object(started: Started, platform: str) -> dict[str, Any]:
    submitted = started.submitted
    return {
        "run_id": submitted.run_id,
        "platform": platform,
        "id_from": submitted.told_by,
        "idempotency_key": submitted.idempotency_key,
        "http_status": submitted.answer.status,
        "correlation_id": submitted.answer.correlation_id,
    }


def _id_line(started: Started) -> str:
    from ...core.text import safe

    return safe(started.run_id)
