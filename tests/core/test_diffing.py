"""What is different between two JSON values."""

import copy
import random
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core import diffing
from cxtop.core.diffing import Change, Kind, apply, compare, diff, type_of
from cxtop.core.jsonpaths import select

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, width=16)
    | st.sampled_from(["", "a", "b"])
)
KEYS = st.sampled_from(["a", "b", "id", "x y"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.lists(
            st.builds(lambda key, value: {"id": key, "v": value}, st.integers(0, 6), inner),
            max_size=5,
            unique_by=lambda item: item["id"],
        )
    ),
    max_leaves=15,
)


def alike(before: Any, after: Any) -> bool:
    """Equality as JSON has it: `true` is not 1, and keys have no order."""
    if type_of(before) != type_of(after):
        return False
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(alike(before[k], after[k]) for k in before)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(alike, before, after))
    return before == after


def told(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    return [(c.place, c.kind.value, c.before, c.after) for c in diff(before, after)]


@settings(max_examples=400)
@given(VALUES, VALUES)
def test_applied_to_the_one_the_difference_gives_the_other(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    changes = diff(before, after)
    assert alike(apply(changes, before), after)
    assert alike(before, kept)
    assert (changes == []) == alike(before, after)


@given(VALUES)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert diff(value, copy.deepcopy(value)) == []


@given(VALUES, VALUES)
def test_by_position_gives_the_other_too(before: Any, after: Any) -> None:
    changes = diffing._Comparing(before, after, None, align=False).run()
    assert changes.by_position
    assert alike(apply(changes.changes, before), after)


@given(VALUES, VALUES)
def test_the_path_of_a_change_leads_to_what_came_of_it(before: Any, after: Any) -> None:
    for change in diff(before, after):
        if change.kind in (Kind.ADDED, Kind.CHANGED, Kind.TYPE_CHANGED):
            assert alike(select(after, change.place).found[0].value, change.after)


def test_keys_are_compared_in_any_order() -> None:
    assert diff({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}) == []


def test_each_kind_of_change_is_told() -> None:
    before = {"same": 1, "gone": 2, "changed": "x", "typed": "1", "deep": {"odd key": [1, None]}}
    after = {"same": 1.0, "changed": "y", "typed": 1, "deep": {"odd key": [1, False]}, "new": []}
    assert told(before, after) == [
        ("$.gone", "gone", 2, None),
        ("$.changed", "changed", "x", "y"),
        ("$.typed", "type changed", "1", 1),
        ("$.deep['odd key'][1]", "type changed", None, False),
        ("$.new", "added", None, []),
    ]
    assert told(True, 1) == [("$", "type changed", True, 1)]
    assert told(1, 2) == [("$", "changed", 1, 2)]
    assert told([], {}) == [("$", "type changed", [], {})]


def test_what_is_no_number_equals_itself() -> None:
    nan = float("nan")
    assert diff({"a": [nan, nan]}, {"a": [nan, float("nan")]}) == []
    assert [c.kind for c in diff({"a": nan}, {"a": 1.0})] == [Kind.CHANGED]


def test_items_that_come_and_go_do_not_shift_the_others() -> None:
    assert told([1, 2, 3, 4], [1, 3, 4, 5]) == [
        ("$[1]", "gone", 2, None),
        ("$[3]", "added", None, 5),
    ]
    assert told(["a", "b", "a", "c"], ["b", "a", "x", "c"]) == [
        ("$[0]", "gone", "a", None),
        ("$[2]", "added", None, "x"),
    ]
    assert told([[1], [2], [3]], [[1], [2, 9], [3]]) == [("$[1][1]", "added", None, 9)]


def test_items_with_an_id_are_followed() -> None:
    before = [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"}]
    after = [{"id": 3, "v": "c"}, {"id": 1, "v": "a"}, {"id": 2, "v": "B"}, {"id": 4, "v": "d"}]
    assert told(before, after) == [
        ("$[0]", "moved", 2, 0),
        ("$[2].v", "changed", "b", "B"),
        ("$[3]", "added", None, {"id": 4, "v": "d"}),
    ]
    assert told(before, before[1:]) == [("$[0]", "gone", before[0], None)]


def test_large_values_take_their_time_but_not_for_ever() -> None:
    rng = random.Random(7)
    before = [{"n": rng.random(), "tags": ["a", "b"]} for _ in range(50_000)]
    after = [item for index, item in enumerate(before) if index % 100]
    began = time.process_time()
    made = compare(before, after)
    assert time.process_time() - began < 10
    assert {change.kind for change in made.changes} == {Kind.GONE}
    assert len(made.changes) == 500
    assert not made.by_position


def test_arrays_too_entangled_to_align_are_compared_by_position() -> None:
    rng = random.Random(3)
    before = [rng.randrange(5) for _ in range(3000)]
    after = [rng.randrange(5) for _ in range(3000)]
    made = compare(before, after)
    assert made.by_position
    assert apply(made.changes, before) == after


def test_very_large_values_are_compared_by_position() -> None:
    before = [0] * (diffing.LARGEST // 2 + 1)
    after = [*before[:-1], 1]
    made = compare(before, after)
    assert made.by_position
    assert made.changes == [Change((len(before) - 1,), Kind.CHANGED, 0, 1)]


def test_of_many_changes_the_first_are_given() -> None:
    made = compare(list(range(100)), [-n for n in range(100)], limit=10)
    assert (len(made.changes), made.cut) == (10, True)
    assert not compare([1], [2], limit=1).cut


def test_deep_values_are_no_trouble() -> None:
    def deep(end: Any) -> Any:
        value = end
        for _ in range(5_000):
            value = {"a": [value]}
        return value

    before = deep(1)
    (change,) = diff(before, deep(2))
    assert (len(change.path), change.before, change.after) == (10_000, 1, 2)
    assert diff(apply([change], before), deep(2)) == []
