"""From logs to the index: what the tailer reads is indexed, together with how far it was read.

Reading and decoding happen in a thread while the batch before is written, so nothing waits for
the other and the event loop for neither.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import StoreError
from ..store.adding import Added, Bad, Batch
from ..store.exchanges import ExchangeIndex
from ..store.logs import Log
from .attempts import retried_in
from .heads import index_lines
from .pieces import LONGEST_LINE
from .tailing import Paths, Tailer
from .tracked import Piece, Tracked

_BATCH = 20_000
_BATCH_S = 0.05
_AFTER_TROUBLE_S = 1.0
_COMPACT_EVERY = 100_000


Writing = tuple[Tracked, Batch, asyncio.Future[Added | None]]
"""A batch that is being written."""


@dataclass(slots=True)
class Progress:
    """What following has brought so far: exchanges and lines that were set aside, whether more is
    waiting to be read, and whether foreign logs wait because another process takes them over."""

    added: int = 0
    bad: int = 0
    behind: bool = True
    held_up: bool = False
    trouble: str = ""


class Follower:
    """Brings the logs at `paths()` into `index`, and goes on as they grow.

    Looks at the files every `interval_s` seconds, twice as often while they grow and half as often
    while nothing happens. `on_added` is called in the event loop with how
    many exchanges have come; `tell` hears sentences for the user.
    """

    def __init__(
        self,
        index: ExchangeIndex,
        paths: Paths,
        *,
        tell: Callable[[str], None],
        on_added: Callable[[int], None] = lambda count: None,
        interval_s: float = 0.05,
    ) -> None:
        self._index = index
        self._paths = paths
        self._on_added = on_added
        self._interval_s = interval_s
        self._told: list[str] = []
        self._tell = tell
        self._tailer: Tailer | None = None
        self._since_compact = 0
        self.progress = Progress()

    async def run(self) -> None:
        """Follow until cancelled. A store that cannot be written is tried again."""
        pause = self._interval_s
        try:
            while True:
                try:
                    if await self.catch_up():
                        pause = self._interval_s / 2
                    else:
                        pause = min(pause * 1.1, self._interval_s * 2)
                    self.progress.trouble = ""
                    await asyncio.sleep(pause)
                except StoreError as error:
                    if str(error) != self.progress.trouble:
                        self.progress.trouble = str(error)
                        self._tell(self.progress.trouble)
                    await asyncio.sleep(_AFTER_TROUBLE_S)
        finally:
            await self.close()

    async def catch_up(self) -> int:
        """Index everything that is there now; says how many exchanges were new."""
        tailer = await self._ready()
        before = self.progress.added
        try:
            await self._take_in()
            if tailer.unsettled:
                await self._take_in()
        except BaseException:
            # Where reading got to and what is in the index may differ now.
            self._forget()
            raise
        self.progress.behind = False
        return self.progress.added - before

    async def _take_in(self) -> None:
        """Look once, and index what is found."""
        assert self._tailer is not None, "made before anything is taken in"
        await self._register(await self._in_thread(self._tailer.look))
        writing: list[Writing] = []
        try:
            while True:
                batches = await self._in_thread(self._gather)
                # Small additions are no reason for others to hold back.
                self.progress.behind = sum(len(b.entries) for _, b in batches) >= _BATCH // 2
                spoiled = await self._settle(writing)
                writing = []
                if not batches and not spoiled:
                    return
                if spoiled:
                    await self._reload(spoiled)
                for tracked, batch in batches:
                    if tracked not in spoiled:
                        adding = asyncio.ensure_future(self._index.add(batch))
                        writing.append((tracked, batch, adding))
        finally:
            await asyncio.gather(*(adding for *_, adding in writing), return_exceptions=True)

    async def close(self) -> None:
        """Let go of the files."""
        self._forget()

    async def _ready(self) -> Tailer:
        if self._tailer is None:
            known = [_tracked(log) for log in await self._index.logs()]
            self._tailer = Tailer(self._paths, known, tell=self._told.append)
        return self._tailer

    def _forget(self) -> None:
        if self._tailer is not None:
            self._tailer.close()
            self._tailer = None

    async def _in_thread(self, work):
        """The result of `work`. Also when cancelled its end is awaited: it holds the files."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise
        finally:
            while self._told:
                self._tell(self._told.pop(0))

    async def _register(self, changed: Iterable[Tracked]) -> None:
        """Give numbers to new logs, and tell the index where the others lie now."""
        for tracked in changed:
            if tracked.log:
                await self._index.move_log(
                    tracked.log, tracked.path, *tracked.key, packed=tracked.packed
                )
                continue
            after = 0
            while True:
                log, mine = await self._index.add_log(
                    tracked.path, *tracked.key, packed=tracked.packed, after=after
                )
                if mine or log.log not in self._numbers():
                    if not mine:
                        _become(tracked, log)
                    tracked.log = log.log
                    break
                after = log.log

    def _numbers(self) -> set[int]:
        return {one.log for one in self._tailer.logs} if self._tailer else set()

    def _gather(self) -> list[tuple[Tracked, Batch]]:
        """The next batches, each of one log, up to a good size for one transaction."""
        tailer = self._tailer
        assert tailer is not None, "made before anything is gathered"
        found: list[tuple[Tracked, Batch]] = []
        ends = time.monotonic() + _BATCH_S
        count = 0
        while count < _BATCH and (piece := tailer.read()) is not None:
            if not found or found[-1][0] is not piece.tracked:
                found.append((piece.tracked, _batch(piece)))
            count += _take(found[-1][1], piece)
            if times := found[-1][1].entries.times:
                piece.tracked.last_at = max(piece.tracked.last_at, times[-1])
            if time.monotonic() > ends and count > _BATCH // 2:
                break
        return found

    async def _settle(self, writing: Iterable[Writing]) -> set[Tracked]:
        """Wait for what is written; the logs that another process has read meanwhile."""
        spoiled: set[Tracked] = set()
        for tracked, batch, adding in writing:
            added = await adding
            if added is None:
                spoiled.add(tracked)
                continue
            self.progress.added += added.rows
            self.progress.bad += len(batch.bad)
            if added.rows:
                self._on_added(added.rows)
            self._since_compact += added.rows
        if self._since_compact >= _COMPACT_EVERY:
            self._since_compact = 0
            await self._index.compact()
        return spoiled

    async def _reload(self, spoiled: Iterable[Tracked]) -> None:
        logs = {log.log: log for log in await self._index.logs()}
        for tracked in spoiled:
            if tracked.log in logs:
                _become(tracked, logs[tracked.log])
                tracked.behind = True


