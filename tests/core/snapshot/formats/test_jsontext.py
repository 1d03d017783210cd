"""JSON that every reader takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import Poll, RecordError, RunStatus
from cxtop.core.snapshot.formats.jsontext import encode, fields, pretty

from .support import NOW

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=32)
    | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


def strictly(data: bytes) -> Any:
    def refused(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(data.decode(), parse_constant=refused)


@given(anything)
@settings(max_examples=100, deadline=None)
def test_any_record_is_json_in_utf8(value: Any) -> None:
    error = RecordError(run_id="r", record_id="1", code="X", record=value)
    read = strictly(encode(error))
    assert read["run_id"] == "r"
    assert list(read) == list(fields(error))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("\ud800x", "\ufffdx"),
        ({"\udc00": 1}, {"\ufffd": 1}),
        (float("nan"), None),
        ([float("inf"), -float("inf")], [None, None]),
        (2**80, 2**80),
        (10**5000, "1" + "0" * 5000),
        (
            ("\ud800", NOW, RunStatus.FAILED, True, 1.5),
            ["\ufffd", "2026-03-04T14:32:07Z", "FAILED", True, 1.5],
        ),
        (["\ud800", float("nan")], ["\ufffd", None]),
    ],
    ids=["surrogate", "key", "nan", "infinities", "beyond 64 bits", "long", "all kinds", "both"],
)
def test_what_json_cannot_hold(value: Any, read: Any) -> None:
    assert strictly(encode(value)) == read


def test_nesting_beyond_reason_ends_in_words() -> None:
    value: Any = "the core"
    for _ in range(5000):
        value = [value]
    assert "[nested too deeply]" in encode({"value": value}).decode()


def test_models_within_models_that_need_care() -> None:
    poll = Poll(polled_at=NOW, status=RunStatus.RUNNING, progress=0.5)
    assert strictly(encode({"\ud800": poll}))["\ufffd"]["polled_at"] == "2026-03-04T14:32:07Z"


def test_pretty_keeps_every_digit_and_every_alphabet() -> None:
    text = pretty({"n": 9007199254740993, "name": "Žofie"})
    assert text == '{\n  "n": 9007199254740993,\n  "name": "Žofie"\n}'
