"""What is different between two JSON values, place by place.

Keys are compared whatever their order. Items of arrays are told apart by an id where all of them
have one (`id`, `key`, `name`, …); else what is equal is aligned, and what stands between is
compared in its order. Numbers are equal when their values are; `true` is not 1.

Beyond `LARGEST` values in both together, or where the equal items are too entangled to align,
items are compared by their position alone (`Comparison.by_position`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .alignment import Pairing, aligned, between, by_id, id_key, in_order
from .jsonpaths import Part, path_of

LARGEST = 1_000_000
"""How many values both sides may hold together for their arrays to be aligned."""


class Kind(StrEnum):
    """What became of a place."""

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"
    TYPE_CHANGED = "type changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `path` leads to it in the value after, except that the last index of what is gone counts in
    the array before. `before` and `after` are the values; for an item that only moved, its
    indices.
    """

    path: tuple[Part, ...]
    kind: Kind
    before: Any = None
    after: Any = None

    @property
    def place(self) -> str:
        """The path as a JSONPath expression."""
        return path_of(self.path)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes in document order. `cut` says that there are more of them."""

    changes: list[Change]
    by_position: bool = False
    cut: bool = False


def diff(before: Any, after: Any) -> list[Change]:
    """Every change from one JSON value to the other, in document order."""
    return compare(before, after).changes


def compare(before: Any, after: Any, *, limit: int | None = None) -> Comparison:
    """The changes from one JSON value to the other, at most `limit`. Pure; may take its time."""
    return _Comparing(before, after, limit).run()


class _Comparing:
    def __init__(self, before: Any, after: Any, limit: int | None, *, align: bool = True) -> None:
        self._values = (before, after)
        self._limit = limit
        self._changes: list[Change] = []
        self._equals = _Equals.of(before, after) if align else None
        self._by_position = self._equals is None

    def run(self) -> Comparison:
        waiting: list[tuple[tuple[Part, ...], Any, Any] | Change] = [((), *self._values)]
        while waiting:
            if self._limit is not None and len(self._changes) > self._limit:
                return Comparison(self._changes[: self._limit], self._by_position, cut=True)
            item = waiting.pop()
            if isinstance(item, Change):
                self._changes.append(item)
                continue
            path, before, after = item
            if self._equals is not None and self._equals(before, after):
                continue
            if isinstance(before, dict) and isinstance(after, dict):
                waiting.extend(reversed(list(self._objects(path, before, after))))
            elif isinstance(before, list) and isinstance(after, list):
                waiting.extend(reversed(list(self._arrays(path, before, after))))
            elif type_of(before) != type_of(after):
                self._changes.append(Change(path, Kind.TYPE_CHANGED, before, after))
            elif not _same(before, after):
                self._changes.append(Change(path, Kind.CHANGED, before, after))
        return Comparison(self._changes, self._by_position)

    def _objects(
        self, path: tuple[Part, ...], before: dict[str, Any], after: dict[str, Any]
    ) -> Iterable[tuple[tuple[Part, ...], Any, Any] | Change]:
        for key, value in before.items():
            if key in after:
                yield (*path, key), value, after[key]
            else:
                yield Change((*path, key), Kind.GONE, value, None)
        for key, value in after.items():
            if key not in before:
                yield Change((*path, key), Kind.ADDED, None, value)

    def _arrays(
        self, path: tuple[Part, ...], before: list[Any], after: list[Any]
    ) -> Iterable[tuple[tuple[Part, ...], Any, Any] | Change]:
        paired = self._paired(before, after)
        told: list[tuple[int, int, tuple[tuple[Part, ...], Any, Any] | Change]] = []
        for old in paired.gone:
            told.append((old, 0, Change((*path, old), Kind.GONE, before[old], None)))
        for new in paired.added:
            told.append((new, 1, Change((*path, new), Kind.ADDED, None, after[new])))
        for old, new in paired.moved:
            told.append((new, 2, Change((*path, new), Kind.MOVED, old, new)))
        for old, new in (*paired.pairs, *paired.moved):
            told.append((new, 3, ((*path, new), before[old], after[new])))
        told.sort(key=lambda each: each[:2])
        return (each for _, _, each in told)

    def _paired(self, before: list[Any], after: list[Any]) -> Pairing:
        if self._equals is None:
            return in_order(before, after)
        if (key := id_key(before, after)) is not None:
            return by_id([item[key] for item in before], [item[key] for item in after])
        numbers = [self._equals.number(item) for item in before]
        others = [self._equals.number(item) for item in after]
        anchors = aligned(numbers, others)
        if anchors is None:
            self._by_position = True
            return in_order(before, after)
        return between(anchors, before, after)


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _same(before: Any, after: Any) -> bool:
    """Whether two scalars of one type are equal; what is no number equals itself here."""
    return before == after or (before != before and after != after)


class _Equals:
    """Gives equal values equal numbers, so that whole subtrees are compared at once."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._containers: dict[int, int] = {}

    @classmethod
    def of(cls, *values: Any) -> _Equals | None:
        """For all that these values hold; `None` when that is more than `LARGEST`."""
        made = cls()
        left = LARGEST
        for value in values:
            left -= made._take(value, left)
            if left < 0:
                return None
        return made

    def __call__(self, before: Any, after: Any) -> bool:
        return self.number(before) == self.number(after)

    def number(self, value: Any) -> int:
        """The number that all values have which are equal to this one."""
        if isinstance(value, dict | list):
            return self._containers[id(value)]
        return self._numbered((type_of(value), value if value == value else "not a number"))

    def _take(self, value: Any, limit: int) -> int:
        """Number every container in `value`, inner ones first; gives how many values it holds."""
        seen: list[Any] = []
        waiting, count = [value], 0
        while waiting:
            item = waiting.pop()
            count += 1
            if count > limit:
                return count
            if isinstance(item, dict):
                seen.append(item)
                waiting.extend(item.values())
            elif isinstance(item, list):
                seen.append(item)
                waiting.extend(item)
        for item in reversed(seen):
            if isinstance(item, dict):
                # Numbers of keys and values: the pairs in any order are the object.
                shape: Hashable = frozenset(
                    (key, self.number(inner)) for key, inner in item.items()
                )
            else:
                shape = tuple(map(self.number, item))
            self._containers[id(item)] = self._numbered((type_of(item), shape))
        return count

    def _numbered(self, shape: Hashable) -> int:
        return self._numbers.setdefault(shape, len(self._numbers))


