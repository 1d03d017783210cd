"""JSON written for the eye."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui.views.jsontext import indented, paint, pretty, scalar, written

from .making import told

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_what_the_standard_library_writes(value: Any) -> None:
    assert pretty(value) == (json.dumps(value, indent=2, ensure_ascii=False), False)
    assert written(value) == (json.dumps(value, ensure_ascii=False), False)


@given(VALUES)
def test_text_of_json_keeps_its_meaning_and_its_shape(value: Any) -> None:
    shaped = indented(json.dumps(value, ensure_ascii=False))
    assert json.loads(shaped) == value
    if isinstance(value, dict | list):
        assert shaped == pretty(value)[0]


@given(st.text(alphabet='{}[],:"\\ an\n1', max_size=60))
def test_broken_json_loses_nothing_but_white_space(text: str) -> None:
    assert "".join(indented(text).split()) == "".join(text.split())


def test_words_that_stand_apart_stay_apart() -> None:
    assert indented('{"a": tru e} {"b":1}\n[]') == '{\n  "a": tru e\n}\n{\n  "b": 1\n}\n[]'
    assert indented("1 2 three") == "1\n2\nthree"


def test_what_is_written_stands_as_it_was() -> None:
    assert indented('{"a":1.10,"a":1e400,"b":"\\u00e9"}') == (
        '{\n  "a": 1.10,\n  "a": 1e400,\n  "b": "\\u00e9"\n}'
    )


@pytest.mark.parametrize("depth", [3000])
def test_deep_values_are_no_trouble(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = {"a": [deep]}
    text, cut = pretty(deep)
    assert (text.count("["), cut) == (depth, False)
    assert indented("[" * depth).count("[") == depth


def test_the_head_of_a_large_value_is_had_at_once() -> None:
    value = [{"id": i, "text": "x" * 50} for i in range(200_000)]
    began = time.process_time()
    text, cut = pretty(value, 10_000)
    assert time.process_time() - began < 0.5
    assert (len(text), cut) == (10_000, True)
    assert pretty("x" * 50_000, 1000) == ('"' + "x" * 999, True)
    assert written([1, 2], 6) == ("[1, 2]", False)
    assert written([1, 2], 5) == ("[1, 2", True)


def test_numbers_beyond_reason_are_written() -> None:
    assert scalar(10**6000).startswith("0x")
    assert (scalar(True), scalar(None), scalar(1.5)) == ("true", "null", "1.5")


def test_keys_and_punctuation_have_their_tones() -> None:
    assert paint('  "a\\"b": "c: {", ', True) == (
        ("  ", ""),
        ('"a\\"b"', "busy"),
        (": ", "head"),
        ('"c: {"', ""),
        (", ", "head"),
    )
    assert paint("null,", True) == (("null", "dim"), (",", "head"))
    assert paint("true", True) == (("true", ""),)
    assert paint('rest of a string", 1', False) == (('rest of a string", 1', ""),)


@given(st.text(max_size=60), st.booleans())
def test_paint_changes_no_character(text: str, begins: bool) -> None:
    assert told(paint(text, begins)) == text
