"""What is seen of a page at once: what it is, the figures, the charts, what needs a look first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ....text import clip
from ..summary import Failing, RunLine, Summary
from ..wordings import NOTHING, amount, millis, moment, percent, plural, word
from . import charts
from .markup import Child, Markup, element
from .states import outcome_tone, run_state

_RUNS = 10
_EXCHANGES = 10
_LONGEST = 300


def body_of(summary: Summary, head: dict[str, Any], missing: int) -> Markup:
    """Header, main part and footer."""
    main = element(
        "main",
        element("div", _tiles(summary), class_="tiles"),
        element(
            "div",
            charts.over_time(summary),
            charts.codes(summary),
            charts.outcomes(summary),
            _runs(summary),
            charts.health(summary),
            _failing(summary),
            class_="grid",
        ),
        _everything(),
    )
    return Markup(_header(head, missing) + main + _footer(head))


def _header(head: dict[str, Any], missing: int) -> Markup:
    facts = {
        "Taken": f"{moment(head['made_at'])} UTC",
        "Profile": head["profile"],
        "Platform": head["platform"],
        "Filter": str(head["scope"]["filter"]),
        "Redaction": head["redaction"],
    }
    items = [
        element("li", f"{name} ", element("b", clip(value, _LONGEST)))
        for name, value in facts.items()
        if value
    ]
    gone = f"The payloads of {plural(missing, 'exchange')} are not there any more."
    return element(
        "header",
        element("div", "cxtop · evidence", class_="brand"),
        element("h1", clip(head["title"], _LONGEST) or "Evidence"),
        element("ul", items, class_="facts"),
        element("p", gone, class_="note") if missing else None,
    )


def _tiles(summary: Summary) -> Iterable[Markup]:
    runs = len(summary.runs) + summary.runs_beyond
    if runs:
        failed = sum(run_state(line.run.status)[0] == "bad" for line in summary.runs.values())
        yield _tile(runs, "run", "runs", f"{amount(failed)} failed", failed)
    if total := summary.codes.total:
        most = summary.codes.top(1)[0][0]
        share = percent(100 * most[1] / total)
        yield _tile(total, "failed record", "failed records", f"{share} with {most[0]}", 0)
    if total := summary.outcomes.total():
        bad = summary.bad
        yield _tile(
            total,
            "exchange",
            "exchanges",
            f"{amount(bad)} failing, {percent(100 * bad / total)}",
            bad,
        )
    if summary.retried:
        yield _tile(summary.retried, "call tried again", "calls tried again", "", 0)
    if letters := summary.letters.total():
        waiting = summary.letters["waiting"]
        yield _tile(
            letters, "dead letter", "dead letters", f"{amount(waiting)} not delivered", waiting
        )
    if recoveries := summary.recoveries.total():
        over = summary.recoveries["recovered"] + summary.recoveries["verified"]
        yield _tile(
            recoveries, "failure handled", "failures handled", f"{amount(over)} recovered", 0
        )


def _tile(number: int, one: str, many: str, note: str, bad: int) -> Markup:
    said = element("span", note, class_="bad" if bad else None) if note else None
    noun = element("span", one if number == 1 else many)
    return element("div", element("b", amount(number)), noun, said, class_="tile")


def _runs(summary: Summary) -> Markup | None:
    lines, others = summary.worst_runs(_RUNS)
    if not lines:
        return None
    note = f"the {len(lines)} that need a look first" if others else ""
    columns = ("run", "status", "records", "failed", "most frequent code")
    return _listed("Runs", note, columns, [_run(line) for line in lines], numbers=(2, 3))


def _run(line: RunLine) -> Sequence[Child]:
    run = line.run
    top, _ = line.codes.top(1)
    shown = element("span", run.run_id, class_="mono")
    name = [element("div", clip(run.name, _LONGEST)), shown] if run.name else shown
    return (
        name,
        charts.tag(run_state(run.status, run.raw_status)),
        f"{amount(run.processed)} of {amount(run.total)}",
        amount(line.failed),
        element("span", clip(top[0][0], _LONGEST), class_="mono") if top else NOTHING,
    )


def _failing(summary: Summary) -> Markup | None:
    failing = summary.failing[:_EXCHANGES]
    if not failing:
        return None
    note = f"the newest of {amount(summary.bad)}" if summary.bad > len(failing) else ""
    columns = ("when (UTC)", "request", "status", "took", "what it was")
    rows = [_exchange(each) for each in failing]
    return _listed("Failing exchanges", note, columns, rows, numbers=(2, 3))


def _exchange(failing: Failing) -> Sequence[Child]:
    exchange = failing.exchange
    target = exchange.route or exchange.url.partition("?")[0]
    state = [outcome_tone(exchange.outcome), word(exchange.outcome)]
    return (
        moment(exchange.at),
        element("span", clip(f"{exchange.method} {target}", _LONGEST), class_="mono"),
        NOTHING if exchange.status is None else str(exchange.status),
        millis(exchange.duration_ms),
        [charts.tag(state), " ", clip(failing.message, _LONGEST)],
    )


def _listed(
    title: str,
    note: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    numbers: Sequence[int],
) -> Markup:
    kinds = ["number" if at in numbers else "text" for at in range(len(columns))]
    head = [
        element("th", name, scope="col", class_=kind)
        for name, kind in zip(columns, kinds, strict=True)
    ]
    body = [
        element("tr", [element("td", c, class_=kind) for c, kind in zip(row, kinds, strict=True)])
        for row in rows
    ]
    table = element("table", element("thead", element("tr", head)), element("tbody", body))
    return element(
        "section",
        element("h2", title, " ", element("small", note)),
        element("div", table, class_="scroll"),
        class_="card wide",
    )


def _everything() -> Markup:
    """Where the script draws the tables."""
    tools = element(
        "div",
        element("input", id="search", type="search", placeholder="Search", aria_label="Search"),
        element("label", element("input", id="deep", type="checkbox"), "also in payloads"),
        element("select", id="state", aria_label="State"),
        element("output", id="found"),
        class_="tools",
    )
    table = element(
        "div",
        element("table", element("thead", id="head"), element("tbody", id="rows")),
        class_="scroll",
        id="table",
        role="tabpanel",
    )
    pager = element(
        "div",
        element("span", id="where"),
        element("button", "previous", id="before", type="button"),
        element("button", "next", id="after", type="button"),
        class_="pager",
    )
    return Markup(
        element("noscript", element("p", "The tables need JavaScript.", class_="note"))
        + element(
            "section",
            element("h2", "Everything"),
            element("div", id="tabs", class_="tabs", role="tablist", aria_label="Kinds"),
            tools,
            element("p", id="beyond", class_="note", hidden=True),
            table,
            pager,
            class_="card",
            id="everything",
            hidden=True,
        )
    )


def _footer(head: dict[str, Any]) -> Markup:
    return element(
        "footer",
        f"Written by cxtop {head['cxtop']}. Times are in UTC. "
        "This page loads nothing and sends nothing.",
    )
