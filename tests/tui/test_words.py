"""How numbers, durations and moments read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui import words


@pytest.mark.parametrize(
    ("number", "text"), [(None, "–"), (0, "0"), (999, "999"), (48511, "48,511")]
)
def test_amount(number: int | None, text: str) -> None:
    assert words.amount(number) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(None, "–"), (0, "0 %"), (0.0001, "1 %"), (0.65, "65 %"), (0.9999, "99 %"), (1, "100 %")],
)
def test_share_is_whole_only_when_all_is_done(fraction: float | None, text: str) -> None:
    assert words.share(fraction) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(None, "–"), (0, "0/s"), (0.25, "15/min"), (11.4, "11/s"), (4200, "4,200/s")],
)
def test_rate(per_second: float | None, text: str) -> None:
    assert words.rate(per_second) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3, "0 ms"),
        (0.212, "212 ms"),
        (1.44, "1.4 s"),
        (32, "32 s"),
        (250, "4 m 10 s"),
        (660, "11 m"),
        (4320, "1 h 12 m"),
        (7200, "2 h"),
        (90000, "1 d 1 h"),
    ],
)
def test_span(seconds: float | None, text: str) -> None:
    assert words.span(seconds) == text


@given(st.floats(min_value=0, max_value=1e9))
def test_a_span_is_short_enough_for_a_column(seconds: float) -> None:
    assert len(words.span(seconds)) <= 12


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (61, "1 m"), (3700, "1 h"), (200000, "2 d"), (-5, "0 s")],
)
def test_age(seconds: int, text: str) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert words.age(now - timedelta(seconds=seconds), now) == text


def test_what_is_not_known_is_a_dash() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert [words.age(None, now), words.clock(None), words.day_and_time(None)] == ["–"] * 3


def test_plural() -> None:
    assert [words.plural(number, "error") for number in (0, 1, 1489)] == [
        "0 errors",
        "1 error",
        "1,489 errors",
    ]


def test_percentages() -> None:
    assert words.percent(12.345) == "12.35 %"
    assert words.percent(None) == "–"
    assert [words.limit(5.0), words.limit(2.5)] == ["5 %", "2.5 %"]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (40, "GET /products/SKU-1/stock"),
        (25, "GET /products/SKU-1/stock"),
        (18, "GET …s/SKU-1/stock"),
        (10, "GET …stock"),
        (8, "…1/stock"),
        (4, "GET /products/SKU-1/stock"),
    ],
)
def test_a_path_is_known_by_its_end(width: int, text: str) -> None:
    assert words.path_end("GET /products/SKU-1/stock", width) == text
