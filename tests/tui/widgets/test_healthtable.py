"""Actions and codes as rows, and the gauge that compares them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.models import (
    ActionHealth,
    CodeShare,
    HealthPoint,
    HealthReport,
    HealthSource,
    HealthState,
)
from cxtop.tui.ink import Line
from cxtop.tui.widgets.columns import fit
from cxtop.tui.widgets.healthtable import (
    code_columns,
    health_columns,
    is_stale,
    scale_of,
    top_codes,
)

NOW = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)


def report(rate: float = 12.0, **more: object) -> HealthReport:
    fields = {
        "action_id": "a",
        "interval": "PT24H",
        "source": HealthSource.ANALYTICS,
        "executions": 1000,
        "errors": int(10 * rate),
        "error_rate": rate,
        "codes": (CodeShare(code="TIMEOUT", count=90), CodeShare(code="ODD", count=30)),
        "average_ms": 212.0,
        "as_of": NOW,
    }
    return HealthReport.model_validate(fields | more)


def health(**more: object) -> ActionHealth:
    fields = {"action_id": "a", "threshold": 5.0, "state": HealthState.ABOVE, "report": report()}
    return ActionHealth.model_validate(fields | more)


def cell(one: ActionHealth, key: str, width: int = 20, scale: float = 20.0) -> Line:
    columns = health_columns(lambda: NOW, lambda: 60.0, scale)
    return next(column.cell(one, width) for column in columns if column.key == key)


def text(line: Line) -> str:
    return "".join(piece for piece, _ in line)


def test_the_gauge_marks_the_threshold() -> None:
    assert text(cell(health(), "share", 8)) == "██│█▊░░░"
    assert text(cell(health(report=report(1.0)), "share", 8)) == "▍░│░░░░░"


@pytest.mark.parametrize(
    ("rates", "scale"),
    [((), 10.0), ((0.1,), 10.0), ((12.0,), 20.0), ((12.0, 33.0), 50.0), ((100.0,), 100.0)],
)
def test_one_scale_serves_all_rows(rates: tuple[float, ...], scale: float) -> None:
    known = [health(report=report(rate)) for rate in rates]
    assert scale_of(known) == scale


def test_captures_are_marked() -> None:
    seen = health(report=report(source=HealthSource.CAPTURES))
    assert cell(seen, "source") == (("captures", "accent"),)
    assert cell(health(), "source") == (("platform", "dim"),)


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (health(), "▲ above"),
        (health(state=HealthState.HEALTHY), "✔ healthy"),
        (health(state=HealthState.PENDING), "◷ pending"),
        (health(state=HealthState.SILENCED), "■ silenced"),
        (health(state=HealthState.UNKNOWN), "? no calls"),
        (health(report=None), "◷ asking"),
        (health(report=None, trouble="No."), "▲ no answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_state_has_a_sign_and_a_word(one: ActionHealth, word: str) -> None:
    assert text(cell(one, "state")) == word


def test_old_figures_are_dim_and_new_ones_are_not() -> None:
    old = health(report=report(as_of=NOW - timedelta(minutes=4)))
    assert is_stale(old, NOW, 60.0)
    assert not is_stale(health(), NOW, 60.0)
    assert is_stale(health(trouble="The platform is down."), NOW, 60.0)
    assert cell(old, "action") == (("a", "dim"),)
    assert cell(old, "age") == (("4 m", "warn"),)


def test_without_figures_nothing_is_made_up() -> None:
    nothing = health(report=None)
    for key in ("share", "rate", "executions", "errors", "codes", "average", "p95", "source"):
        assert text(cell(nothing, key)) == "–"


def test_top_codes_are_as_many_as_there_is_room_for() -> None:
    assert text(top_codes(report(), 40)) == "▆ TIMEOUT 90  ▃ ODD 30"
    assert text(top_codes(report(), 20)) == "▆ TIMEOUT 90"
    assert text(top_codes(report(codes=()), 20)) == "–"


def test_the_trend_spans_the_whole_history() -> None:
    history = tuple(
        HealthPoint(at=NOW, executions=10, errors=1, error_rate=float(step)) for step in range(100)
    )
    drawn = text(cell(health(history=history), "trend", 10))
    assert len(drawn) == 10
    assert drawn[0] != drawn[-1] == "█"


@pytest.mark.parametrize("width", [30, 37, 57, 77, 117, 197])
def test_state_action_and_rate_are_always_there(width: int) -> None:
    columns = fit(health_columns(lambda: NOW, lambda: 60.0, 20.0), width)
    shown = {column.key for column, _ in columns}
    assert {"state", "action", "rate"} <= shown
    assert ("codes" in shown) == (width >= 117)
    assert ("p95" in shown) == (width >= 197)


def test_a_code_says_how_it_rose() -> None:
    rises = {"TIMEOUT": (1.5, 9.0), "ODD": (0.0, 3.0)}
    columns = {column.key: column for column in code_columns(report, lambda: rises)}
    timeout, odd = report().codes
    assert text(columns["rise"].cell(timeout, 20)) == "▲ 1.50 → 9.00 %"
    assert text(columns["rise"].cell(odd, 20)) == "▲ new 3.00 %"
    assert text(columns["rise"].cell(CodeShare(code="NEW", count=1), 20)) == "–"
    assert text(columns["of"].cell(timeout, 5)) == "75 %"
    assert text(columns["share"].cell(timeout, 6)) == "██████"
