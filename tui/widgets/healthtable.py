"""How an action's health, and each of its error codes, looks as a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ...core.models import ActionHealth, CodeShare, HealthReport, HealthSource, HealthState
from .. import words
from ..bars import bar, gauge, level, sparkline, thinned
from ..clock import Clock
from ..ink import Line, Span, Tone, width_of
from ..signs import health_sign
from .columns import Column

FRESH = 3
"""How many times figures may fail to come anew before they count as old."""

_SCALES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_TONES: dict[HealthState, Tone] = {
    HealthState.ABOVE: "bad",
    HealthState.PENDING: "warn",
    HealthState.SILENCED: "warn",
}


def scale_of(known: list[ActionHealth]) -> float:
    """The percentage that a full bar stands for, the same in all rows so that they compare."""
    most = max((max(_rate(one), 1.5 * one.threshold) for one in known), default=10.0)
    return next((scale for scale in _SCALES if scale >= most), _SCALES[-1])


def is_stale(health: ActionHealth, now: datetime, refresh_s: float) -> bool:
    """Whether what is shown may no longer be so."""
    if health.report is None or health.trouble:
        return True
    return now - health.report.as_of > timedelta(seconds=FRESH * refresh_s)


def bar_tone(health: ActionHealth) -> Tone:
    """What the share of errors means, as a tone."""
    return _TONES.get(health.state, "good")


def health_columns(
    clock: Clock, refresh_s: Callable[[], float], scale: float
) -> tuple[Column[ActionHealth], ...]:
    """The columns of the table of actions; `scale` is the percentage of a full bar."""

    def state(health: ActionHealth, _width: int) -> Line:
        sign, word, tone = health_sign(health)
        return ((f"{sign} {word}", tone),)

    def old(health: ActionHealth) -> bool:
        return is_stale(health, clock(), refresh_s())

    def name(health: ActionHealth, width: int) -> Line:
        return ((words.short_id(health.action_id, width), "dim" if old(health) else ""),)

    def share(health: ActionHealth, width: int) -> Line:
        if health.report is None:
            return ((words.NOTHING, "dim"),)
        tone = "dim" if old(health) else bar_tone(health)
        rate = health.report.error_rate / scale
        return gauge(rate, width, tone, mark=health.threshold / scale)

    def age(health: ActionHealth, _width: int) -> Line:
        as_of = health.report.as_of if health.report else None
        stale = health.report is not None and old(health)
        return ((words.age(as_of, clock()), "warn" if stale else "dim"),)

    return (
        Column("state", "STATE", 11, state, order=lambda h: health_sign(h)[1]),
        Column("action", "ACTION", 14, name, flex=3, widest=40, order=lambda h: h.action_id),
        Column("share", f"0–{scale:g} %", 8, share, flex=2, widest=24, drop=8, order=_rate),
        Column("rate", "RATE", 8, _percent, right=True, order=_rate),
        Column("executions", "CALLS", 8, _executions, right=True, drop=7, order=_count),
        Column("errors", "ERRORS", 7, _errors, right=True, drop=9, order=_error_count),
        Column("codes", "TOP CODES", 20, _codes, flex=4, widest=64, drop=11),
        Column("average", "AVERAGE", 7, _average, right=True, drop=12, order=_average_ms),
        Column("p95", "P95", 7, _p95, right=True, drop=13, order=_p95_ms),
        Column("trend", "TREND", 10, _trend, flex=1, widest=24, drop=10),
        Column("source", "SOURCE", 8, _source, drop=5, order=_source_word),
        Column("age", "AGE", 4, age, right=True, drop=3, order=_as_of),
    )


def source_words(source: HealthSource) -> Line:
    """Where figures come from; captures are marked, as they are what cxtop saw itself."""
    if source is HealthSource.CAPTURES:
        return (("captures", "accent"),)
    return (("platform", "dim"),)


def top_codes(report: HealthReport, room: int) -> Line:
    """As many of the codes as there is room for, each with its share of the errors as a block."""
    spans: list[Span] = []
    for code in report.top:
        height = level(code.count / max(1, report.errors))
        piece: tuple[Span, ...] = (
            (height, "bad"),
            (f" {code.code} ", ""),
            (words.amount(code.count), "dim"),
        )
        gap: tuple[Span, ...] = (("  ", ""),) if spans else ()
        if spans and width_of((*spans, *gap, *piece)) > room:
            break
        spans += [*gap, *piece]
    return tuple(spans) or ((words.NOTHING, "dim"),)


def code_columns(
    report: Callable[[], HealthReport | None],
    rises: Callable[[], Mapping[str, tuple[float, float]]],
) -> tuple[Column[CodeShare], ...]:
    """The columns of an action's codes; `rises` has what each was and is, in percent."""

    def share(code: CodeShare, width: int) -> Line:
        known = report()
        top = max((one.count for one in known.codes), default=1) if known else 1
        return bar(code.count / max(1, top), width, "bad", track=False)

    def of_errors(code: CodeShare, _width: int) -> Line:
        known = report()
        return ((words.share(code.count / known.errors if known and known.errors else None), ""),)

    def rise(code: CodeShare, _width: int) -> Line:
        found = rises().get(code.code)
        if found is None:
            return ((words.NOTHING, "dim"),)
        before, now = found
        if before <= 0:
            return (("▲ new", "warn"), (f" {words.percent(now)}", ""))
        return (("▲ ", "warn"), (f"{before:.2f} → {words.percent(now)}", ""))

    return (
        Column("code", "CODE", 18, _code, flex=3, widest=36),
        Column("share", "", 6, share, flex=1, widest=40, drop=3),
        Column("count", "ERRORS", 7, _code_count, right=True),
        Column("of", "SHARE", 5, of_errors, right=True, drop=2),
        Column("average", "AVERAGE", 7, _code_average, right=True, drop=1),
        Column("rise", "ROSE, OF ALL CALLS", 18, rise, drop=4),
    )


