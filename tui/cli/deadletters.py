"""cxtop deadletters: failures that nothing recovered, and where they go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Profile, Settings
    from ...core.live.deadletters import DeadLetters
    from ...core.models import DeadLetter, LetterState

STATES = ("waiting", "delivered", "discarded")
_JSON = click.option("--json", "as_json", is_flag=True, help="As one JSON object.")


@click.group(
    "deadletters",
    epilog=epilog(
        "cxtop deadletters list",
        "cxtop deadletters deliver",
        'cxtop deadletters discard ID --reason "a test run"',
    ),
)
def command() -> None:
    """Look after failures that nothing recovered.

    Each is kept in the store, and delivered to the profile's dead_letter_webhook while cxtop
    runs, again and again until that takes it.
    """


@command.command(
    "list",
    epilog=epilog(
        "cxtop deadletters list --state waiting",
        "cxtop deadletters list --json | jq -r '.letters[].error_id'",
        codes=True,
    ),
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Only those in this state; may be given more than once.",
)
@_JSON
@with_profile
def list_(states: tuple[str, ...], as_json: bool, flags: Flags) -> None:
    """List dead letters, newest first."""
    settings, profile = load_profile(flags)
    from .running import run_async

    letters, counts = run_async(_list(settings, profile, states or STATES))
    if as_json:
        print_json({**counts, "letters": [told(letter) for letter in letters]}, indent=2)
        return
    for letter in letters:
        print_line(_line(letter))
    exits.narrate(" · ".join(f"{counts[state]} {state}" for state in STATES))
    if profile.dead_letter_webhook is None and counts["waiting"]:
        exits.narrate("▲ There is no dead_letter_webhook in the profile to deliver them to.")


@command.command(
    epilog=epilog(
        "cxtop deadletters deliver",
        "cxtop deadletters deliver 5f0c8b1e-4d0a-4c39-9d55-1f7f2f3c6a10 --json",
        codes=True,
    )
)
@click.argument("error_ids", metavar="[ID]...", nargs=-1)
@_JSON
@with_profile
def deliver(error_ids: tuple[str, ...], as_json: bool, flags: Flags) -> int:
    """Deliver dead letters now: these, or all that wait.

    One that was delivered or discarded before is sent again when it is named. One that is not
    taken stays in the queue. Exit code 4 when there is such a one.
    """
    settings, profile = load_profile(flags)
    from .running import run_async

    letters = run_async(_deliver(settings, profile, error_ids))
    taken = [letter for letter in letters if letter.state.value == "delivered"]
    if as_json:
        shown = [told(letter) for letter in letters]
        print_json({"ok": len(taken) == len(letters), "letters": shown}, indent=2)
    else:
        for letter in letters:
            print_line(_line(letter))
        exits.narrate(f"{len(taken)} of {len(letters)} delivered")
    return exits.OK if len(taken) == len(letters) else exits.PLATFORM


@command.command(
    epilog=epilog('cxtop deadletters discard ID --reason "fixed by hand in the CRM"', codes=True)
)
@click.argument("error_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is not needed; the audit log keeps it.")
@_JSON
@with_profile
def discard(error_id: str, reason: str, as_json: bool, flags: Flags) -> None:
    """Give up a dead letter that waits."""
    settings, profile = load_profile(flags)
    from .running import run_async

    letter = run_async(_discard(settings, profile, error_id, reason))
    if as_json:
        print_json(told(letter), indent=2)
    else:
        print_line(_line(letter))


def told(letter: DeadLetter) -> dict[str, Any]:
    """A letter as JSON: what goes to the webhook, and how that went."""
    return {
        **letter.payload(),
        "state": letter.state.value,
        "attempts": letter.attempts,
        "next_at": letter.next_at,
        "last_at": letter.last_at,
        "last_answer": letter.last_answer,
        "reason": letter.reason,
    }


def _line(letter: DeadLetter) -> str:
    from ...core.text import clip, safe
    from .. import words

    sign = {"waiting": "◷", "delivered": "✔", "discarded": "■"}[letter.state.value]
    facts = [f"{sign} {letter.state.value}", letter.error_id, letter.action_id, letter.error_code]
    if letter.attempts:
        facts.append(words.plural(letter.attempts, "attempt"))
    facts.append(letter.reason or letter.last_answer)
    return clip("   ".join(safe(fact) for fact in facts if fact), 300)


async def _list(
    settings: Settings, profile: Profile, states: Sequence[str]
) -> tuple[list[DeadLetter], dict[str, int]]:
    from ...core.models import LetterState

    async with _letters(settings, profile) as letters:
        counts = await letters.counts()
        wanted = [LetterState(state) for state in dict.fromkeys(states)]
        found = [letter async for letter in _all(letters, wanted)]
    return found, {state.value: count for state, count in counts.items()}


async def _deliver(
    settings: Settings, profile: Profile, error_ids: Sequence[str]
) -> list[DeadLetter]:
    from ...core.models import LetterState

    async with _letters(settings, profile) as letters:
        if not error_ids:
            waiting = [letter async for letter in _all(letters, [LetterState.WAITING])]
            error_ids = [letter.error_id for letter in reversed(waiting)]
        return [await letters.deliver(error_id) for error_id in dict.fromkeys(error_ids)]


async def _discard(settings: Settings, profile: Profile, error_id: str, reason: str) -> DeadLetter:
    async with _letters(settings, profile) as letters:
        return await letters.discard(error_id, reason)


async def _all(letters: DeadLetters, states: Sequence[LetterState]) -> AsyncIterator[DeadLetter]:
    before: int | None = None
    while True:
        stretch = await letters.stretch(states, before=before, limit=200)
        for letter in stretch.items:
            yield letter
        if stretch.more is None:
            return
        before = stretch.more


@asynccontextmanager
async def _letters(settings: Settings, profile: Profile) -> AsyncIterator[DeadLetters]:
    from ...core.live import open_session
    from ...core.live.deadletters import DeadLetters
    from ...core.live.outbound import Outbound

    async with open_session(settings) as session, Outbound() as outbound:
        yield DeadLetters(session.store, profile.dead_letter_webhook, outbound)
