"""The rate budget from headers in all their forms (contract §0, "Rate budget")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.http.budget import WINDOW, BudgetMeter
from cxtop.core.models import RateBudget

START = datetime(2030, 5, 1, 12, 0, 0, tzinfo=UTC)


class Meter(BudgetMeter):
    """A meter whose clock the test moves."""

    def __init__(self) -> None:
        self.time = START
        self.changes: list[RateBudget] = []
        super().__init__(self.changes.append, now=lambda: self.time)


@pytest.fixture
def meter() -> Meter:
    return Meter()


def test_what_is_sent_is_counted_until_the_window_ends(meter: Meter):
    assert meter.budget == RateBudget(allowed=300, remaining=300, resets_at=None)
    meter.spend()
    meter.time += timedelta(seconds=10)
    meter.spend()
    assert meter.budget == RateBudget(allowed=300, remaining=298, resets_at=START + WINDOW)
    assert meter.changes[-1] == meter.budget
    meter.time = START + WINDOW
    assert meter.budget == RateBudget(allowed=300, remaining=300, resets_at=None)
    for _ in range(301):
        meter.spend()
    assert meter.budget.remaining == 0


@pytest.mark.parametrize(
    ("headers", "allowed", "remaining", "reset_s"),
    [
        (
            {
                "inin-ratelimit-count": "40",
                "inin-ratelimit-allowed": "300",
                "inin-ratelimit-reset": "30",
            },
            300,
            260,
            30,
        ),
        ({"inin-ratelimit-count": "310"}, 300, 0, 60),
        ({"inin-ratelimit-allowed": "100"}, 100, 100, 60),
        (
            {
                "x-ratelimit-limit": "100, 100;w=60",
                "x-ratelimit-remaining": "7",
                "x-ratelimit-reset": "12.5",
            },
            100,
            7,
            12.5,
        ),
        (
            {"x-ratelimit-remaining": "7", "x-ratelimit-reset": str(START.timestamp() + 5)},
            300,
            7,
            5,
        ),
        ({"x-ratelimit-remaining": "700"}, 700, 700, 60),
        ({"ratelimit-limit": "50", "ratelimit-remaining": "49", "ratelimit-reset": "1"}, 50, 49, 1),
        ({"x-ratelimit-reset": "20"}, 300, 299, 20),
    ],
)
def test_the_headers_in_all_forms(
    meter: Meter, headers: dict[str, str], allowed: int, remaining: int, reset_s: float
):
    meter.spend()
    meter.learn(200, headers)
    expected = RateBudget(
        allowed=allowed, remaining=remaining, resets_at=START + timedelta(seconds=reset_s)
    )
    assert meter.budget == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "many", "inin-ratelimit-count": "-3"},
        {"x-ratelimit-limit": "1.5"},
        {"inin-ratelimit-reset": "9" * 400},
    ],
)
def test_garbage_teaches_nothing(meter: Meter, headers: dict[str, str]):
    meter.learn(200, headers)
    assert meter.budget == RateBudget()
    assert meter.changes == []


def test_a_429_means_that_nothing_is_left_until_it_says(meter: Meter):
    meter.learn(429, {"retry-after": "9", "x-ratelimit-remaining": "5", "x-ratelimit-reset": "3"})
    assert meter.budget.remaining == 0
    assert meter.budget.resets_at == START + timedelta(seconds=9)
    meter.time += timedelta(seconds=9)
    assert meter.budget.remaining == 300
    meter.learn(429, {})
    assert meter.budget == RateBudget(allowed=300, remaining=0, resets_at=meter.time + WINDOW)
    meter.learn(429, {"retry-after": "9" * 400})
    assert meter.budget.remaining == 0


_NAMES = st.sampled_from(
    [
        "inin-ratelimit-count",
        "inin-ratelimit-allowed",
        "inin-ratelimit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
        "date",
    ]
)


@given(
    st.dictionaries(_NAMES, st.text(max_size=20) | st.integers().map(str)), st.integers(200, 599)
)
@settings(max_examples=100)
def test_any_headers_leave_a_budget_that_can_be_used(headers: dict[str, str], status: int):
    meter = Meter()
    meter.learn(status, headers)
    meter.spend()
    assert meter.budget.remaining >= 0
    assert meter.budget.allowed >= 0


def test_nobody_needs_to_listen():
    meter = BudgetMeter(now=lambda: START)
    meter.spend()
    assert meter.budget.remaining == 299
