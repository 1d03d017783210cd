"""Filling the full text in the background, when nothing more urgent is to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from ..errors import StoreError
from ..store.exchanges import ExchangeIndex
from ..store.logs import Log
from ..store.places import Place
from .payloads import Payloads, indexed_text

logger = logging.getLogger(__name__)

# A slice keeps the writer busy for about 10 ms. Smaller ones take far more time in all.
_SLICE = 2000
_IDLE_S = 0.5
_AFTER_TROUBLE_S = 5.0


class Texts:
    """Reads the bodies of exchanges that are in the index, and makes them searchable.

    Waits while `behind` says that there is more urgent work.
    """

    def __init__(
        self, index: ExchangeIndex, payloads: Payloads, behind: Callable[[], bool]
    ) -> None:
        self._index = index
        self._payloads = payloads
        self._behind = behind

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                busy = not self._behind() and await self.fill_some()
            except StoreError as error:
                logger.warning("Bodies cannot be made searchable: %s", error)
                await asyncio.sleep(_AFTER_TROUBLE_S)
                continue
            await asyncio.sleep(0 if busy else _IDLE_S)

    async def fill_some(self) -> bool:
        """Take the next slice; says whether there was one."""
        shard, rows, logs = await self._index.next_texts(_SLICE)
        if not rows:
            return False
        texts = await asyncio.to_thread(self._read, rows, logs)
        await self._index.add_texts(shard, texts)
        return True

    def _read(self, places: Sequence[Place], logs: Mapping[int, Log]) -> list[tuple[int, str]]:
        lines = self._payloads.lines(places, logs)
        return [(place.row, indexed_text(line)) for place, line in zip(places, lines, strict=True)]
