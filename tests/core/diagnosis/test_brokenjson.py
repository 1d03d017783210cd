import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cxtop.core.diagnosis.content import read_text

from .support import JSON


def fault_of(text):
    fault = read_text(text).fault
    assert fault is not None, text
    return fault


@pytest.mark.parametrize(
    ("text", "middle"),
    [
        ('{"a": "xyz', "a string at line 1, column 11, which begins at line 1, column 7"),
        ('{"a": "x\\', "a string at line 1, column 10"),
        ('{"a": "x\\u12', "an escape in a string at line 1, column 13"),
        ('{\n "a": tr', "a number or word at line 2, column 9"),
        ('{"a": 1.', "a number or word at line 1, column 9"),
        ('{"a": -', "a number or word at line 1, column 8"),
        ("[1e+", "a number or word at line 1, column 5"),
        ('{"a": 1', "an object or array at line 1, column 8"),
        ('{"a":', "an object or array at line 1, column 6"),
        ('{"a"', "an object or array at line 1, column 5"),
        ('{"a": 1,\n', "an object or array at line 1, column 9"),
        ("{", "an object or array at line 1, column 2"),
    ],
)
def test_what_was_cut_off_is_recognised(text, middle):
    fault = fault_of(text)
    assert fault.cut
    assert f"truncated JSON: it ends in the middle of {middle}" in fault.what
    assert "broke off" in fault.hint


@pytest.mark.parametrize(
    ("text", "place", "what", "hint"),
    [
        ("{'a': 1}", "line 1, column 2", "“'a': 1}” where a name in double quotes", "Python"),
        ('{"a": True}', "line 1, column 7", "“True}” where a value should", "Python"),
        ('{"a": 1,}', "line 1, column 9", "“}” where a name in double", "after the last item"),
        ("[1,]", "line 1, column 4", "“]” where a value should", "after the last item"),
        ('{"a": ${x}}', "line 1, column 7", "“${x}}” where a value", "variable was not filled in"),
        ('{"a": 1 // one\n}', "line 1, column 9", "“// one” where a comma", "no comments"),
        ('{"a" 1}', "line 1, column 6", "“1}” where a colon should", "encoder"),
        ('{"a": "x\ny"}', "line 1, column 9", "the end of a line where a control", "encoder"),
        ('["\\x"]', "line 1, column 3", "where an escape that JSON knows", "encoder"),
        ('["\\u12x4"]', "line 1, column 4", "hexadecimal digits", "encoder"),
        ('{"a":1}\n{"b":2}', "line 2, column 1", "should have ended", "JSON Lines"),
        ('{"a":1}; DEBUG', "line 1, column 8", "“; DEBUG” where the JSON", "appended"),
        ('{"a": NaN}', "line 1, column 7", "stands NaN, and JSON", "allow_nan"),
        ('{"NaN": "NaN\\" NaN",\n"b": -Infinity}', "line 2, column 6", "-Infinity", "null"),
    ],
)
def test_what_is_broken_is_said_with_its_place(text, place, what, hint):
    fault = fault_of(text)
    assert not fault.cut
    assert fault.place == place
    assert what in fault.what
    assert hint in fault.hint


def test_what_stands_there_is_one_character_where_more_would_tell_a_secret():
    assert "stands “h” where" in fault_of('{"password": hunter2hunter2}').what
    assert "stands “hunter2hunter2}” where" in fault_of('{"colour": hunter2hunter2}').what


@settings(max_examples=150, deadline=None)
@given(value=st.dictionaries(st.text(max_size=5), JSON, min_size=1), data=st.data())
def test_every_cut_of_json_is_recognised_as_one(value, data):
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=data.draw(st.booleans()))
    except ValueError:
        assume(False)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    assert fault_of(cut).cut
