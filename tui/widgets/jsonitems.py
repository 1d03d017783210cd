"""The places of a JSON value as a tree shows them, and finding text in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from ...core.jsonpaths import Part, step
from ...core.text import clip, safe
from .. import words
from ..ink import Line

_LONGEST = 2_000  # characters of a string that a line may show
_BREATH = 5_000  # values that are looked at before others have their turn


class Item(NamedTuple):
    """A place in the value: its key or index, what is there, and the JSON path to it.

    Without a path it holds places by their own paths.
    """

    key: str | int | None
    value: Any
    path: str


def holds_more(value: Any) -> bool:
    """Whether there is something to open."""
    return isinstance(value, dict | list) and bool(value)


def items_of(item: Item, start: int, stop: int) -> Iterator[Item]:
    """What the item holds, from the place `start` on and before `stop`."""
    if isinstance(item.value, dict):
        for key, value in islice(item.value.items(), start, stop):
            yield Item(str(key), value, f"{item.path}{step(str(key))}" if item.path else str(key))
    else:
        for index in range(start, min(stop, len(item.value))):
            yield Item(index, item.value[index], f"{item.path}{step(index)}")


def place_of(item: Item, part: Part) -> int:
    """At which place the item holds this key or index."""
    if isinstance(item.value, dict):
        return next(place for place, key in enumerate(item.value) if str(key) == part)
    return int(part)


def search(value: Any, sought: re.Pattern[str]) -> Iterator[tuple[Part, ...] | None]:
    """The paths to keys and scalars that hold what is sought, in document order.

    `None` comes now and then, for the caller to let others have their turn.
    """
    waiting: list[tuple[tuple[Part, ...], Any]] = [((), value)]
    count = 0
    while waiting:
        parts, item = waiting.pop()
        count += 1
        if count % _BREATH == 0:
            yield None
        key = parts[-1] if parts else 0
        if (isinstance(key, str) and sought.search(safe(key))) or (
            not isinstance(item, dict | list) and sought.search(_scalar(item))
        ):
            yield parts
        if isinstance(item, dict):
            waiting.extend(((*parts, str(key)), item[key]) for key in reversed(item))
        elif isinstance(item, list):
            last = len(item) - 1
            waiting.extend(((*parts, last - i), inner) for i, inner in enumerate(reversed(item)))


def value_line(value: Any) -> Line:
    """A JSON value in short: scalars whole, containers by what they hold."""
    match value:
        case dict():
            return ((f"{{{words.amount(len(value))}}}", "dim"),)
        case list():
            return ((f"[{words.amount(len(value))}]", "dim"),)
        case str():
            shown = clip(value, _LONGEST)
            note = f"  {words.amount(len(value))} characters" if len(value) > _LONGEST else ""
            return ((f'"{shown}"', ""), (note, "dim"))
        case None:
            return (("null", "dim"),)
        case _:
            return ((_scalar(value), ""),)


def _scalar(value: Any) -> str:
    match value:
        case str():
            return safe(value)
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() if value.bit_length() > 10_000:
            return hex(value)  # Python refuses to write it in decimal
        case _:
            return str(value)
