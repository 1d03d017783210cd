"""Letting a few through at a time, in the order in which they came."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class Gate:
    """At most `width` are inside at a time; the others wait first come, first served.

    httpx slows down with the length of its own queue, so calls queue here instead.
    """

    def __init__(self, width: int) -> None:
        self._free = width
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait to be let in."""
        return len(self._queue)

    @contextlib.asynccontextmanager
    async def slot(self, *, ahead: bool = False) -> AsyncIterator[None]:
        """Be inside; `ahead` goes to the front of the queue, for what the others wait for."""
        await self._enter(ahead)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, ahead: bool) -> None:
        if self._free:
            self._free -= 1
            return
        ticket = asyncio.get_running_loop().create_future()
        if ahead:
            self._queue.appendleft(ticket)
        else:
            self._queue.append(ticket)
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.cancelled():
                with contextlib.suppress(ValueError):  # _leave may have dropped it already
                    self._queue.remove(ticket)
            else:  # let in and cancelled in the same breath: the place goes to the next
                self._leave()
            raise

    def _leave(self) -> None:
        while self._queue:
            ticket = self._queue.popleft()
            if not ticket.done():
                ticket.set_result(None)
                return
        self._free += 1
