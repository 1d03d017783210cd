"""The store as notices need it: one that fails is logged, and nothing is known then."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from ...errors import StoreError
from ...models import DeadLetter, LetterState, Recovery
from ...store import Store, deadletters, notices, recoveries
from .judging import Event
from .notice import SAMPLES, CodeCount, Notice, Sample

T = TypeVar("T")

log = logging.getLogger(__name__)


class Kept:
    """Asks the store what became of failures, and keeps which notices were given."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def letter(self, error_id: str) -> DeadLetter | None:
        """The dead letter of an error."""
        return await self._read(lambda c: deadletters.letter(c, error_id), otherwise=None)

    async def recovery(self, error_id: str) -> Recovery | None:
        """The recovery of an error."""
        return await self._read(lambda c: recoveries.recovery(c, error_id), otherwise=None)

    async def recovery_of(self, run_id: str) -> Recovery | None:
        """The recovery to whose lineage a run belongs."""
        return await self._read(lambda c: recoveries.of_run(c, run_id), otherwise=None)

    async def letters_since(self, moment: datetime) -> list[str]:
        """The errors of the newest letters that wait and were written after `moment`."""
        states = (LetterState.WAITING,)

        def ids(connection: sqlite3.Connection) -> list[str]:
            found = deadletters.stretch(connection, states=states, before=None, limit=50)
            return [one.error_id for one in found.items if one.timestamp > moment]

        return await self._read(ids, otherwise=[])

    async def codes(self, run_id: str) -> tuple[CodeCount, ...]:
        """How many records of a run failed with which code."""
        # What is kept holds no secret, and of a record only its id and the message are told.
        groups = await self._asked(
            lambda: self._store.error_groups(run_id, samples=SAMPLES), otherwise=[]
        )
        return tuple(
            CodeCount(
                code=group.code,
                count=group.count,
                samples=tuple(
                    Sample(record_id=error.record_id, message=error.message)
                    for error in group.samples
                ),
            )
            for group in groups
        )

    async def known(self, keys: Sequence[str]) -> bool:
        """Whether one of these notices was given."""
        return bool(await self._read(lambda c: notices.known(c, keys), otherwise=set()))

    async def untried(self, since: datetime, targets: Sequence[str]) -> bool:
        """Whether a notice that was made since then was not posted yet."""
        return await self._read(lambda c: notices.untried(c, since, targets), otherwise=False)

    async def add(self, event: Event, notice: Notice, targets: Sequence[str]) -> bool:
        """Keeps that a notice is given, with what it tells beside; whether it is the first."""
        data = notice.model_dump(mode="json")

        def add(connection: sqlite3.Connection) -> bool:
            if not notices.add(connection, event.key, targets, data, notice.at):
                return False
            for key in event.also:
                notices.add(connection, key, (), {}, notice.at)
            return True

        return await self._asked(lambda: self._store.writer.submit(add), otherwise=True)

    async def _read(self, query: Callable[[sqlite3.Connection], T], *, otherwise: T) -> T:
        return await self._asked(lambda: self._store.readers.read(query), otherwise=otherwise)

    async def _asked(self, ask: Callable[[], Awaitable[T]], *, otherwise: T) -> T:
        try:
            return await ask()
        except StoreError as error:
            store_failed(error)
            return otherwise


def store_failed(error: StoreError) -> None:
    """The monitor tells of a store that fails; here it is enough to have it in the log."""
    log.warning("A notice could not be kept: %s", error)
