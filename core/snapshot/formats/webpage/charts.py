"""The charts of the page, as inline SVG that needs no script.

Words stand beside the drawings as HTML, so that they keep their size and wrap on any width;
every drawing tells in words what it shows, to whoever cannot see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ....models import ActionHealth, HealthPoint, Outcome
from ....text import clip
from ..summary import Summary
from ..wordings import SIGNS, amount, moment, percent, plural, word
from .markup import Markup, element
from .states import health_state, outcome_tone

_COLUMNS = 72
_TALL = 100
_SERIES = 4
_CODES = 10
_ACTIONS = 12
_POINTS = 120
_LONGEST = 200

GOOD = "good"
OTHERS = "others"


def codes(summary: Summary) -> Markup | None:
    """Failed records by code, the most frequent first, as bars."""
    top, others = summary.codes.top(_CODES)
    if not top:
        return None
    rows = [*top, ("other codes", others)] if others else top
    total, most = summary.codes.total, max(count for _, count in rows)
    bars = [_bar(name or "no code", count, most, total, "bad") for name, count in rows]
    return _card(
        "Failed records by code", f"{amount(total)} in all", element("div", bars, class_="bars")
    )


def outcomes(summary: Summary) -> Markup | None:
    """Exchanges by outcome, the most frequent first, as bars."""
    found = summary.outcomes.most_common()
    if not found:
        return None
    total, most = summary.outcomes.total(), found[0][1]
    rows = [_bar(word(each), count, most, total, outcome_tone(each)) for each, count in found]
    note = f"{amount(total)} in all"
    return _card("Exchanges by outcome", note, element("div", rows, class_="bars"))


def over_time(summary: Summary) -> Markup | None:
    """Exchanges over time as columns: what failed at the bottom, by outcome, the good above."""
    width, columns = summary.over_time.columns(_COLUMNS)
    if not columns:
        return None
    series = _series(summary.outcomes)
    counts = [(at, _grouped(words, series)) for at, words in columns]
    tallest = max(words.total() for _, words in counts) or 1
    drawing = element(
        "svg",
        [_column(at, width, words, series, tallest, x) for x, (at, words) in enumerate(counts)],
        viewBox=f"0 0 {len(counts)} {_TALL}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{plural(summary.outcomes.total(), 'exchange')}, "
        f"{amount(summary.bad)} failing, from {moment(summary.first)} to {moment(summary.last)}",
        class_="columns",
    )
    return _card(
        "Exchanges over time",
        f"a column is {_length(width)}, the tallest {plural(tallest, 'exchange')}",
        drawing,
        element(
            "div",
            element("span", moment(columns[0][0])),
            element("span", moment(columns[-1][0] + width)),
            class_="axis",
        ),
        _legend(summary, series),
        wide=True,
    )


def health(summary: Summary) -> Markup | None:
    """Every action's error rate against its threshold, with its history."""
    reported = [action for action in summary.health if action.report is not None]
    if not reported:
        return None
    shown = sorted(reported, key=_excess, reverse=True)[:_ACTIONS]
    note = f"{plural(len(reported), 'action')}; the mark is the threshold"
    if len(reported) > len(shown):
        note += f"; the {len(shown)} worst are shown"
    return _card(
        "Health",
        note,
        element("div", [_action(each) for each in shown], class_="health"),
        wide=True,
    )


def tag(state: Sequence[str]) -> Markup:
    """A state as a sign and a word in its tone."""
    tone, name = state
    return element("span", f"{SIGNS[tone]} {name}", class_=f"tag {tone}")


def _card(title: str, note: str, *body: Markup, wide: bool = False) -> Markup:
    return element(
        "section",
        element("h2", title, " ", element("small", note)),
        *body,
        class_="card wide" if wide else "card",
    )


def _bar(name: str, count: int, most: int, total: int, tone: str) -> Markup:
    drawing = element(
        "svg",
        element(
            "rect",
            width=f"{100 * count / most:.2f}%",
            height="100%",
            rx="3",
            class_=f"rate {tone}",
        ),
        class_="bar",
        aria_hidden="true",
    )
    return element(
        "div",
        element("span", clip(name, _LONGEST), class_="name"),
        drawing,
        element("span", amount(count), class_="count"),
        element("span", f"{100 * count / total:.1f} %", class_="share"),
        class_="row",
    )


