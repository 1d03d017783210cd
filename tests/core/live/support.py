"""What the tests of `live` share: a simulated run on a real server, a real store, waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.config import Paths, Profile, Settings
from cxtop.core.live import Change, Changes, Link, Monitor
from cxtop.core.models import ActionRun, Poll, RunStatus
from cxtop.core.store import Store

from ..platforms.server import Asked, Reply

START = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
BOUND_S = 10.0


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run_at(seconds: float, status: RunStatus = RunStatus.RUNNING, **fields: Any) -> ActionRun:
    return ActionRun(
        run_id="r", platform="genesys", status=status, polled_at=after(seconds), **fields
    )


def poll_at(seconds: float, **fields: Any) -> Poll:
    return Poll(polled_at=after(seconds), status=RunStatus.RUNNING, **fields)


@dataclass
class Act:
    """What a platform says of one run; tests change it while the run is watched.

    `pages` are the records' ids of each page; further pages are empty.
    """

    status: str = "running"
    fields: dict[str, Any] = field(default_factory=dict)
    pages: list[list[Any]] = field(default_factory=list)
    total: int | None = None
    refuse: Reply | None = None
    refuse_pages: Reply | None = None
    page_size: int | None = None


@dataclass
class Platform:
    """A genesys platform whose runs are `acts`; everything else is a 404. Calls are counted."""

    acts: dict[str, Act] = field(default_factory=dict)
    refuse: Reply | None = None
    blocked: asyncio.Event | None = None
    headers: dict[str, str] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)
    results: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, asked: Asked) -> Reply:
        run_id, kind = asked.path.split("/")[-2:]
        if kind == "status":
            self.statuses.append(run_id)
        else:
            self.results.append((run_id, int(asked.query["pageNumber"])))
        if self.blocked is not None:
            await self.blocked.wait()
        if self.refuse is not None:
            return self.refuse
        act = self.acts.get(run_id)
        if act is None:
            return Reply({"message": "not here"}, 404)
        reply = self._status(act) if kind == "status" else self._page(act, asked)
        return Reply(reply.body, reply.status, self.headers | reply.headers)

    def _status(self, act: Act) -> Reply:
        return act.refuse or Reply({"status": act.status} | act.fields)

    def _page(self, act: Act, asked: Asked) -> Reply:
        if act.refuse_pages is not None:
            return act.refuse_pages
        number = int(asked.query["pageNumber"])
        ids = act.pages[number - 1] if number <= len(act.pages) else []
        entities = [{"id": id_, "errorCode": "E"} for id_ in ids]
        size = act.page_size or int(asked.query["pageSize"])
        return Reply({"pageSize": size, "total": act.total, "entities": entities})


class Told:
    """Waits for something that changes tell, with a bound."""

    def __init__(self, changes: Changes) -> None:
        self.seen: list[frozenset[Change]] = []
        self._event = asyncio.Event()
        changes.subscribe(self._hear)

    def _hear(self, changes: frozenset[Change]) -> None:
        self.seen.append(changes)
        self._event.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(BOUND_S):
            while not condition():
                self._event.clear()
                await self._event.wait()

    @property
    def kinds(self) -> set[str]:
        return {change.kind for changes in self.seen for change in changes}


async def eventually(condition: Callable[[], Any]) -> None:
    """Waits turn by turn of the loop for what nothing tells, with a bound."""
    async with asyncio.timeout(BOUND_S):
        while not condition():  # noqa: ASYNC110 - a condition that no event tells
            await asyncio.sleep(0.005)


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[Store]:
    async with await Store.open(folder / "store.sqlite3", patience_s=0.2) as store:
        yield store


@asynccontextmanager
async def monitoring(profile: Profile, store: Store) -> AsyncIterator[tuple[Monitor, Told]]:
    """A monitor over a real caller, with what waits for its changes."""
    monitors: list[Monitor] = []
    async with Link(profile, record=lambda call: monitors[0].see_call(call)) as link:
        monitor = Monitor(profile, store, link, link)
        monitors.append(monitor)
        told = Told(monitor.changes)
        async with monitor:
            yield monitor, told


@contextmanager
def closed_port() -> Iterator[str]:
    """A URL where connections are refused: its port is bound, but nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def settings_for(profile: Profile | None, folder: Path) -> Settings:
    paths = Paths(folder / "config.toml", folder, folder / "state", folder / "data")
    return Settings(paths=paths, profile=profile, missing=("Set base_url.",))
