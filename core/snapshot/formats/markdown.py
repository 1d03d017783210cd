"""Markdown for a ticket: what failed, how often and in which exchanges, on a page or two.

Everything from outside stands in code spans, where it is no markup, no link and calls nobody;
tables are those of GitHub and GitLab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from ...markdown import code, table
from ...models import HealthState
from ..scope import EVERY_PART, Part
from .heading import heading
from .pouring import Progress, pour
from .summary import Failing, RunLine, Summary
from .wordings import NOTHING, amount, millis, moment, percent, plural, word

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

_RUNS = 15
_CODES = 10
_EXCHANGES = 15


class MarkdownFormat:
    """A summary; payloads are in the other formats."""

    name = "md"
    suffix = ".md"
    title = "Markdown, a summary for a ticket"
    holds = EVERY_PART

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Read everything, then write what is to be said of it."""
        summary = Summary()
        for part in Part:
            if part in evidence.scope.parts and part is not Part.POLLS:
                await pour(evidence, part, mask, summary.add, progress)
        out.write(as_markdown(summary, heading(evidence, mask), evidence.missing).encode())


MARKDOWN = MarkdownFormat()


def as_markdown(summary: Summary, head: dict[str, Any], missing: int = 0) -> str:
    """The ticket's text."""
    sections = (
        _head(summary, head, missing),
        _runs(summary),
        _codes(summary),
        _exchanges(summary),
        _health(summary),
        _recovery(summary),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(summary: Summary, head: dict[str, Any], missing: int) -> str:
    of = code(head["profile"]) + (f" on {code(head['platform'])}" if head["platform"] else "")
    facts = [f"- **Taken**: {moment(head['made_at'])} UTC by cxtop {head['cxtop']}"]
    if head["profile"]:
        facts.append(f"- **Profile**: {of}")
    if wanted := head["scope"]["filter"]:
        facts.append(f"- **Filter**: {code(str(wanted))}")
    if summary.runs:
        runs = len(summary.runs) + summary.runs_beyond
        facts.append(f"- **Runs**: {plural(runs, 'run')}")
    if summary.codes.total:
        facts.append(f"- **Failed records**: {amount(summary.codes.total)}")
    total = summary.outcomes.total()
    if total:
        when = f"{moment(summary.first)} to {moment(summary.last)} UTC"
        facts.append(f"- **Exchanges**: {amount(total)}, {amount(summary.bad)} failing; {when}")
    if missing:
        facts.append(f"- **Not there any more**: the payloads of {plural(missing, 'exchange')}")
    facts.append(f"- **Redaction**: {head['redaction']}")
    return f"# {code(head['title']) if head['title'] else 'Evidence'}\n\n" + "\n".join(facts)


def _runs(summary: Summary) -> str:
    lines, others = summary.worst_runs(_RUNS)
    if not lines:
        return ""
    columns = ("run", "status", ">records", ">failed", "error codes")
    text = "## Runs\n\n" + table(columns, (_run(line) for line in lines))
    return text + (f"\n\nAnd {plural(others, 'other run')}." if others else "")


def _run(line: RunLine) -> tuple[str, ...]:
    run = line.run
    top, others = line.codes.top(3)
    codes = [f"{code(name, 60)} × {amount(count)}" for name, count in top]
    if others:
        codes.append(f"others × {amount(others)}")
    name = f"{code(run.name, 60)}<br>{code(run.run_id, 80)}" if run.name else code(run.run_id, 80)
    known = word(run.status)
    status = code(run.raw_status, 40) if known == "unknown" and run.raw_status else known
    of = f"{amount(run.processed)} of {amount(run.total)}"
    return name, status, of, amount(line.failed), ", ".join(codes) or NOTHING


def _codes(summary: Summary) -> str:
    top, others = summary.codes.top(_CODES)
    if not top:
        return ""
    rows = [(code(name), amount(count)) for name, count in top]
    if others:
        rows.append(("others", amount(others)))
    return "## Failed records by code\n\n" + table(("code", ">records"), rows)


def _exchanges(summary: Summary) -> str:
    failing = summary.failing[:_EXCHANGES]
    if not failing:
        return ""
    columns = ("when (UTC)", "request", "status", ">took", "what it was", "request id")
    told = f"The newest {len(failing)} of {amount(summary.bad)}.\n\n"
    said = told if summary.bad > len(failing) else ""
    rows = table(columns, (_exchange(each) for each in failing))
    return f"## Failing exchanges\n\n{said}{rows}"


def _exchange(failing: Failing) -> tuple[str, ...]:
    exchange = failing.exchange
    target = exchange.route or exchange.url.partition("?")[0]
    status = NOTHING if exchange.status is None else str(exchange.status)
    return (
        moment(exchange.at),
        code(f"{exchange.method} {target}", 90),
        status,
        millis(exchange.duration_ms),
        f"{word(exchange.outcome)}: {code(failing.message)}",
        code(exchange.request_id, 80),
    )


def _health(summary: Summary) -> str:
    rows: list[tuple[str, ...]] = []
    for action in summary.health:
        report = action.report
        if report is None:
            continue
        above = action.state in (HealthState.ABOVE, HealthState.SILENCED)
        state = f"**{word(action.state)}**" if above else word(action.state)
        of = f"{amount(report.errors)} of {amount(report.executions)}"
        codes = ", ".join(f"{code(each.code, 60)} × {amount(each.count)}" for each in report.top)
        rate = f"{percent(report.error_rate)} (threshold {action.threshold:g} %)"
        rows.append((code(action.action_id, 80), state, rate, of, codes or NOTHING))
    if not rows:
        return ""
    columns = ("action", "state", ">error rate", ">errors", "error codes")
    return "## Health\n\n" + table(columns, rows)


def _recovery(summary: Summary) -> str:
    facts: list[str] = []
    for name, states in (
        ("Recoveries", summary.recoveries),
        ("Dead letters", summary.letters),
    ):
        if states:
            told = ", ".join(
                f"{amount(count)} {state.replace('_', ' ')}" for state, count in states.items()
            )
            facts.append(f"- **{name}**: {told}")
    if summary.retried:
        facts.append(f"- **Calls tried more than once**: {amount(summary.retried)}")
    return "## Recovery\n\n" + "\n".join(facts) if facts else ""
