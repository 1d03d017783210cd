"""A snapshot behind the façade: everything to see, nothing to do, nothing left behind."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.capture.record import encode
from cxtop.core.config import Profile, Retention
from cxtop.core.errors import InputError, ReadOnlyError, SnapshotError
from cxtop.core.live import Monitor
from cxtop.core.models import (
    ConnectionState,
    Exchange,
    HealthState,
    RateBudget,
    RecordError,
    TraceState,
    WatchState,
)
from cxtop.core.redact import MASK, REDACTOR
from cxtop.core.snapshot.exhibit import ExhibitMonitor, open_exhibit
from cxtop.core.snapshot.exporting import export
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.privatefolder import MEMORY, PREFIX, private_folder
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.sources import Library
from cxtop.core.store import Store
from cxtop.core.store.filter import parse

from .support import (
    EXECUTION,
    NOW,
    all_of,
    bundle_in,
    evidence_of,
    exchange,
    letter,
    opened,
    plain,
    recovery,
    settings,
    trace,
)


async def test_everything_is_there_as_it_was(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path)
    heard: list[tuple[int, int]] = []
    async with opened(tmp_path) as (store, library):
        before = await all_of(evidence_of(store, library))
        profile = Profile(base_url="https://api.example", retention=Retention(max_age_days=36_500))
        live = Monitor(profile, store, _nowhere(), _nowhere(), library=library)
        await live._runs.recall(await store.watched())
        live._runs.pause()
        async with open_exhibit(
            path,
            base=settings(tmp_path),
            places=(tmp_path,),
            progress=lambda done, total: heard.append((done, total)),
        ) as monitor:
            assert monitor.library is not None
            shown = await all_of(evidence_of(monitor.store, monitor.library))
            # Beside the watched runs those are shown that nobody watched.
            assert monitor.views()[:2] == live.views()
            assert [view.run_id for view in monitor.views()] == ["other", "import", "import-again"]
            page, live_page = await asyncio.gather(monitor.library.page(), library.page())
            assert page.rows == live_page.rows
            assert (await monitor.library.page(parse('body:"fine" id:req-000003'))).rows
            assert await monitor.recovery.recoveries() == await live.recovery.recoveries()
            assert await monitor.recovery.letters() == await live.recovery.letters()
            assert await monitor.recovery.audit() == await live.recovery.audit()
            found = await monitor.recovery.of_run("import-again")
            assert found is not None
            assert found.error_id == "error-1"
            mine, theirs = await asyncio.gather(
                monitor.correlate("req-000001"), live.correlate("req-000001")
            )
            assert mine.exchanges
            assert mine.trace.trace == trace()
            assert mine == theirs
    for part in set(Part) - {Part.RUNS, Part.HEALTH}:
        assert shown[part] == before[part], part
    assert heard[-1][0] == heard[-1][1] == sum(map(len, before.values()))


def _nowhere() -> Any:
    from cxtop.core.snapshot.exhibit import _Nowhere

    return _Nowhere("genesys")


@pytest.fixture
async def monitor(tmp_path: Path) -> Any:
    path = await bundle_in(tmp_path, Scope(title="the night of the fourth"))
    async with open_exhibit(path, base=settings(tmp_path), places=(tmp_path,)) as monitor:
        yield monitor


async def test_it_says_that_it_is_a_snapshot(monitor: ExhibitMonitor, tmp_path: Path) -> None:
    assert monitor.connection.state is ConnectionState.SNAPSHOT
    assert "the night of the fourth" in monitor.connection.what
    assert monitor.connection.since == NOW
    assert monitor.exhibit is not None
    assert (monitor.exhibit.title, monitor.exhibit.made_at) == ("the night of the fourth", NOW)
    assert monitor.exhibit.path == tmp_path / "evidence.cxsnap"
    assert monitor.profile.name == "acme-prod"
    assert monitor.budget == RateBudget()
    assert not monitor.paused
    assert monitor.executor is None
    assert monitor.notifier is None
    states = {view.run_id: view.state for view in monitor.views()}
    assert states["other"] is WatchState.PAUSED
    assert states["import"] is WatchState.ENDED
    assert all(view.next_poll_at is None for view in monitor.views())


async def test_health_is_as_it_stood(monitor: ExhibitMonitor) -> None:
    (action,) = monitor.health.actions()
    assert action.state is HealthState.HEALTHY
    assert monitor.health.action("assist") == action
    assert monitor.health.action("another") is None
    assert (await monitor.health.report("assist", "PT1H")).executions == 200
    assert monitor.health.threshold("assist") == monitor.health.threshold("another") == 5.0
    assert monitor.health.alarm("another") == monitor.health.alarm("assist")
    with pytest.raises(ReadOnlyError, match="no figures"):
        await monitor.health.report("another")


async def test_a_trace_that_it_does_not_hold_is_asked_of_nobody(monitor: ExhibitMonitor) -> None:
    assert (await monitor.trace(EXECUTION)).trace == trace()
    missing = await monitor.trace("unknown")
    assert missing.state is TraceState.FAILED
    assert "snapshot does not hold" in missing.what


ACTS: dict[str, Callable[[ExhibitMonitor], object]] = {
    "watch": lambda monitor: monitor.watch("x"),
    "unwatch": lambda monitor: monitor.unwatch("import"),
    "submit": lambda monitor: monitor.submit("{}", "key"),
    "pause": lambda monitor: monitor.pause(),
    "resume": lambda monitor: monitor.resume(),
    "refresh": lambda monitor: monitor.refresh("import"),
    "redeliver": lambda monitor: monitor.recovery.redeliver(["error-1"]),
    "discard": lambda monitor: monitor.recovery.discard("error-1", "why"),
    "follow": lambda monitor: monitor.health.follow("assist"),
    "unfollow": lambda monitor: monitor.health.unfollow("assist"),
    "health": lambda monitor: monitor.health.refresh(),
    "silence": lambda monitor: monitor.health.silence("assist", 60),
    "unsilence": lambda monitor: monitor.health.unsilence("assist"),
    "poll": lambda monitor: monitor._platform.run_status("import"),
    "records": lambda monitor: monitor._platform.failed_records("import", 1, 10),
    "execute": lambda monitor: monitor._platform.execute("assist", {}),
    "start": lambda monitor: monitor._platform.submit({}, "key"),
    "deploy": lambda monitor: monitor._platform.deploy_schema({}),
    "figures": lambda monitor: monitor._platform.analytics("assist", "PT1H"),
}


async def test_nothing_can_be_done(monitor: ExhibitMonitor) -> None:
    async def act(what: str) -> None:
        done = ACTS[what](monitor)
        if isinstance(done, Awaitable):
            await done

    for what in ACTS:
        with pytest.raises(ReadOnlyError) as caught:
            await act(what)
        assert isinstance(caught.value, InputError)
        assert caught.value.what.endswith("."), what
        assert caught.value.fix.endswith("."), what


async def test_a_snapshot_of_a_few_parts_shows_those(tmp_path: Path) -> None:
    path = await bundle_in(
        tmp_path, Scope(parts=frozenset({Part.ERRORS, Part.POLLS, Part.RECOVERIES}))
    )
    async with open_exhibit(path, base=settings(tmp_path), places=(tmp_path,)) as monitor:
        views = {view.run_id: view for view in monitor.views()}
        assert views["import"].errors_kept == 7
        assert views["import"].run is None
        assert (await monitor.recovery.recoveries()).items[-1] == recovery()
        assert monitor.library is not None
        assert (await monitor.library.page()).rows == ()
        letters = await monitor.recovery.letters()
        assert letter() not in letters.items
        assert monitor.exhibit is not None
        assert monitor.exhibit.title == "acme-prod"


async def test_records_that_masking_made_alike_stay_apart(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        alike = [
            RecordError(run_id="import", record_id=f"{name}@example.com", code="X")
            for name in ("jane", "john")
        ]
        await store.add_errors("import", alike)
        path = tmp_path / "strict.cxsnap"
        mask = Mask(Strictness.STRICT, REDACTOR)
        await export(evidence_of(store, library), format="cxsnap", mask=mask, path=path)
    async with open_exhibit(path, base=settings(tmp_path), places=(tmp_path,)) as monitor:
        page = await monitor.store.error_page("import", code="X")
        assert [error.record_id for error in page.items] == [MASK, MASK]
        view = monitor.view("import")
        assert view is not None
        assert view.errors_kept == 9


async def test_opening_writes_nowhere_but_into_its_folder_which_goes(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path / "made")
    place, home = tmp_path / "place", tmp_path / "home"
    place.mkdir()
    home.mkdir()
    before = path.read_bytes()
    async with open_exhibit(path, base=settings(home), places=(place,)) as monitor:
        (folder,) = place.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert monitor.store.path.is_relative_to(folder)
        payload = await monitor.library.payload(1)  # pyright: ignore[reportOptionalMemberAccess]
        assert isinstance(payload, Exchange)
        assert payload == exchange(0)
    assert list(place.iterdir()) == []
    assert list(home.iterdir()) == []
    assert path.read_bytes() == before


async def test_a_damaged_one_leaves_nothing_behind(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path / "made")
    data = bytearray(path.read_bytes())
    middle = data.index(b"exchanges.jsonl") + 200
    data[middle] ^= 0xFF
    path.write_bytes(data)
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(SnapshotError, match="damaged"):
        async with open_exhibit(path, base=settings(tmp_path), places=(place,)):
            pytest.fail("It was opened.")
    assert list(place.iterdir()) == []


async def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path / "made")
    place = tmp_path / "place"
    place.mkdir()
    begun = asyncio.Event()

    async def open_it() -> None:
        async with open_exhibit(
            path, base=settings(tmp_path), places=(place,), progress=lambda *_: begun.set()
        ):
            await asyncio.Event().wait()

    task = asyncio.create_task(open_it())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert list(place.iterdir()) == []


async def test_what_records_say_of_their_size_is_not_believed(tmp_path: Path) -> None:
    mib = 1024 * 1024
    liar = exchange(1)
    body = liar.response.model_copy(update={"size": 0, "value": "x" * mib})
    liars = [
        liar.model_copy(update={"id": f"liar-{number}", "response": body}) for number in range(12)
    ]
    (tmp_path / "log.jsonl").write_bytes(b"".join(encode(each) for each in liars))
    path = tmp_path / "liars.cxsnap"
    async with (
        await Store.open(tmp_path / "liars.sqlite3") as store,
        Library.open(store, [tmp_path / "log.jsonl"], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await export(evidence_of(store, library), format="cxsnap", mask=plain(), path=path)
    done: list[int] = []
    async with open_exhibit(
        path,
        base=settings(tmp_path),
        places=(tmp_path,),
        progress=lambda count, _total: done.append(count),
    ):
        pass
    # No more of them in memory at a time than a few.
    assert max(after - before for before, after in pairwise([0, *done])) <= 4


async def test_no_room_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path / "made")
    with pytest.raises(SnapshotError, match="no room"):
        async with open_exhibit(path, base=settings(tmp_path), places=(tmp_path / "not there",)):
            pytest.fail("It was opened.")


# The folder


def test_it_lies_where_there_is_room(tmp_path: Path) -> None:
    with private_folder(2**60, places=(MEMORY, tmp_path)) as folder:
        assert folder.parent == tmp_path
    with private_folder(0) as folder:
        assert folder.name.startswith(PREFIX)
    assert not folder.exists()
