"""Figures of actions in the index of exchanges: equal to what counting one by one gives."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from cxtop.core.models import Outcome
from cxtop.core.store import Store, figures
from cxtop.core.store.exchanges import ExchangeIndex
from cxtop.core.store.figures import Figures
from cxtop.core.store.filter.tree import millis

from .exchangesupport import START, Shelf, make_exchange


@pytest.fixture
async def shelf(store: Store) -> Shelf:
    return Shelf(ExchangeIndex(store))


async def figures_of(store: Store, action: str, low_s: float = -1e6, high_s: float = 1e6):
    low, high = (millis(START + timedelta(seconds=each)) for each in (low_s, high_s))
    return await store.readers.read(lambda c: figures.figures(c, action, low, high))


async def test_an_empty_index_has_no_figures(store):
    assert await figures_of(store, "action-1") == Figures()
    assert await store.readers.read(lambda c: figures.actions(c, 10)) == []


async def test_figures_are_those_of_counting_one_by_one(store, shelf):
    exchanges = [make_exchange(number) for number in range(6_000)]
    for start in range(0, 6_000, 2_000):
        await shelf.add(exchanges[start : start + 2_000])
    for low_s, high_s in ((-1, 100), (1.5, 4.25), (5.9, 6), (2, 2)):
        found = await figures_of(store, "action-1", low_s, high_s)
        begins, ends = (START + timedelta(seconds=each) for each in (low_s, high_s))
        meant = [one for one in exchanges if one.action == "action-1" and begins <= one.at < ends]
        counted = {(group.outcome, group.code, group.status): group.count for group in found.groups}
        assert counted == Counter((one.outcome.value, one.code, one.status) for one in meant)
        took = sorted(one.duration_ms or 0 for one in meant)
        total = sum(group.took_us for group in found.groups)
        assert total == pytest.approx(sum(took) * 1000)
        expected = took[-(-len(took) * 95 // 100) - 1] * 1000 if took else None
        assert found.p95_us == expected


async def test_the_end_is_not_part_of_the_time(store, shelf):
    await shelf.add([make_exchange(number * 1000, action="a") for number in range(4)])
    found = await figures_of(store, "a", 1, 3)
    assert sum(group.count for group in found.groups) == 2


async def test_durations_that_nobody_measured_are_left_out(store, shelf):
    await shelf.add(
        [
            make_exchange(1, action="a", duration_ms=None),
            make_exchange(2, action="a", duration_ms=10.0),
            make_exchange(3, action="b", duration_ms=None),
        ]
    )
    (group,) = (await figures_of(store, "a")).groups
    assert (group.count, group.timed, group.took_us) == (2, 1, 10_000)
    found = await figures_of(store, "b")
    assert (found.p95_us, found.groups[0].took_us) == (None, 0)


async def test_scattered_times_are_found(store, shelf):
    """Imported logs lie in no order, so that what is meant lies in many stretches of rows."""
    exchanges = [
        make_exchange(
            number,
            at=START + timedelta(hours=24 * ((number >> 11) % 2), milliseconds=number),
            action="a",
            outcome=Outcome.OK,
        )
        for number in range(1024 * 12)
    ]
    await shelf.add(exchanges)
    for ranges in (figures.MOST_RANGES, 2):
        low, high = millis(START), millis(START + timedelta(hours=1))
        found = await store.readers.read(
            partial(figures.figures, action="a", low_ms=low, high_ms=high, most_ranges=ranges)
        )
        meant = [one for one in exchanges if one.at < START + timedelta(hours=1)]
        assert sum(group.count for group in found.groups) == len(meant) > 4_000


async def test_actions_are_told_by_how_many_exchanges_they_have(store, shelf):
    names = ["b"] * 3 + ["a"] * 5 + [""] * 9 + ["c"]
    await shelf.add([make_exchange(n, action=name) for n, name in enumerate(names)])
    assert await store.readers.read(lambda c: figures.actions(c, 2)) == ["a", "b"]
    assert await store.readers.read(lambda c: figures.actions(c, 9)) == ["a", "b", "c"]


async def test_an_action_that_no_file_can_hold_is_none(store, shelf):
    await shelf.add([make_exchange(1, action="a")])
    assert await figures_of(store, "a\ud800") == Figures()