def _batch(piece: Piece) -> Batch:
    """A batch that begins with a piece, which is not in it yet."""
    return Batch(piece.tracked.log, piece.start, piece.start, b"", 0, b"", 0)


def _take(batch: Batch, piece: Piece) -> int:
    """Add a piece to the batch; says how many lines that were."""
    before = len(batch.entries)
    bad = index_lines(piece.data, piece.start, batch.entries)
    for offset, length in piece.skipped:
        bad.append(Bad(offset, length, f"It is longer than {LONGEST_LINE // 1024**2} MiB."))
    batch.bad += bad
    batch.calls += retried_in(piece.data)
    batch.end = piece.end
    batch.head, batch.head_length = piece.head, piece.head_length
    batch.tail, batch.tail_length = piece.tail, piece.tail_length
    return len(batch.entries) - before + len(bad)


def _tracked(log: Log) -> Tracked:
    tracked = Tracked(log.path, log.device, log.inode, log.packed, log=log.log)
    _become(tracked, log)
    return tracked


def _become(tracked: Tracked, log: Log) -> None:
    """Go on from where the index says that a log was read to."""
    tracked.head, tracked.head_length = log.head, log.head_length
    tracked.tail, tracked.tail_length = log.tail, log.tail_length
    tracked.offset, tracked.last_at = log.offset, log.last_at
    tracked.held = 0
