"""A snapshot in the app: the same screens, and nothing to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot
from textual.strip import Strip

from cxtop.core.config import Paths, Settings
from cxtop.core.live import Monitor
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.comparing import compare
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.exhibit import open_exhibit
from cxtop.core.snapshot.exporting import export
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.store import Store
from cxtop.tui.app import CxtopApp, Launch
from cxtop.tui.widgets.panel import Panel

from .captured import log_of
from .recovered import prepare
from .retried import retried
from .stage import NOW, at_rest, calm, live, staged

WALK: dict[str, tuple[str, ...]] = {
    "runs": (),
    "errors of a run": ("j", "enter"),
    "its records": ("tab", "j", "enter"),
    "its calls": ("escape", "l"),
    "its answer": ("l",),
    "its overview": ("l",),
    "exchanges": ("2",),
    "an exchange": ("k", "k", "enter"),
    "exchanges above": ("escape", "g"),
    "retries": ("3",),
    "a timeline": ("enter",),
    "health": ("escape", "4"),
    "recovery": ("5",),
    "dead letters": ("l",),
    "the audit log": ("l",),
    "a failure": ("l", "enter"),
}
"""Each screen, and the keys that lead there from the one before."""

Visit = Callable[[Pilot[Any], str], Awaitable[None]]


async def walked(app: CxtopApp, visit: Visit) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        for name, keys in WALK.items():
            await pilot.press(*keys)
            await calm(pilot)
            await visit(pilot, name)


def painted(app: CxtopApp) -> list[Strip]:
    """The lines of the screen with their colours, as they went to the terminal."""
    return app.screen._compositor.render_strips()


def exhibited(path: Path, folder: Path, **launch: Any) -> CxtopApp:
    """The app on a snapshot."""
    paths = Paths(folder / "config.toml", folder, folder / "state", folder / "data")
    settings = Settings(paths, profiles=(), profile=None)
    values: dict[str, Any] = {
        "open": lambda _name: open_exhibit(path, base=settings),
        "profile": "acme-prod",
        "platform": lambda _name: "genesys · eu-west-1",
        "now": lambda: NOW,
        "exhibit": NOW,
    }
    return CxtopApp(Launch(**(values | launch)))


def bytes_in(folder: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def taken(monitor: Monitor, path: Path) -> None:
    """A snapshot of everything that a monitor knows."""
    evidence = Evidence(
        monitor.store,
        monitor.library,
        profile_name=monitor.profile.name,
        platform=monitor.profile.platform,
        at=NOW,
        health=monitor.health.actions(),
    )
    mask = Mask(Strictness.DEFAULT, monitor.store.redactor)
    await export(evidence, format="cxsnap", mask=mask, path=path)


async def test_the_screens_are_the_same_but_for_the_mark(tmp_path: Path) -> None:
    """Issue: store → bundle → open shows the same; the top line bears the mark, the bottom line
    lacks the keys that act."""
    log_of(tmp_path / "captures", 60)
    await retried(tmp_path)
    await prepare(tmp_path)
    seen: dict[str, list[Strip]] = {}
    path = tmp_path / "all.cxsnap"
    app = staged(tmp_path)

    async def look(_pilot: Pilot[Any], name: str) -> None:
        seen[name] = painted(app)
        if name == "a failure":
            # At the end, as the screens ask for traces on the way.
            assert app.monitor is not None
            await taken(app.monitor, path)

    await walked(app, look)
    again = exhibited(path, tmp_path)
    files = bytes_in(tmp_path)

    async def hold_against(_pilot: Pilot[Any], name: str) -> None:
        now, then = painted(again), seen[name]
        if name == "a timeline":
            # Its rule tells the rate budget, which is of the moment and so of no snapshot.
            assert "budget" in then[2].text
            assert "budget" not in now[2].text
            del now[2], then[2]
        assert [line.text for line in now[1:-1]] == [line.text for line in then[1:-1]], name
        assert now[1:-1] == then[1:-1], name
        assert "■ snapshot of acme-prod · 2026-03-04" in now[0].text
        assert "■ snapshot" not in then[0].text

    await walked(again, hold_against)
    kept = bytes_in(tmp_path)
    assert kept == files, "opening writes nothing"


ACTING = ("a", "u", "r", "p", "R", "S", "P")


async def test_keys_that_act_are_absent_and_do_nothing(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 24)
    await retried(tmp_path)
    await prepare(tmp_path)
    path = tmp_path / "all.cxsnap"
    live_one = staged(tmp_path)
    async with live_one.run_test() as pilot:
        await live(pilot)
        assert live_one.monitor is not None
        await taken(live_one.monitor, path)
    app = exhibited(path, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        shown = {binding.binding.id for binding in app.screen.active_bindings.values()}
        acting = {"runs.add", "runs.refresh", "runs.unwatch", "app.pause", "app.execute"}
        assert not shown & acting
        assert "app.export" in shown
        before = painted(app)
        await pilot.press(*ACTING)
        await calm(pilot)
        assert len(app.screen_stack) == 1
        assert painted(app) == before
        assert not app._notifications
        await pilot.press("5", "l", "D", "X")
        await calm(pilot)
        assert len(app.screen_stack) == 1
        await pilot.press("question_mark")
        await calm(pilot)
        assert "This is a snapshot" in "\n".join(line.text for line in painted(app))


async def test_a_snapshot_of_a_snapshot(tmp_path: Path) -> None:
    """What was handed over can be handed on, or in part, with its health."""
    await retried(tmp_path)
    log_of(tmp_path / "captures", 24)
    first, second = tmp_path / "first.cxsnap", tmp_path / "second.cxsnap"
    live_one = staged(tmp_path)
    async with live_one.run_test() as pilot:
        await live(pilot)
        assert live_one.monitor is not None
        await taken(live_one.monitor, first)
    app = exhibited(first, tmp_path)
    async with app.run_test() as pilot:
        await live(pilot)
        assert app.monitor is not None
        await taken(app.monitor, second)
    with Bundle.open(first) as one, Bundle.open(second) as other:
        assert one.manifest.counts == other.manifest.counts
        assert not compare(one, other).differences


async def test_the_help_leaves_out_the_keys_that_act(tmp_path: Path) -> None:
    await prepare(tmp_path)
    path = tmp_path / "all.cxsnap"
    app = staged(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await live(pilot)
        assert {"app.pause", "app.execute", "runs.add", "runs.filter"} <= await helped(pilot)
        assert app.monitor is not None
        await taken(app.monitor, path)
    async with exhibited(path, tmp_path).run_test(size=(120, 40)) as pilot:
        await live(pilot)
        left = await helped(pilot)
        assert not left & {"app.pause", "app.execute", "app.submit", "app.profile"}
        assert not left & {"runs.add", "runs.refresh", "runs.unwatch"}
        assert {"app.export", "runs.filter", "runs.mark"} <= left


async def helped(pilot: Pilot[Any]) -> set[str]:
    """The ids of the keys that the help lists."""
    await pilot.press("question_mark")
    await calm(pilot)
    rows = pilot.app.screen.query_one(Panel)._shown
    await pilot.press("escape")
    return {row[-1][0] for row in rows if len(row) == 3}


async def test_the_app_says_how_far_the_reading_is_and_then_that_there_are_no_runs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "empty.cxsnap"
    async with await Store.open(tmp_path / "store.sqlite3") as store:
        mask = Mask(Strictness.DEFAULT, store.redactor)
        await export(Evidence(store, at=NOW), format="cxsnap", mask=mask, path=path)
    whole = exhibited(path, tmp_path).launch.open
    read = asyncio.Event()
    said = [""]

    @asynccontextmanager
    async def slowly(name: str) -> AsyncIterator[Monitor]:
        await read.wait()
        async with whole(name) as monitor:
            yield monitor

    app = exhibited(path, tmp_path, open=slowly, so_far=lambda: said[0], opening="Opening …")
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "Opening …")
        said[0] = "Reading the snapshot: 5,000 of 200,000 records …"
        await shows(pilot, said[0])
        read.set()
        await shows(pilot, "The snapshot holds no runs.")


async def shows(pilot: Pilot[Any], text: str) -> None:
    """Wait until `text` stands on the screen."""
    async with asyncio.timeout(10):
        while not any(text in line.text for line in painted(cast(CxtopApp, pilot.app))):
            await at_rest(pilot, 0.01)
