"""Which items of two arrays belong together."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core import alignment
from cxtop.core.alignment import aligned, id_key


@pytest.mark.parametrize(
    ("first", "key"),
    [
        ({"id": 1}, "id"),
        ({"name": "x", "uuid": "y"}, "uuid"),
        ({"record_id": 1}, "record_id"),
        ({"customerId": "a"}, "customerId"),
        ({"id": None, "key": "k"}, "key"),
        ({"id": True}, None),
        ({"id": 1.5}, None),
        ({"other": 1}, None),
    ],
)
def test_an_id_is_what_all_items_can_be_told_apart_by(first: Any, key: str | None) -> None:
    assert id_key([first], [first]) == key


def test_an_id_that_occurs_twice_is_none() -> None:
    twice = [{"id": 1}, {"id": 1}]
    assert id_key(twice, [{"id": 1}]) is None
    assert id_key([{"id": 1}], [{"id": 1}, 2]) is None
    assert id_key([], twice) is None


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), max_size=12))
def test_what_is_equal_is_aligned_in_order(before: list[int], after: list[int]) -> None:
    pairs = aligned(before, after)
    assert pairs is not None
    assert all(before[old] == after[new] for old, new in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))


@given(st.lists(st.integers(0, 3), max_size=9), st.lists(st.integers(0, 3), max_size=9))
def test_between_anchors_the_longest_common_run_is_found(
    before: list[int], after: list[int]
) -> None:
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            best[i + 1][j + 1] = (
                best[i][j] + 1 if old == new else max(best[i][j + 1], best[i + 1][j])
            )
    found = alignment._longest(before, after, (0, 0), (len(before), len(after)))
    assert len(found) == best[-1][-1]
