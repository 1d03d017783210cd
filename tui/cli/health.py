"""cxtop health: how healthy actions are, for people, for programs, and for those who come after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, with_captures
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import HealthSettings, Settings
    from ...core.errors import CxtopError
    from ...core.live import Captures
    from ...core.models import HealthReport, RisenCode


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be looked at. `threshold` is in percent, `None` for the profile's own."""

    action_ids: tuple[str, ...]
    interval: str | None
    threshold: float | None
    compare: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one action: its report, or why there is none."""

    action_id: str
    threshold: float
    report: HealthReport | None = None
    risen: tuple[RisenCode, ...] = ()
    error: CxtopError | None = None

    @property
    def above(self) -> bool:
        return self.report is not None and self.report.error_rate > self.threshold

    @property
    def code(self) -> int:
        if self.error is not None:
            return exits.code_of(self.error)
        return exits.ENDED_OTHERWISE if self.above else exits.OK


@click.command(
    "health",
    epilog=epilog(
        "cxtop health crm-find-customer",
        "cxtop health --interval PT1H --threshold 2.5",
        "cxtop health crm-find-customer --json | jq '.actions[0].error_rate'",
        "cxtop health crm-find-customer --report md > health.md",
        codes=True,
        one="an action is above its threshold",
    ),
)
@click.argument("action_ids", metavar="[ACTION]...", nargs=-1)
@click.option(
    "--interval",
    metavar="DURATION",
    help="The time up to now, as ISO 8601 writes it: PT15M, PT24H, P7D. The profile's otherwise "
    "(PT24H by default).",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="The error rate above which the exit code is 1; the profile's otherwise (5 by default).",
)
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
@click.option(
    "--report",
    "form",
    type=click.Choice(["md", "txt"]),
    help="A report to hand on, as Markdown or as text; also tells what rose since the period "
    "before, which costs a second question.",
)
@with_captures
def command(
    action_ids: tuple[str, ...],
    interval: str | None,
    threshold: float | None,
    as_json: bool,
    form: str | None,
    flags: Flags,
) -> int:
    """Show how many executions of actions failed, with which codes, and how long they took.

    The figures are those of the platform's analytics, or, where it has none or there is no
    profile, those of the captured exchanges; which of the two is said. Without ACTION all actions
    that are followed. Nothing of what was sent or answered is shown.
    """
    if as_json and form:
        raise click.UsageError("Give --json or --report, not both.")
    from ...core.config import load
    from .running import run_async

    wish = Wish(tuple(dict.fromkeys(action_ids)), interval, threshold, compare=form is not None)
    looks = run_async(_looks(load(flags), wish))
    for look in looks:
        if look.error is not None:
            exits.tell(look.error, subject=look.action_id if len(looks) > 1 else "")
    if as_json:
        print_json({"actions": [_plain(look) for look in looks]}, indent=2)
    elif form:
        _print_reports(looks, form)
    else:
        _print_table(looks)
    return exits.worst(look.code for look in looks)


async def _looks(settings: Settings, wish: Wish) -> list[Look]:
    import asyncio

    from ...core.config import HealthSettings
    from ...core.durations import duration
    from ...core.live import open_captures
    from ...core.platforms import DIALECTS

    def tell(sentence: str) -> None:
        exits.narrate(f"▲ {sentence}")

    profile = settings.profile
    health = HealthSettings() if profile is None else profile.health
    duration(wish.interval or health.interval)  # before anything is opened, or asked for
    async with open_captures(settings, tell=tell) as captures:
        asks = profile is not None and DIALECTS[profile.platform].has_analytics
        if not (asks and wish.action_ids):
            await captures.catch_up()
        action_ids = wish.action_ids or tuple(await captures.actions())
        if not action_ids:
            raise click.UsageError(
                "No action is followed and none is captured; name one: cxtop health ACTION"
            )
        looking = (_look(captures, health, wish, action_id) for action_id in action_ids)
        return list(await asyncio.gather(*looking))


async def _look(captures: Captures, health: HealthSettings, wish: Wish, action_id: str) -> Look:
    from ...core.errors import CxtopError

    threshold = health.threshold_of(action_id) if wish.threshold is None else wish.threshold
    risen: tuple[RisenCode, ...] = ()
    try:
        report = await captures.health.report(action_id, wish.interval or health.interval)
        if wish.compare:
            risen = await captures.health.risen(report)
    except CxtopError as error:
        return Look(action_id, threshold, error=error)
    return Look(action_id, threshold, report, risen)


def _plain(look: Look) -> dict[str, Any]:
    told: dict[str, Any] = {"action_id": look.action_id, "threshold": look.threshold}
    if look.report is None:
        error = look.error
        what = {} if error is None else {"what": error.what, "why": error.why, "fix": error.fix}
        return told | {"above": None, "error": what}
    return told | {"above": look.above} | look.report.model_dump(mode="json")


def _print_reports(looks: list[Look], form: str) -> None:
    from ...core.live.reporting import as_markdown, as_text

    write = as_markdown if form == "md" else as_text
    written = [
        write(look.report, look.threshold, risen=look.risen)
        for look in looks
        if look.report is not None
    ]
    if written:
        print_line("\n".join(written).rstrip("\n"))


def _print_table(looks: list[Look]) -> None:
    from ...core.text import clip, safe
    from .. import words

    reports = [look for look in looks if look.report is not None]
    if not reports:
        return
    names = [clip(safe(look.action_id), 40) for look in reports]
    width = max(6, *(len(name) for name in names))
    print_line(
        f"  {'ACTION':<{width}}  {'ERROR RATE':>10}  {'LIMIT':>6}  {'RUN':>9}  {'FAILED':>8}  "
        f"{'AVERAGE':>8}  MOST WITH"
    )
    for look, name in zip(reports, names, strict=True):
        report = look.report
        assert report is not None
        sign = "·" if not report.executions else "✖" if look.above else "✔"
        took = None if report.average_ms is None else report.average_ms / 1000
        line = (
            f"{sign} {name:<{width}}  {words.percent(report.error_rate):>10}  "
            f"{words.limit(look.threshold):>6}  {report.executions:>9,}  {report.errors:>8,}  "
            f"{words.span(took):>8}  {_causes(report)}"
        )
        print_line(line.rstrip())
    _print_notes([look.report for look in reports if look.report is not None])


def _causes(report: HealthReport) -> str:
    from ...core.text import clip, safe

    shown = [f"{clip(safe(share.code), 32)} {share.count:,}" for share in report.codes[:2]]
    return ", ".join(shown)


def _print_notes(reports: list[HealthReport]) -> None:
    """Where the figures come from, and what may be wrong with them, beside the data."""
    from ...core.durations import spoken
    from ...core.text import safe

    source = {"analytics": "the platform's analytics", "captures": "captured exchanges"}
    told = {(source[report.source.value], report.interval) for report in reports}
    for name, interval in sorted(told):
        exits.narrate(f"From {name}, of the last {spoken(interval)}.")
    for report in reports:
        for warning in report.warnings:
            exits.narrate(safe(f"▲ {report.action_id}: {warning}"))
