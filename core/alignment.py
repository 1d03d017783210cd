"""Which items of two arrays belong together."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

_ENTANGLED = 250_000  # pairs of items that are compared to align what stands between anchors
_IDS = ("id", "_id", "uuid", "guid", "key", "code", "name")
_ID_LIKE = re.compile(r".*(?:_id|Id|ID|-id)\Z")


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the items of two arrays belong together: pairs of indices, and who is left over."""

    pairs: list[tuple[int, int]]
    moved: list[tuple[int, int]]
    gone: list[int]
    added: list[int]


def in_order(before: Sequence[Any], after: Sequence[Any]) -> Pairing:
    """The first with the first, and so on; what the longer one has beyond is left over."""
    both = min(len(before), len(after))
    return Pairing(
        [(index, index) for index in range(both)],
        [],
        list(range(both, len(before))),
        list(range(both, len(after))),
    )


def id_key(before: list[Any], after: list[Any]) -> str | None:
    """The key by which all items of both arrays can be told apart."""
    items = [*before, *after]
    if not before or not after or not all(isinstance(item, dict) for item in items):
        return None
    first = items[0]
    names = [name for name in _IDS if name in first]
    names += [name for name in first if _ID_LIKE.match(name)]
    return next((name for name in names if _tells_apart(name, before, after)), None)


def _tells_apart(name: str, *arrays: list[Any]) -> bool:
    for items in arrays:
        values = [item.get(name) for item in items]
        if not all(type(value) in (str, int) for value in values):
            return False
        if len(set(values)) < len(values):
            return False
    return True


def by_id(before: list[Hashable], after: list[Hashable]) -> Pairing:
    """Items with one id are one item, wherever it went."""
    places = {value: index for index, value in enumerate(after)}
    both = [(old, places[value]) for old, value in enumerate(before) if value in places]
    staying = set(_rising(both))
    known = set(before)
    return Pairing(
        sorted(staying),
        [pair for pair in both if pair not in staying],
        [old for old, value in enumerate(before) if value not in places],
        [new for new, value in enumerate(after) if value not in known],
    )


def between(anchors: list[tuple[int, int]], before: list[Any], after: list[Any]) -> Pairing:
    """Equal items are anchors; what stands between two of them is compared in its order."""
    pairs: list[tuple[int, int]] = []
    gone: list[int] = []
    added: list[int] = []
    old, new = 0, 0
    for next_old, next_new in (*anchors, (len(before), len(after))):
        both = min(next_old - old, next_new - new)
        pairs += [(old + step, new + step) for step in range(both)]
        gone += range(old + both, next_old)
        added += range(new + both, next_new)
        if next_old < len(before) and next_new < len(after):
            pairs.append((next_old, next_new))
        old, new = next_old + 1, next_new + 1
    return Pairing(pairs, [], gone, added)


def aligned(before: list[int], after: list[int]) -> list[tuple[int, int]] | None:
    """Pairs of equal items in rising order, as many as can be had; `None` if that is too dear.

    What is equal at both ends is taken as it is, then what occurs once on either side; only what
    stands between those is searched for the longest common subsequence.
    """
    start, stop = 0, min(len(before), len(after))
    while start < stop and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < stop - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    made = [(index, index) for index in range(start)]
    ends = (len(before) - tail, len(after) - tail)
    at = (start, start)
    budget = _ENTANGLED
    for anchor in (*_unique(before, after, at, ends), ends):
        budget -= (anchor[0] - at[0]) * (anchor[1] - at[1])
        if budget < 0:
            return None
        made += _longest(before, after, at, anchor)
        if anchor != ends:
            made.append(anchor)
        at = (anchor[0] + 1, anchor[1] + 1)
    made += [(len(before) - tail + step, len(after) - tail + step) for step in range(tail)]
    return made


def _unique(
    before: list[int], after: list[int], start: tuple[int, int], stop: tuple[int, int]
) -> list[tuple[int, int]]:
    """Pairs of items that occur once on either side, as many as rise on both."""
    olds, news = before[start[0] : stop[0]], after[start[1] : stop[1]]
    here, there = Counter(olds), Counter(news)
    places = {value: start[1] + index for index, value in enumerate(news) if there[value] == 1}
    return _rising(
        [
            (start[0] + index, places[value])
            for index, value in enumerate(olds)
            if here[value] == 1 and value in places
        ]
    )


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs, sorted by their first, whose second rises too."""
    lasts: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, new) in enumerate(pairs):
        place = bisect_left(lasts, new)
        before.append(ends[place - 1] if place else -1)
        if place == len(lasts):
            lasts.append(new)
            ends.append(index)
        else:
            lasts[place], ends[place] = new, index
    made: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        made.append(pairs[at])
        at = before[at]
    return made[::-1]


def _longest(
    before: list[int], after: list[int], start: tuple[int, int], stop: tuple[int, int]
) -> list[tuple[int, int]]:
    """The longest common subsequence between two anchors."""
    olds, news = before[start[0] : stop[0]], after[start[1] : stop[1]]
    if not olds or not news:
        return []
    rows = [[0] * (len(news) + 1)]
    for old in reversed(olds):
        below = rows[-1]
        row = [0] * (len(news) + 1)
        for place in range(len(news) - 1, -1, -1):
            row[place] = (
                below[place + 1] + 1 if old == news[place] else max(below[place], row[place + 1])
            )
        rows.append(row)
    rows.reverse()
    made: list[tuple[int, int]] = []
    old, new = 0, 0
    while old < len(olds) and new < len(news):
        if olds[old] == news[new]:
            made.append((start[0] + old, start[1] + new))
            old, new = old + 1, new + 1
        elif rows[old + 1][new] >= rows[old][new + 1]:
            old += 1
        else:
            new += 1
    return made
