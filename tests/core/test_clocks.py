"""Times that a server names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.clocks import moment_in, rate_limit_headers, reset_in, retry_after_s, seconds_in

NOW = datetime(2030, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("9" * 400, float("inf")),
    ]
    + [(garbage, None) for garbage in ("", "-1", "+1", "1e3", "nan", "inf", "0x1", "١", "1,5")],
)
def test_seconds(text: str, seconds: float | None):
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_the_three_forms_of_a_date(text: str):
    assert moment_in(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["string", "", "Sun, 99 Nov 1994 08:49:37 GMT", "6 Nov", "1 2 3 4 5"]
)
def test_what_is_no_date(text: str):
    assert moment_in(text) is None


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_header_is_a_wait_or_nothing(text: str):
    wait = retry_after_s({"retry-after": text}, NOW)
    assert wait is None or wait >= 0
    delta = reset_in(text, {"date": text}, NOW)
    assert delta is None or delta >= timedelta(0)


def test_a_date_counts_from_the_servers_own_clock():
    there = NOW + timedelta(hours=2)
    headers = {"retry-after": format_datetime(there + timedelta(seconds=7), usegmt=True)}
    assert retry_after_s(headers, NOW) == 7207.0
    assert retry_after_s(headers | {"date": format_datetime(there, usegmt=True)}, NOW) == 7.0
    assert retry_after_s(headers | {"date": "garbage"}, NOW) == 7207.0
    past = {"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}
    assert retry_after_s(past, NOW) == 0.0
    assert retry_after_s({}, NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        (str(NOW.timestamp() + 20), 20),
        (str(int(NOW.timestamp() * 1000) + 20_000), 20),
        (str(NOW.timestamp() - 20), 0),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9),
        ("9" * 30, None),
        ("9" * 400, None),
        ("soon", None),
    ],
)
def test_a_reset_is_a_span_or_a_moment(text: str, seconds: float | None):
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert reset_in(text, {}, NOW) == expected


def test_a_reset_counts_from_the_servers_own_clock():
    there = NOW + timedelta(hours=2)
    headers = {"date": format_datetime(there, usegmt=True)}
    assert reset_in(str(there.timestamp() + 15), headers, NOW) == timedelta(seconds=15)


def test_the_headers_that_are_kept_with_an_attempt():
    headers = {"x-ratelimit-limit": "1", "retry-after": "2", "x": "3", "rate-limit": "4"}
    assert rate_limit_headers(headers) == {
        "x-ratelimit-limit": "1",
        "retry-after": "2",
        "rate-limit": "4",
    }
    many = {f"x-ratelimit-{number}": "9" * 10_000 for number in range(100)}
    kept = rate_limit_headers(many)
    assert len(kept) == 16
    assert max(map(len, kept.values())) == 200
