"""cxtop diff: what is new, gone, worse and better between two snapshots."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import exits
from .options import epilog

if TYPE_CHECKING:
    from ...core.snapshot.comparing import Comparison, Difference, Side, Verdict

_SIGNS = {"worse": "✖", "new": "+", "better": "✔", "gone": "−"}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LEAST = 60


@click.command(
    "diff",
    epilog="\n\n".join(
        (
            epilog("cxtop diff before.cxsnap after.cxsnap", "cxtop diff a.cxsnap b.cxsnap --json"),
            "\b\nExit codes:\n"
            "  0    nothing is worse\n"
            "  1    something is worse, or new and bad\n"
            "  2    usage\n"
            "  4    a file is damaged, newer than this cxtop, or no snapshot",
        )
    ),
)
@click.argument("before", type=_FILE, metavar="A.cxsnap")
@click.argument("after", type=_FILE, metavar="B.cxsnap")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(before: Path, after: Path, as_json: bool) -> int:
    """Say what is new, gone, worse and better from one snapshot to another.

    Runs (status, failed records), error codes, actions (error rate and latency: as the health
    reports say, or else the exchanges), outcomes and codes of exchanges, dead letters. A share
    counts as moved by a percentage point, if chance does not explain it; a duration by a quarter.
    """
    from ...core.snapshot.bundle import Bundle
    from ...core.snapshot.comparing import compare

    with Bundle.open(before) as a, Bundle.open(after) as b:
        comparison = compare(a, b)
    if as_json:
        from .output import print_json

        print_json(comparison.as_object())
    else:
        _tell(comparison)
    return exits.ENDED_OTHERWISE if comparison.worse else exits.OK


def _tell(comparison: Comparison) -> None:
    from ...core.snapshot.comparing import Verdict
    from .output import print_line

    print_line(f"from  {_side(comparison.before)}")
    print_line(f"to    {_side(comparison.after)}")
    for verdict in Verdict:
        if found := comparison.of(verdict):
            print_line("")
            _tell_some(verdict, found)
    print_line("")
    print_line(_sum(comparison))


def _side(side: Side) -> str:
    from ...core.text import safe
    from .. import words

    parts = (side.profile, words.day_and_time(side.made_at), side.title)
    return safe(" · ".join(part for part in parts if part))


def _tell_some(verdict: Verdict, found: tuple[Difference, ...]) -> None:
    from ...core.text import clip, safe
    from .output import print_line

    print_line(f"{_SIGNS[verdict.value]} {verdict.value}")
    width = max(_LEAST, shutil.get_terminal_size().columns)
    kinds = max(len(one.kind.value) for one in found)
    names = min(max(len(safe(one.title or one.name)) for one in found), width // 3)
    for one in found:
        what = " → ".join(safe(part) for part in (one.before, one.after) if part)
        name = clip(safe(one.title or one.name), names)
        print_line(f"  {one.kind.value:<{kinds}}  {name:<{names}}  {what}".rstrip())


def _sum(comparison: Comparison) -> str:
    from ...core.snapshot.comparing import Verdict

    counts = [
        f"{len(found)} {verdict.value}" for verdict in Verdict if (found := comparison.of(verdict))
    ]
    if not counts:
        return "✔ Nothing is different."
    said = ", ".join(counts)
    return f"✖ It is worse: {said}." if comparison.worse else f"✔ Nothing is worse: {said}."
