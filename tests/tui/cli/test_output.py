"""JSON that every reader takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.text import safe
from cxtop.tui.cli.output import json_text, moment

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_any_value_is_strict_json_on_one_line_that_drives_no_terminal(value: Any) -> None:
    text = json_text(value)
    json.loads(text, parse_constant=refuse)
    assert "\n" not in text
    assert safe(text) == text


def test_nan_and_infinities_are_null() -> None:
    value = {"a": float("nan"), "b": [float("inf"), 1.5], "c": (float("-inf"),)}
    assert json_text(value) == '{"a": null, "b": [null, 1.5], "c": [null]}'


def test_letters_stay_and_controls_are_escaped() -> None:
    assert json_text("Björn") == '"Björn"'
    assert json_text("\x1b]52;\x9b\u202eö") == '"\\u001b]52;\\u009b\\u202e\\u00f6"'


def test_times_are_rfc_3339() -> None:
    at = datetime(2025, 4, 12, 8, 30, tzinfo=UTC)
    assert json_text({"at": at}) == '{"at": "2025-04-12T08:30:00Z"}'
    assert moment(None) is None


def test_with_an_indent_it_has_lines() -> None:
    assert json_text({"a": [1]}, indent=2) == '{\n  "a": [\n    1\n  ]\n}'
