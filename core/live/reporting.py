"""A health report in words, to hand on: text for a terminal or a mail, Markdown for a ticket.

It tells figures and error codes, and nothing of what was sent or answered.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from ..durations import spoken
from ..markdown import code, span
from ..models import CodeShare, HealthReport, HealthSource, Outcome, RisenCode
from ..store.filter.tokens import quote
from ..text import safe

_SOURCES = {
    HealthSource.ANALYTICS: "the platform's analytics",
    HealthSource.CAPTURES: "captured exchanges",
}
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_UNNAMED = ("UNKNOWN_ERROR", "")
_TIMEOUT = re.compile(r"time.?d?.?out|deadline|504", re.IGNORECASE)
_THROTTLED = re.compile(r"rate|thrott|quota|too.?many|429", re.IGNORECASE)
_DENIED = re.compile(r"auth|forbid|denied|permission|token|401|403", re.IGNORECASE)
_SHAPE = re.compile(
    r"schema|deserial|valid|format|parse|json|not_object|empty_body|400|422", re.IGNORECASE
)
_DOWN = re.compile(r"unavail|unreach|gateway|server_error|connect|50[0-3]", re.IGNORECASE)
_HINTS = (
    (_TIMEOUT, "The service behind the action is slow: see its durations and its timeout."),
    (_THROTTLED, "It is called more often than it may be: spread the calls, or raise its quota."),
    (_DENIED, "The action's credentials are refused: see whether they have expired or changed."),
    (_SHAPE, "What is sent or answered has not the form that is expected: compare a failed "
     "exchange with the last good one."),
    (_DOWN, "The service behind the action does not work: see its own log from that time."),
)  # fmt: skip


def is_above(report: HealthReport, threshold: float) -> bool:
    """Whether the error rate is above `threshold`, in percent."""
    return report.error_rate > threshold


def verdict(report: HealthReport, threshold: float) -> str:
    """One sentence: how the action stands against its threshold."""
    if not report.executions:
        return f"Nothing can be said: there was no execution in {spoken(report.interval)}."
    rate = f"{report.error_rate:.2f} %"
    if is_above(report, threshold):
        return f"The error rate of {rate} is above the threshold of {threshold:g} %."
    return f"The error rate of {rate} is within the threshold of {threshold:g} %."


def next_steps(
    report: HealthReport, *, risen: Sequence[RisenCode] = (), show: Callable[[str], str] = safe
) -> list[str]:
    """What to look at next, a sentence each; the code with most errors first.

    `show` makes what comes from outside harmless where it stands, codes and commands.
    """
    if not report.executions:
        return [
            "Check the action's id, and whether it was called at all in this time; "
            + (
                "cxtop tail shows what is captured."
                if report.source is HealthSource.CAPTURES
                else "a longer --interval reaches further back."
            )
        ]
    steps: list[str] = []
    if report.codes:
        first = report.codes[0]
        share = 100 * first.count / report.errors if report.errors else 0
        steps.append(
            f"{_named(first.code, show)} makes up {share:.0f} % of the errors. {_hint(first)}"
        )
        steps += [_slower(report, first)] if _is_slower(report, first) else []
        wanted = shlex.quote(_filter(report, first))
        command = show(f"cxtop tail --filter {wanted}")
        steps.append(f"See those that are captured: {command}")
    if risen:
        most = risen[0]
        steps.append(
            f"{_named(most.code, show)} rose from {most.before:.2f} % to {most.now:.2f} % of the "
            "executions since the period before: see what was changed in that time."
        )
    steps += ["See to the warnings first, as the figures may be wrong."] if report.warnings else []
    return steps or ["Nothing: no execution failed."]


def as_text(report: HealthReport, threshold: float, *, risen: Sequence[RisenCode] = ()) -> str:
    """The report as plain text, its lines parted by newlines."""
    lines = [
        f"Health of {safe(report.action_id)}",
        "",
        *(f"{name:<18}{value}" for name, value in _facts(report, threshold)),
        "",
        f"Verdict: {verdict(report, threshold)}",
    ]
    if report.codes:
        lines += ["", f"{'Error code':<34}{'errors':>10}{'of all':>10}{'average':>12}"]
        lines += [
            f"{safe(share.code):<34}{share.count:>10,}{_share(report, share):>10}"
            f"{_ms(share.average_ms):>12}"
            for share in report.top
        ]
        lines += _rest(report)
    lines += _listed("Risen since the period before:", [_rise(one, safe) for one in risen])
    lines += _listed("Warnings:", [safe(warning) for warning in report.warnings])
    lines += _listed("What to look at next:", next_steps(report, risen=risen))
    return "\n".join(lines) + "\n"


def as_markdown(report: HealthReport, threshold: float, *, risen: Sequence[RisenCode] = ()) -> str:
    """The report as Markdown; what comes from outside stands in code spans and is only text."""
    lines = [
        f"# Health of {code(report.action_id)}",
        "",
        f"**{verdict(report, threshold)}**",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in _facts(report, threshold)),
    ]
    if report.codes:
        lines += ["", "## Error codes", ""]
        lines += ["| code | errors | of all executions | average |", "|---|--:|--:|--:|"]
        lines += [
            f"| {code(share.code)} | {share.count:,} | {_share(report, share)} "
            f"| {_ms(share.average_ms)} |"
            for share in report.top
        ]
        lines += _rest(report)
    lines += _section("Risen since the period before", [_rise(one, code) for one in risen])
    lines += _section("Warnings", [span(warning) for warning in report.warnings])
    steps = next_steps(report, risen=risen, show=span)
    lines += _section("What to look at next", steps)
    return "\n".join(lines) + "\n"


def _facts(report: HealthReport, threshold: float) -> list[tuple[str, str]]:
    facts = [
        ("Interval", f"{spoken(report.interval)} up to {report.as_of:%Y-%m-%d %H:%M:%S} UTC"),
        ("Source", _SOURCES[report.source]),
        ("Executions", f"{report.executions:,}"),
        ("Errors", f"{report.errors:,}"),
        ("Error rate", f"{report.error_rate:.2f} % (threshold {threshold:g} %)"),
        ("Average duration", _ms(report.average_ms)),
    ]
    if report.p95_ms is not None:
        facts.append(("95 % within", _ms(report.p95_ms)))
    return facts


def _rest(report: HealthReport) -> list[str]:
    rest = report.codes[len(report.top) :]
    if not rest:
        return []
    errors = sum(share.count for share in rest)
    codes = "1 more code" if len(rest) == 1 else f"{len(rest):,} more codes"
    return ["", f"And {codes} with {errors:,} {'error' if errors == 1 else 'errors'}."]


def _listed(title: str, items: Sequence[str]) -> list[str]:
    return ["", title, *(f"- {item}" for item in items)] if items else []


def _section(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {item}" for item in items)] if items else []


def _rise(risen: RisenCode, show: Callable[[str], str]) -> str:
    before = f"from {risen.before:.2f} %" if risen.before else "new"
    return f"{show(risen.code)}: {before}, now {risen.now:.2f} % of the executions"


def _hint(share: CodeShare) -> str:
    found = (hint for pattern, hint in _HINTS if pattern.search(share.code))
    return next(found, "Look at one of them: what was sent, and what was answered.")


def _is_slower(report: HealthReport, share: CodeShare) -> bool:
    if share.average_ms is None or not report.average_ms:
        return False
    return share.average_ms >= 2 * report.average_ms


def _slower(report: HealthReport, share: CodeShare) -> str:
    return (
        f"It takes {_ms(share.average_ms)} on average, where all executions take "
        f"{_ms(report.average_ms)}: time is lost before it fails."
    )


def _filter(report: HealthReport, share: CodeShare) -> str:
    action = quote(report.action_id)
    if report.source is HealthSource.ANALYTICS or share.code in _UNNAMED:
        return f"action:{action} not status:2xx"
    if status := re.fullmatch(r"HTTP_(\d{3})", share.code):
        return f"action:{action} status:{status[1]}"
    if share.code.lower() in _OUTCOMES:
        return f"action:{action} outcome:{share.code.lower()}"
    return f"action:{action} code:{quote(share.code)}"


def _named(code: str, show: Callable[[str], str]) -> str:
    return "Errors without a code" if code in _UNNAMED else show(code)


def _share(report: HealthReport, share: CodeShare) -> str:
    return f"{100 * share.count / report.executions:.2f} %" if report.executions else "–"


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
