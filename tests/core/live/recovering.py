"""What the tests of recovery share: a platform that takes submissions, a webhook, a monitor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxtop.core.config import Profile
from cxtop.core.live import Link, Monitor
from cxtop.core.models import Submission
from cxtop.core.store import Store

from ..platforms.server import Asked, Reply, profile_for
from .support import BOUND_S

BODY = {"actionType": "import", "payload": {"list": 7}, "metadata": {}}
KEY = "key-of-the-tests"
FAST = {"base_s": 0.01, "cap_s": 0.05}
TRACE = "java.net.SocketTimeoutException: Read timed out\n\tat com.acme.Client.call(Client.java:42)"
ROOMY = {"x-ratelimit-limit": "99999", "x-ratelimit-remaining": "99990", "x-ratelimit-reset": "60"}


def failed(code: str, message: str = "it failed", **more: Any) -> dict[str, Any]:
    return {"status": "failed", "errors": [{"code": code, "message": message, **more}]}


COMPLETED: dict[str, Any] = {"status": "completed", "errors": []}


@dataclass
class Factory:
    """A cxone platform: the first run is `r0`, each submission under a new key starts `r1`, `r2` …

    `fates` are what each of them says; those beyond the list say what the last one does.
    """

    fates: list[dict[str, Any]]
    keys: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    refuse: Callable[[int], Reply | None] = lambda post: None
    refuse_polls: Reply | None = None
    checks: list[str] = field(default_factory=list)
    check: Callable[[int], Reply] = lambda number: Reply({"state": "DONE"})

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.startswith("/check/"):
            self.checks.append(asked.path)
            return self.check(len(self.checks))
        if asked.method == "POST":
            return self._submit(asked)
        run_id = asked.path.rpartition("/")[2]
        self.polls.append(run_id)
        if self.refuse_polls is not None:
            return self.refuse_polls
        number = int(run_id.removeprefix("r"))
        fate = self.fates[min(number, len(self.fates) - 1)]
        return Reply({"id": run_id, **fate}, headers=ROOMY)

    def _submit(self, asked: Asked) -> Reply:
        key = asked.headers["idempotency-key"]
        self.posts.append(key)
        refusal = self.refuse(len(self.posts))
        if refusal is not None:
            return refusal
        if key not in self.keys:
            self.keys.append(key)
            self.bodies.append(json.loads(asked.body))
        return Reply({"id": f"r{self.keys.index(key) + 1}"}, 202, ROOMY)


@dataclass
class LetterBox:
    """A webhook; it answers with `statuses` in turn, then 200."""

    statuses: list[int] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, asked: Asked) -> Reply:
        letter = json.loads(asked.body)
        self.letters.append(letter)
        self.keys.append(asked.headers["idempotency-key"])
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 300:
            self.taken.append(letter)
        return Reply({"status": status}, status)


def recovering(url: str, **changes: Any) -> Profile:
    """A profile of a cxone platform whose recoveries are quick."""
    recovery = {**FAST, **changes.pop("recovery", {})}
    poll = {"interval_s": 0.05, "min_interval_s": 0.05}
    return profile_for(url, platform="cxone", recovery=recovery, poll=poll, **changes)


async def submitted(store: Store, run_id: str = "r0", body: Any = None) -> None:
    """As if cxtop had submitted the run."""
    await store.save_submission(
        Submission(
            run_id=run_id,
            idempotency_key=KEY,
            body=BODY if body is None else body,
            submitted_at=datetime.now(UTC),
        )
    )
    await store.watch(run_id)


@asynccontextmanager
async def opened(folder: Path, profile: Profile) -> AsyncIterator[Monitor]:
    """A monitor over a real store and a real caller, which can come and go on one folder."""
    monitors: list[Monitor] = []
    async with (
        await Store.open(folder / "store.sqlite3", patience_s=5) as store,
        Link(profile, record=lambda call: monitors[0].see_call(call)) as link,
    ):
        monitor = Monitor(profile, store, link, link, ask=link.ask)
        monitors.append(monitor)
        async with monitor:
            yield monitor


async def until(monitor: Monitor, holds: Callable[[], Any]) -> None:
    """Wait, with a bound, until an awaitable condition holds; looked at after every change."""
    happened = asyncio.Event()
    undo = monitor.changes.subscribe(lambda _changes: happened.set())
    try:
        async with asyncio.timeout(BOUND_S):
            while not await holds():
                await happened.wait()
                happened.clear()
    finally:
        undo()
