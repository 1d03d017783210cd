"""One question at a time: who asks what is being asked already waits for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class Flights(Generic[K, T]):
    """Answers that several wait for. One who is cancelled leaves the others their answer; when
    the last one has gone, the asking ends too."""

    def __init__(self) -> None:
        self._flying: dict[K, _Flight[T]] = {}

    async def join(self, key: K, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives, or gives to those who asked for `key` before. Raises what it does."""
        flight = self._flying.get(key)
        if flight is None:
            flight = self._flying[key] = _Flight(asyncio.ensure_future(ask()))
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiting += 1
        try:
            # Waited for beside, so that a cancel of one who waits does not reach the asking.
            await asyncio.wait([flight.task])
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._landed(key, flight)
                flight.task.cancel()
                await asyncio.wait([flight.task])
        return flight.task.result()

    def _landed(self, key: K, flight: _Flight[T]) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # whoever waits is told; where nobody does any more, nobody is