# applying


def apply(changes: Iterable[Change], value: Any) -> Any:
    """The value after these changes of `diff`; the one before is left as it was."""
    groups: dict[tuple[Part, ...], list[Change]] = {}
    for change in changes:
        if not change.path:
            return change.after
        groups.setdefault(change.path[:-1], []).append(change)
    made = [value]
    copied: set[int] = set()

    def own(holder: Any, part: Part) -> Any:
        inner = holder[part]
        if id(inner) not in copied:
            inner = holder[part] = inner.copy()
            copied.add(id(inner))
        return inner

    for path in sorted(groups, key=len):
        container = own(made, 0)
        for part in path:
            container = own(container, part)
        if isinstance(container, dict):
            _apply_to_object(container, groups[path])
        else:
            _apply_to_array(container, groups[path])
    return made[0]


def _apply_to_object(target: dict[str, Any], changes: list[Change]) -> None:
    for change in changes:
        if change.kind is Kind.GONE:
            del target[str(change.path[-1])]
        else:
            target[str(change.path[-1])] = change.after


def _apply_to_array(target: list[Any], changes: list[Change]) -> None:
    def indices(kind: Kind, of: Callable[[Change], Any]) -> dict[int, Any]:
        return {of(change): change for change in changes if change.kind is kind}

    moved = indices(Kind.MOVED, lambda change: change.before)
    leaving = moved.keys() | indices(Kind.GONE, lambda change: change.path[-1]).keys()
    coming: dict[int, Any] = {change.after: target[old] for old, change in moved.items()}
    coming |= {
        new: change.after
        for new, change in indices(Kind.ADDED, lambda change: change.path[-1]).items()
    }
    target[:] = [item for index, item in enumerate(target) if index not in leaving]
    for new in sorted(coming):
        target.insert(new, coming[new])
    for change in changes:
        if change.kind in (Kind.CHANGED, Kind.TYPE_CHANGED):
            target[int(change.path[-1])] = change.after
