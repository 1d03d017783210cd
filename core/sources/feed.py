"""What feeds the index: capture logs as they are, foreign files by way of the data folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from ..redact import REDACTOR, Redactor
from ..store.exchanges import ExchangeIndex
from .following import Follower, Progress
from .importing import PATIENCE_S, Importer
from .kinds import Kinds
from .patterns import Patterns
from .recognise import Kind

logger = logging.getLogger(__name__)

FOLDER = "imported"

_IMPORT_EVERY_S = 0.25
_AFTER_TROUBLE_S = 5.0


class Feed:
    """Brings exchanges from `sources` into `index`.

    `on_added` is called in the event loop with how many have come.
    """

    def __init__(
        self,
        index: ExchangeIndex,
        sources: Iterable[str | Path],
        *,
        data_dir: Path | None,
        tell: Callable[[str], None],
        interval_s: float = 0.05,
        redactor: Redactor = REDACTOR,
    ) -> None:
        self.index = index
        self.on_added: Callable[[int], None] = lambda count: None
        self._tell = tell
        self._told: list[str] = []
        self._named = Patterns(sources)
        self._kinds = Kinds(self._named.paths, self._told.append)
        self._folder = None if data_dir is None else data_dir / FOLDER
        self._importer: Importer | None = None
        self._left_out: set[str] = set()
        if self._folder is not None:
            self._importer = Importer(
                self._folder, self._kinds, tell=self._told.append, redactor=redactor
            )
        self._follower = Follower(
            index,
            self._capture_logs,
            tell=tell,
            on_added=lambda count: self.on_added(count),
            interval_s=interval_s,
        )

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._follower.progress

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follower.run(), name="follower")
            group.create_task(self._import_for_ever(), name="importer")

    async def catch_up(self) -> int:
        """Take in what is there now; says how many exchanges were new."""
        await self._import(PATIENCE_S)
        return await self._follower.catch_up()

    async def close(self) -> None:
        """Let go of every file."""
        await self._follower.close()
        if self._importer is not None:
            await asyncio.to_thread(self._importer.close)

    def _capture_logs(self) -> list[str]:
        found = self._kinds.of(Kind.CAPTURE)
        if self._folder is not None:
            found += sorted(map(str, self._folder.glob("*.jsonl")))
        return found

    async def _import_for_ever(self) -> None:
        while True:
            try:
                await self._import()
                await asyncio.sleep(_IMPORT_EVERY_S)
            except OSError as error:
                self._tell(f"Foreign logs cannot be taken over: {error.strerror}.")
                await asyncio.sleep(_AFTER_TROUBLE_S)

    async def _import(self, patience_s: float = 0.0) -> None:
        running = asyncio.ensure_future(asyncio.to_thread(self._import_once, patience_s))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            # It holds files: its end is waited for.
            await asyncio.wait([running])
            raise
        finally:
            while self._told:
                self._tell(self._told.pop(0))

    def _import_once(self, patience_s: float) -> None:
        if self._importer is not None:
            self._importer.run_once(patience_s)
            self.progress.held_up = self._importer.held_up
            return
        for kind in (Kind.FOREIGN, Kind.HAR):
            for path in set(self._kinds.of(kind)) - self._left_out:
                self._left_out.add(path)
                self._told.append(f"{path} is no capture log and is left out here.")
