"""What is known of an action's health, in lines of words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from textwrap import wrap

from ..core.durations import spoken
from ..core.models import ActionHealth, HealthReport, HealthSource, HealthState, RisenCode
from . import words
from .ink import Line, Span
from .signs import health_sign

_MEANS: dict[HealthState, str] = {
    HealthState.UNKNOWN: "no calls in this time · threshold {}",
    HealthState.HEALTHY: "within its threshold of {}",
    HealthState.PENDING: "above its threshold of {}, not yet for as long as an alert needs",
    HealthState.ABOVE: "above its threshold of {}",
    HealthState.SILENCED: "above its threshold of {}, and nobody is told",
}
_TOO_FEW = "too few calls to be judged by its threshold of {}"
_LEAVING = "was above its threshold of {}, and is not yet well below"

_ENDLESS = timedelta(days=400)
"""Silences of this length have no end but recovery."""


def is_silent(health: ActionHealth, now: datetime) -> bool:
    """Whether nobody is told of this action."""
    until = health.silenced_until
    return health.state is HealthState.SILENCED or (until is not None and until > now)


def troubles(health: ActionHealth, width: int) -> list[Line]:
    """Why there are no new figures, and what to do about it; nothing where all is well."""
    rows: list[Line] = []
    if health.trouble:
        said = _wrapped(f"▲ {health.trouble}", width)
        rows.extend(((line[:2], "warn"), (line[2:], "")) for line in said)
        rows.extend(((line, "dim"),) for line in _wrapped(f"  {health.remedy}", width))
    for warning in health.report.warnings if health.report is not None else ():
        said = _wrapped(f"▲ {warning}", width)
        rows.extend(((line[:2], "warn"), (line[2:], "")) for line in said)
    return rows


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of `width`, two at most."""
    return wrap(text, max(20, width), subsequent_indent="  ", max_lines=2, placeholder=" …")


def standing(health: ActionHealth, now: datetime) -> Line:
    """How the action stands against its threshold, and since when."""
    sign, word, tone = health_sign(health)
    limit = words.limit(health.threshold)
    if health.report is None:
        said = "the platform has not answered for it yet" if health.trouble else _ASKING
        return ((f"{sign} {word}", tone), (f"  {said} · threshold {limit}", "dim"))
    spans: list[Span] = [(f"{sign} ", tone), (_meaning(health).format(limit), tone)]
    if health.since is not None:
        moment = words.clock(health.since)
        spans.append((f" · since {moment}, {words.age(health.since, now)}", "dim"))
    if is_silent(health, now):
        until = health.silenced_until
        endless = until is None or until - now > _ENDLESS
        left = "until it recovers" if endless else f"until {words.clock(until)}"
        spans.append((f" · silent {left}", "warn"))
    return tuple(spans)


_ASKING = "the platform is being asked for its figures"


def _meaning(health: ActionHealth) -> str:
    beyond = health.report is not None and health.report.error_rate > health.threshold
    if health.state is HealthState.HEALTHY and beyond:
        return _TOO_FEW
    if health.state in (HealthState.ABOVE, HealthState.SILENCED) and not beyond:
        return _LEAVING
    return _MEANS[health.state]


def figures(report: HealthReport) -> Line:
    """The totals of a report, its time, and where they come from."""
    captured = report.source is HealthSource.CAPTURES
    spans: list[Span] = [
        (words.percent(report.error_rate) if report.executions else words.NOTHING, "strong"),
        (f"  {words.amount(report.errors)} of {words.plural(report.executions, 'call')}", ""),
        (f" in {spoken(report.interval)}", "dim"),
        (" from captures" if captured else " from the platform", "accent" if captured else "dim"),
    ]
    for name, ms in (("average", report.average_ms), ("p95", report.p95_ms)):
        if ms is not None:
            spans.extend([(f" · {name} ", "dim"), (words.span(ms / 1000), "")])
    return tuple(spans)


def rises(risen: Sequence[RisenCode]) -> Line:
    """What weighs more than in the period before, as shares of all calls."""
    spans: list[Span] = []
    for code in risen:
        gap = "  " if spans else ""
        spans.extend([(gap, ""), ("▲ ", "warn"), (f"{code.code} ", "")])
        if code.before <= 0:
            spans.append((f"new, {words.percent(code.now)}", "dim"))
        else:
            spans.append((f"{code.before:.2f} → {words.percent(code.now)}", "dim"))
    return tuple(spans)
