"""cxtop notify: whether notices arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...core.errors import ConfigError
from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Profile
    from ...core.live.notify import Sent


@click.group("notify", epilog=epilog("cxtop notify test", "cxtop notify test --profile acme"))
def command() -> None:
    """Try the webhooks that get notices."""


@command.command(epilog=epilog("cxtop notify test", "cxtop notify test --json", codes=True))
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@with_profile
def test(as_json: bool, flags: Flags) -> int:
    """Send a notice that says that it is a test to every webhook of the profile.

    Exit code 4 when one does not take it.
    """
    _, profile = load_profile(flags)
    from .running import run_async

    results = run_async(_send(profile))
    if as_json:
        told = [
            {"kind": one.target.kind, "name": one.target.name, "ok": one.good, "answer": one.answer}
            for one in results
        ]
        print_json({"ok": all(one.good for one in results), "webhooks": told}, indent=2)
    else:
        _print(results)
    return exits.OK if all(one.good for one in results) else exits.PLATFORM


async def _send(profile: Profile) -> list[Sent]:
    from ...core.live.notify import send_once, targets_of, trial_notice
    from ...core.live.outbound import Outbound

    targets = targets_of(profile)
    if not targets:
        raise ConfigError(
            f'The profile "{profile.name}" names no webhook.',
            fix="Set slack_webhook_url (or SLACK_WEBHOOK_URL), or webhooks under "
            f"[profiles.{profile.name}.notify].",
        )
    notice = trial_notice(profile)
    async with Outbound() as outbound:
        return [await send_once(outbound, target, notice) for target in targets]


def _print(results: list[Sent]) -> None:
    from ...core.text import safe

    for one in results:
        sign = "✔" if one.good else "✖"
        said = "took it" if one.good else f"did not take it: {one.answer}"
        print_line(safe(f"{sign} {one.target.name} {said}"))
