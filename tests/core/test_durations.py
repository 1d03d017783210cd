from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.durations import LONGEST, duration, iso, spoken
from cxtop.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT24H", timedelta(hours=24)),
        (" pt15m ", timedelta(minutes=15)),
        ("P7D", timedelta(days=7)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT1.5H", timedelta(minutes=90)),
        ("PT90,5S", timedelta(seconds=90.5)),
        ("P366D", LONGEST),
    ],
)
def test_durations_are_read(text, length):
    assert duration(text) == length


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It is empty."),
        ("24h", "It does not begin with P."),
        ("P24H", "Hours, minutes and seconds stand after a T."),
        ("-PT1H", "It has no sign: it always reaches back from now."),
        ("PT1H/2026-01-01", "without a beginning or an end"),
        ("P1M", "Months and years are not all of the same length."),
        ("P1Y2M", "Months and years are not all of the same length."),
        ("P", "Its parts are numbers"),
        ("PT", "Its parts are numbers"),
        ("P1DT", "Its parts are numbers"),
        ("PT3M1H", "Its parts are numbers"),
        ("PT1.5H3M", "Only its smallest unit may have a fraction."),
        ("PT0S", "It is shorter than a second."),
        ("P367D", "It is longer than a year."),
        ("P999999999W", "It is longer than a year."),
    ],
)
def test_what_is_none_is_named(text, why):
    with pytest.raises(InputError) as refused:
        duration(text)
    assert why in refused.value.why
    assert "is no duration." in refused.value.what
    assert "P" in refused.value.fix


def test_a_long_text_is_not_quoted_whole():
    with pytest.raises(InputError) as refused:
        duration("x" * 1000)
    assert len(refused.value.what) < 80


@settings(max_examples=60)
@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused(text):
    try:
        length = duration(text)
    except InputError:
        return
    assert timedelta(seconds=1) <= length <= LONGEST


@settings(max_examples=60)
@given(st.integers(1, 366 * 86_400))
def test_what_is_written_is_read_back(seconds):
    assert duration(iso(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PT24H", "24 h"),
        ("P7D", "7 d"),
        ("PT120S", "2 m"),
        ("PT3661S", "1 h 1 m 1 s"),
        ("P1DT2H", "1 d 2 h"),
        ("PT0S", "0 s"),
        ("odd", "odd"),
        ("P", "P"),
    ],
)
def test_they_are_said_as_people_say_them(text, said):
    assert spoken(text) == said


def test_nothing_is_written_too():
    assert iso(timedelta()) == "PT0S"