def duration(ms: float | None) -> str:
    """Milliseconds as people read them."""
    return words.span(None if ms is None else ms / 1000)


def _percent(health: ActionHealth, _width: int) -> Line:
    if health.report is None or not health.report.executions:
        return ((words.NOTHING, "dim"),)
    tone = _TONES.get(health.state, "")
    return ((words.percent(health.report.error_rate), tone),)


def _executions(health: ActionHealth, _width: int) -> Line:
    count = health.report.executions if health.report else None
    return ((words.amount(count), "" if count else "dim"),)


def _errors(health: ActionHealth, _width: int) -> Line:
    count = health.report.errors if health.report else None
    return ((words.amount(count), "" if count else "dim"),)


def _codes(health: ActionHealth, width: int) -> Line:
    if health.report is None:
        return ((words.NOTHING, "dim"),)
    return top_codes(health.report, width)


def _average(health: ActionHealth, _width: int) -> Line:
    return ((duration(health.report.average_ms if health.report else None), "dim"),)


def _p95(health: ActionHealth, _width: int) -> Line:
    return ((duration(health.report.p95_ms if health.report else None), "dim"),)


def _trend(health: ActionHealth, width: int) -> Line:
    rates = [point.error_rate for point in health.history]
    return ((sparkline(thinned(rates, width), width), "busy"),)


def _source(health: ActionHealth, _width: int) -> Line:
    return source_words(health.report.source) if health.report else ((words.NOTHING, "dim"),)


def _code(code: CodeShare, _width: int) -> Line:
    return ((code.code or "no code", "" if code.code else "dim"),)


def _code_count(code: CodeShare, _width: int) -> Line:
    return ((words.amount(code.count), ""),)


def _code_average(code: CodeShare, _width: int) -> Line:
    return ((duration(code.average_ms), "dim"),)


def _rate(health: ActionHealth) -> float:
    return health.report.error_rate if health.report else 0.0


def _count(health: ActionHealth) -> int:
    return health.report.executions if health.report else 0


def _error_count(health: ActionHealth) -> int:
    return health.report.errors if health.report else 0


def _average_ms(health: ActionHealth) -> float:
    return (health.report.average_ms if health.report else None) or 0.0


def _p95_ms(health: ActionHealth) -> float:
    return (health.report.p95_ms if health.report else None) or 0.0


def _source_word(health: ActionHealth) -> str:
    return health.report.source.value if health.report else ""


def _as_of(health: ActionHealth) -> float:
    return health.report.as_of.timestamp() if health.report else 0.0
