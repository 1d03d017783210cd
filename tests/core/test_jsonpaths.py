"""Paths to places in JSON, and what paths lead to."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.errors import FilterError
from cxtop.core.jsonpaths import MOST, path_of, select

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
# The library takes no key with a control character other than the five that have short escapes.
KEYS = st.text(st.characters(min_codepoint=32) | st.sampled_from("\b\f\n\r\t'\"\\"), max_size=6)
PARTS = st.lists(KEYS | st.integers(0, 9), max_size=5)


@given(PARTS, st.integers())
def test_a_path_leads_to_its_place(parts: list[str | int], there: int) -> None:
    value: Any = there
    for part in reversed(parts):
        value = {part: value} if isinstance(part, str) else [*[None] * part, value]
    (place,) = select(value, path_of(parts)).found
    assert (place.parts, place.value) == (tuple(parts), there)
    assert place.path == path_of(parts)


@given(VALUES)
def test_the_root_is_any_value_as_it_is(value: Any) -> None:
    (place,) = select(value, "$").found
    assert (place.parts, place.value) == ((), value)


def test_paths_are_short_where_they_can_be() -> None:
    assert path_of(()) == "$"
    assert path_of(("items", 0, "odd key", "a.b", "x'y\\", "", "1st", "ok_2")) == (
        "$.items[0]['odd key']['a.b']['x\\'y\\\\']['']['1st'].ok_2"
    )
    assert path_of(("\x1b", "\n", "\ud800", "é")) == "$['\\u001b']['\\n']['\\ud800']['é']"


def test_expressions_of_the_standard_lead_to_places_in_order() -> None:
    value = {"orders": [{"id": 1, "code": "A"}, {"id": 2}, {"id": 3, "code": "A"}], "code": "B"}
    found = select(value, "$..code")
    assert [(p.path, p.value) for p in found.found] == [
        ("$.code", "B"),
        ("$.orders[0].code", "A"),
        ("$.orders[2].code", "A"),
    ]
    assert not found.cut
    assert [p.path for p in select(value, "$.orders[?@.code == 'A'].id").found] == [
        "$.orders[0].id",
        "$.orders[2].id",
    ]
    assert select(value, "$.nothing").found == ()
    assert select('{"a": 1}', "$.a").found == ()


def test_of_very_many_places_the_first_are_given() -> None:
    found = select(list(range(MOST + 5)), "$[*]")
    assert len(found.found) == MOST
    assert found.cut
    assert not select(list(range(MOST)), "$[*]").cut


@pytest.mark.parametrize(
    ("expression", "position"),
    [("", 0), ("items", 0), ("$.items[", 8), ("$..", 3), ("$.a | $.b", 4), ("$[?@.a = 1]", 7)],
)
def test_what_is_no_expression_is_told_with_its_place(expression: str, position: int) -> None:
    with pytest.raises(FilterError) as raised:
        select({}, expression)
    assert raised.value.position == position
    assert raised.value.what == "This is no JSONPath expression."
    assert f"At character {position + 1}: " in raised.value.why


@given(st.text(alphabet="$.[]'\"?@*: a1=&|!()~^#\\", max_size=20))
def test_anything_typed_is_an_expression_or_a_fault(expression: str) -> None:
    try:
        select({"a": [1, {"a": "a"}]}, expression)
    except FilterError as error:
        assert 0 <= error.position <= len(expression)  # noqa: PT017


def test_a_value_too_deep_is_told() -> None:
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(FilterError, match="too deeply"):
        select(deep, "$..a")
    assert select(deep, "$[0][0]").found[0].parts == (0, 0)


def test_an_expression_that_would_take_for_ever_ends() -> None:
    value = [[{"a": i} for i in range(400)] for _ in range(400)]
    began = time.process_time()
    with pytest.raises(FilterError, match="takes longer"):
        select(value, "$..[?count($..*) < 0]", patience_s=0.2)
    assert time.process_time() - began < 5
