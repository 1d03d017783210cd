"""The records of a part, masked, given to whoever writes them, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...models import Exchange, FlowTrace, Model
from ..scope import Part

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

Progress = Callable[[Part, int], None]

_MANY = 200
_HEAVY = 1_000_000
# A trace tells no size; its steps hold payloads.
_TRACE = 20_000


async def pour(
    evidence: Evidence, part: Part, mask: Mask, take: Callable[[Model], None], progress: Progress
) -> int:
    """Give each record of `part` to `take`, masked, in order, and say how many there were.

    Masking and taking go on in a thread, so `take` may write; it is never called twice at a time,
    and not again once this has ended, however it ended. Raises what reading and taking raise.
    """
    done = 0
    some: list[Model] = []
    weight = 0

    def work() -> None:
        for record in some:
            take(mask.model(record))

    async for record in evidence.records(part):
        some.append(record)
        weight += _weight(record)
        if len(some) >= _MANY or weight >= _HEAVY:
            await finished(work)
            done += len(some)
            progress(part, done)
            some, weight = [], 0
    if some:
        await finished(work)
        done += len(some)
        progress(part, done)
    return done


async def finished(work: Callable[[], None]) -> None:
    """Run `work` in a thread to its end, also when this is cancelled in between.

    Whoever cancels closes the file that `work` writes to, so nothing may go on behind them.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        # What came of it is of no interest any more, and is not to be told as unheard of.
        if not running.cancelled():
            running.exception()
        raise


def _weight(record: Model) -> int:
    if isinstance(record, Exchange):
        return record.request.size + record.response.size
    return _TRACE if isinstance(record, FlowTrace) else 0
