import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.platforms.reading import (
    MAX_COUNT,
    MAX_DEPTH,
    Fields,
    as_count,
    as_moment,
    as_number,
    as_text,
    content_ids,
    json_text,
    tame,
)

WILD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=8), inner)
    ),
    max_leaves=12,
)


@given(WILD)
def test_tame_values_can_be_written_as_strict_json_in_utf8(value):
    text = json.dumps(tame(value), allow_nan=False, ensure_ascii=False)
    assert text.encode("utf-8")


@given(WILD)
def test_taming_twice_changes_nothing_more(value):
    once = tame(value)
    assert tame(once) == once


def test_tame_keeps_ordinary_json_as_it_is():
    value = {"a": [1, -2.5, "ü", None, True, {"b": {}}]}
    assert tame(value) == value


def test_tame_keeps_what_cannot_be_held_as_text():
    assert tame("a\ud800b") == "a\\ud800b"
    assert tame(2**64) == str(2**64)
    assert tame(10**5000).startswith("0x")
    assert tame(math.inf) == "inf"


def test_tame_turns_deep_nesting_into_its_text():
    deep: object = {"bottom": 1}
    for level in range(MAX_DEPTH + 5):
        deep = [deep] if level % 2 else {"in": deep}
    tamed = tame(deep)
    depth = 0
    while isinstance(tamed, dict | list):
        tamed = next(iter(tamed.values())) if isinstance(tamed, dict) else tamed[0]
        depth += 1
    assert depth == MAX_DEPTH
    assert '{"bottom":1}' in str(tamed)


def test_json_text_says_what_it_cannot_write():
    endless: list[object] = []
    endless.append(endless)
    assert json_text(endless) == "[a list that cannot be written]"


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (" 12 ", 12),
        (MAX_COUNT, MAX_COUNT),
        (MAX_COUNT + 1, None),
        (-1, None),
        (7.5, None),
        (True, None),
        ("12.5", None),
        ("many", None),
        ([1], None),
        (None, None),
        (math.nan, None),
    ],
)
def test_as_count(value, count):
    assert as_count(value) == count


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5),
        ("0.5", 0.5),
        (10**400, None),
        ("nan", None),
        ("half", None),
        (True, None),
        ({}, None),
        (None, None),
    ],
)
def test_as_number(value, number):
    assert as_number(value) == number


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-05-06T07:08:09Z", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06t07:08:09z", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08:09.123456789Z", at(2024, 5, 6, 7, 8, 9, 123456)),
        ("2024-05-06T07:08:09,5+02:00", at(2024, 5, 6, 5, 8, 9, 500000)),
        ("2024-05-06 07:08:09 -0330", at(2024, 5, 6, 10, 38, 9)),
        ("2024-05-06T07:08:09", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08", at(2024, 5, 6, 7, 8)),
        ("2024-05-06", at(2024, 5, 6)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1)),
        (1715000000, at(2024, 5, 6, 12, 53, 20)),
        (1715000000.25, at(2024, 5, 6, 12, 53, 20, 250000)),
        ("1715000000", at(2024, 5, 6, 12, 53, 20)),
        (1715000000000, at(2024, 5, 6, 12, 53, 20)),
        (1715000000000000, at(2024, 5, 6, 12, 53, 20)),
        (1715000000000000000, at(2024, 5, 6, 12, 53, 20)),
        ("2024-13-06T07:08:09Z", None),
        ("2024-05-06T07:08:61Z", None),
        ("2024-05-06T07:08:09+99:99", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("9999-12-31T23:59:60Z", None),
        ("٢٠٢٤-05-06T07:08:09Z", None),
        ("yesterday", None),
        ("", None),
        (0, None),
        (-5, None),
        (True, None),
        (math.inf, None),
        (10**400, None),
        ([], None),
        (None, None),
    ],
)
def test_as_moment(value, moment):
    assert as_moment(value) == moment


@given(st.text() | st.floats() | st.integers())
def test_as_moment_gives_an_aware_time_or_none(value):
    moment = as_moment(value)
    assert moment is None or moment.tzinfo is UTC


@given(st.datetimes(timezones=st.timezones()))
def test_as_moment_reads_what_python_writes(moment):
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    if moment.utcoffset() and moment.utcoffset().seconds % 60:
        return  # local mean time has seconds in its offset, which RFC 3339 cannot say
    assert as_moment(moment.isoformat()) == expected


def test_fields_leave_what_was_not_read():
    fields = Fields({"n": 3, "bad": "x", "null": None, "name": 5, "word": 7, "when": "soon"})
    assert fields.count("n") == 3
    assert fields.count("bad") is None
    assert fields.count("null") is None
    assert fields.text("name") is None
    assert fields.word("word") == "7"
    assert fields.moment("when") is None
    assert fields.take("nothing") is None
    assert fields.rest == {"bad": "x", "name": 5, "when": "soon"}


def test_as_text():
    assert as_text("x") == "x"
    assert as_text(None) == ""
    assert as_text({"b": 1, "a": [True]}) == '{"a":[true],"b":1}'


def test_content_ids_follow_content_and_count_the_equal_ones():
    first = content_ids([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}])
    again = content_ids([{"a": 2}, {"a": 1, "b": 2}])
    assert len(set(first)) == 3
    assert first[0].endswith("-1")
    assert first[1] == first[0].replace("-1", "-2")
    assert again == [first[2], first[0]]
