"""cxtop doctor: what works, and what to do about what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from .checks import Finding

_SIGNS = {"ok": "✔", "warning": "▲", "failed": "✖", "skipped": "·"}


@click.command(
    "doctor",
    epilog=epilog(
        "cxtop doctor",
        "cxtop doctor --profile acme --run crm-backfill",
        "cxtop doctor --json | jq '.checks[] | select(.state != \"ok\")'",
        codes=True,
    ),
)
@click.option(
    "--run",
    "run_id",
    metavar="ID",
    help="A run to ask for; otherwise a random id, which the platform is expected not to know.",
)
@click.option("--json", "as_json", is_flag=True, help="All findings as one JSON object.")
@with_profile
def command(run_id: str | None, as_json: bool, flags: Flags) -> int:
    """Check everything that cxtop needs, from the configuration to the store.

    Each line is fine (✔), worth a look (▲), wrong (✖) or could not be tried (·), and says what
    to do.
    """
    from .checks import examine
    from .running import run_async

    def show(finding: Finding) -> None:
        if not as_json:
            _print(finding)

    findings = run_async(examine(flags, run_id, show))
    failed = [finding.code for finding in findings if finding.state == "failed"]
    if as_json:
        checks = [
            {"name": one.name, "state": one.state, "what": one.what, "fix": one.fix}
            for one in findings
        ]
        print_json({"ok": not failed, "checks": checks}, indent=2)
    # What comes first is the cause of what follows.
    return failed[0] if failed else exits.OK


def _print(finding: Finding) -> None:
    from ...core.text import safe

    print_line(f"{_SIGNS[finding.state]} {finding.name:<14} {safe(finding.what)}")
    if finding.fix:
        print_line(f"{'':<17}{safe(finding.fix)}")
