"""Bringing calls into the store while they go on, and telling when the store does not take them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..errors import StoreError
from ..models import Call, CallState
from ..store import Store

T = TypeVar("T")

MOST_WAITING = 2000
"""Calls that may wait for the store; of more, the oldest that are over are given up."""


class Keeper:
    """What the monitor keeps goes through here: a store that fails is told, never fatal.

    `on_trouble` is called with the error of a store that fails, `on_success` when it works.
    """

    def __init__(
        self,
        store: Store,
        *,
        on_trouble: Callable[[StoreError], None],
        on_success: Callable[[], None],
    ) -> None:
        self._store = store
        self._on_trouble = on_trouble
        self._on_success = on_success
        self._waiting: OrderedDict[str, Call] = OrderedDict()
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many calls wait for the store."""
        return len(self._waiting)

    async def keep(self, writing: Awaitable[T], *, otherwise: T) -> T:
        """What `writing` into the store, or reading from it, gave; `otherwise` when it failed."""
        try:
            result = await writing
        except StoreError as error:
            self._on_trouble(error)
            return otherwise
        self._on_success()
        return result

    async def kept(self, writing: Awaitable[object]) -> bool:
        """Whether `writing` into the store was done."""
        try:
            await writing
        except StoreError as error:
            self._on_trouble(error)
            return False
        self._on_success()
        return True

    def add_call(self, call: Call) -> None:
        """Keeps the newest state of a call, soon."""
        self._waiting[call.call_id] = call
        self._wake.set()
        if len(self._waiting) > MOST_WAITING:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        over = (CallState.DONE, CallState.FAILED, CallState.CANCELLED)
        ended = (key for key, call in self._waiting.items() if call.state in over)
        self._waiting.pop(next(ended, next(iter(self._waiting))))
        self._on_trouble(
            StoreError(
                "The store is too slow for the calls that are made.",
                why=f"More than {MOST_WAITING} calls wait to be kept; the oldest are not kept.",
                fix="Look what else writes to that disk.",
            )
        )

    async def run(self) -> None:
        """Writes calls as they come until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Writes the calls that wait; those that the store does not take are lost, and told."""
        while self._waiting:
            await asyncio.gather(*map(self._write, tuple(self._waiting.values())))

    async def _write(self, call: Call) -> None:
        await self.kept(self._store.save_call(call))
        # Only now, so that a flush that is broken off leaves to the next what it did not write.
        if self._waiting.get(call.call_id) is call:
            del self._waiting[call.call_id]