def _series(outcomes: Counter[Outcome]) -> list[str]:
    """What gets a colour: the most frequent failing outcomes, all others, and the good."""
    failing = [each for each, _ in outcomes.most_common() if not each.good]
    named = failing if len(failing) <= _SERIES else failing[: _SERIES - 1]
    series = [outcome.value for outcome in named]
    if len(failing) > len(named):
        series.append(OTHERS)
    return [*series, GOOD]


def _grouped(words: Mapping[str, int], series: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in words.items():
        good = Outcome(name).good
        found[GOOD if good else name if name in series else OTHERS] += count
    return found


def _column(
    at: datetime,
    width: timedelta,
    words: Counter[str],
    series: Sequence[str],
    tallest: int,
    x: int,
) -> Markup | None:
    if not words:
        return None
    pieces: list[Markup] = []
    below = 0.0
    for number, name in enumerate(series):
        height = _TALL * words[name] / tallest
        if height:
            below += height
            pieces.append(
                element(
                    "rect",
                    x=f"{x + 0.08:.2f}",
                    y=f"{_TALL - below:.2f}",
                    width="0.84",
                    height=f"{height:.2f}",
                    class_=_colour(number, name),
                )
            )
    told = [f"{_name(name)}: {amount(words[name])}" for name in series if words[name]]
    title = element("title", f"{moment(at)} to {moment(at + width)}\n" + "\n".join(told))
    return element("g", title, pieces)


def _legend(summary: Summary, series: Sequence[str]) -> Markup:
    totals = _grouped({key.value: count for key, count in summary.outcomes.items()}, series)
    items = [
        element(
            "li",
            element(
                "svg",
                element("rect", width="100%", height="100%", rx="2", class_=_colour(number, name)),
                aria_hidden="true",
            ),
            f"{_name(name)} ",
            element("b", amount(totals[name])),
        )
        for number, name in enumerate(series)
        if totals[name]
    ]
    return element("ul", items, class_="legend")


def _colour(number: int, name: str) -> str:
    return "s-good" if name == GOOD else "s-others" if name == OTHERS else f"s-{number}"


def _name(name: str) -> str:
    return name if name in (GOOD, OTHERS) else word(Outcome(name))


def _excess(action: ActionHealth) -> float:
    return action.report.error_rate - action.threshold if action.report else 0.0


def _action(action: ActionHealth) -> Markup:
    report = action.report
    assert report is not None
    state = health_state(action.state)
    full = min(100.0, max(report.error_rate, action.threshold, 0.01) * 1.25)
    at = f"{min(100.0, 100 * action.threshold / full):.2f}%"
    drawing = element(
        "svg",
        element(
            "rect",
            width=f"{100 * report.error_rate / full:.2f}%",
            height="100%",
            rx="3",
            class_=f"rate {state[0]}",
        ),
        element("line", x1=at, x2=at, y1="0", y2="100%", class_="threshold"),
        class_="bar",
        role="img",
        aria_label=f"error rate {percent(report.error_rate)}, threshold {action.threshold:g} %",
    )
    of = f"{amount(report.errors)} of {amount(report.executions)} failed"
    return element(
        "div",
        element("span", clip(action.action_id, _LONGEST), class_="name"),
        tag(state),
        drawing,
        element("span", percent(report.error_rate), class_="count"),
        element("span", of, class_="share"),
        _history(action.history),
        class_="row",
    )


def _history(history: Sequence[HealthPoint]) -> Markup:
    points = history[-_POINTS:]
    highest = max((point.error_rate for point in points), default=0.0) or 1.0
    spots = " ".join(
        f"{x},{_TALL - 96 * point.error_rate / highest - 2:.1f}" for x, point in enumerate(points)
    )
    line = element("polyline", points=spots) if len(points) > 1 else None
    return element(
        "svg",
        line,
        viewBox=f"0 0 {max(1, len(points) - 1)} {_TALL}",
        preserveAspectRatio="none",
        class_="history",
        aria_hidden="true",
    )


def _length(width: timedelta) -> str:
    seconds = int(width.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, name)
    return plural(seconds, "second")
