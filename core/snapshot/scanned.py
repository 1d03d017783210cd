"""Everything of a kind that the store keeps, a slice in memory at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from ..store import Store

T = TypeVar("T")
Mark = TypeVar("Mark")

_SLICE = 500


async def scanned(
    store: Store,
    after: Callable[[sqlite3.Connection, Mark, int], tuple[list[T], Mark]],
    begin: Mark,
) -> AsyncIterator[T]:
    """Everything that comes after the mark `begin`, in order. Raises StoreError.

    `after` gives the slice after a mark, of at most so many, with the mark where it ends.
    """
    mark = begin
    while True:
        found, mark = await store.readers.read(lambda c, mark=mark: after(c, mark, _SLICE))
        for model in found:
            yield model
        if len(found) < _SLICE:
            return
