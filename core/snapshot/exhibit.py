"""A snapshot behind the façade that screens talk to: everything to see, nothing to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from ..config import Profile, Settings
from ..errors import ReadOnlyError, SnapshotError
from ..http import Answer
from ..live.exhibited import Exhibit
from ..live.health import Health
from ..live.monitor import Monitor
from ..live.recovery import Recoverer
from ..live.submitting import Started
from ..models import (
    ActionHealth,
    Connection,
    ConnectionState,
    DeadLetter,
    FlowTrace,
    HealthReport,
    HealthState,
    RateBudget,
)
from ..platforms import Analytics, Deployed, RecordPage, StatusReading, Submitted
from ..sources import Library
from ..store import Store
from ..store.health import Alarm, Level
from .bundle import Bundle
from .formats.pouring import finished
from .loading import AsItIs, load
from .manifest import Manifest
from .privatefolder import private_folder
from .reading import Limits

_LOG = "snapshot.jsonl"
_NOWHERE = "https://snapshot.invalid"
# The index and the tables beside the exchanges themselves.
_GROWTH = 2

_LEVELS = {
    HealthState.PENDING: Level.PENDING,
    HealthState.ABOVE: Level.ABOVE,
    HealthState.SILENCED: Level.ABOVE,
}


def refuse(what: str) -> NoReturn:
    """Raise ReadOnlyError for `what` somebody wanted to do, a sentence's beginning."""
    raise ReadOnlyError(
        f"{what}: this is a snapshot, which is only looked at.",
        fix="Do it in cxtop where the platform is, not in a snapshot.",
    )


class ExhibitMonitor(Monitor):
    """A monitor over what a snapshot holds. Nothing is polled and nothing is sent: commands that
    would raise ReadOnlyError."""

    def __init__(
        self,
        exhibit: Exhibit,
        profile: Profile,
        store: Store,
        library: Library,
        health: Sequence[ActionHealth],
    ) -> None:
        nowhere = _Nowhere(profile.platform)
        super().__init__(profile, store, nowhere, nowhere, library=library)
        self.exhibit = exhibit
        self._connection = Connection(
            state=ConnectionState.SNAPSHOT,
            what=f"This is a snapshot of {exhibit.title}.",
            why="It is shown as it was, and nothing is asked.",
            since=exhibit.made_at,
        )
        self.recovery = _PastRecoverer(profile, store, nowhere, self._outbound)
        self.health = _PastHealth(self, health)

    @property
    def connection(self) -> Connection:
        """That there is no platform behind it."""
        return self._connection

    async def watch(self, run_id: str, interval_s: float | None = None) -> None:
        """Raises ReadOnlyError."""
        refuse("No run can be added")

    async def unwatch(self, run_id: str) -> None:
        """Raises ReadOnlyError."""
        refuse("No run can be taken away")

    async def submit(self, text: str, idempotency_key: str) -> Started:
        """Raises ReadOnlyError."""
        refuse("Nothing can be submitted")

    def pause(self) -> None:
        """Raises ReadOnlyError."""
        refuse("There is nothing to pause")

    def resume(self) -> None:
        """Raises ReadOnlyError."""
        refuse("There is nothing to resume")

    def refresh(self, run_id: str | None = None) -> None:
        """Raises ReadOnlyError."""
        refuse("Nothing can be asked anew")

    async def __aenter__(self) -> Self:
        await self._runs.recall(await self.store.watched())
        # Nothing is to come: they stand as they did, and are not shown as waiting for an answer.
        self._runs.pause()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.changes.close()


@asynccontextmanager
async def open_exhibit(
    path: Path,
    *,
    base: Settings,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    places: tuple[Path, ...] = (),
) -> AsyncIterator[ExhibitMonitor]:
    """A monitor over the snapshot in the file `path`, which is read whole, and checked, first.

    What it needs lies in a private folder, in memory where there is room, and is gone at the end;
    nothing is written anywhere else. Of `base` the ways of showing things count, never its
    platform. `progress` hears how many records of how many are read. Raises SnapshotError for
    what cannot be trusted or shown.
    """
    stack = AsyncExitStack()
    async with stack:
        bundle = await _entered(stack, lambda: Bundle.open(Path(path), limits=limits))
        exhibit = _exhibit(bundle)
        size = bundle.manifest.size * _GROWTH
        folder = await _entered(stack, lambda: _told(private_folder(size, places=places), path))
        redactor = AsItIs()
        opened = await Store.open(folder / "store.sqlite3", redactor=redactor)
        store = await stack.enter_async_context(opened)
        log = folder / _LOG
        try:
            health = await load(bundle, store, log, progress)
        except OSError as error:
            raise _no_room(path, error) from error
        library = await stack.enter_async_context(
            Library.open(
                store,
                [log] if log.exists() else [],
                follow=False,
                full_text=False,
                redactor=redactor,
            )
        )
        await library.catch_up()
        profile = _profile_of(bundle.manifest, base)
        monitor = ExhibitMonitor(exhibit, profile, store, library, health)
        yield await stack.enter_async_context(monitor)


async def _entered(stack: AsyncExitStack, make: Callable[[], Any]) -> Any:
    """What a blocking context manager gives, left again in a thread, too."""
    managers: list[Any] = []
    values: list[Any] = []

    def enter() -> None:
        manager = make()
        values.append(manager.__enter__())
        managers.append(manager)

    async def leave() -> None:
        if managers:
            await finished(lambda: managers[0].__exit__(None, None, None))

    stack.push_async_callback(leave)
    await finished(enter)
    return values[0]


@contextmanager
def _told(folder: Any, path: Path) -> Iterator[Path]:
    """The private folder, and a sentence where it cannot be had."""
    try:
        made = folder.__enter__()
    except OSError as error:
        raise _no_room(path, error) from error
    try:
        yield made
    finally:
        folder.__exit__(None, None, None)


def _no_room(path: Path, error: OSError) -> SnapshotError:
    return SnapshotError(
        f"The snapshot {path} cannot be shown.",
        why=f"There is no room to unpack it into. The system says: {error.strerror or error}.",
        fix="Make room where temporary files lie, or name another place in TMPDIR.",
    )


def _exhibit(bundle: Bundle) -> Exhibit:
    manifest = bundle.manifest
    return Exhibit(
        path=bundle.path,
        title=manifest.title or manifest.profile or bundle.path.name,
        made_at=manifest.made_at,
        strictness=manifest.strictness.value,
        newer=bundle.newer,
        missing=manifest.missing,
    )


def _profile_of(manifest: Manifest, base: Settings) -> Profile:
    """A profile that leads nowhere, and shows things as the user wants them shown."""
    ways: dict[str, Any] = {}
    if base.profile is not None:
        ways = {"poll": base.profile.poll, "health": base.profile.health}
    platform = "cxone" if manifest.platform == "cxone" else "genesys"
    name = manifest.profile or "snapshot"
    return Profile(name=name, platform=platform, base_url=_NOWHERE, **ways)


class _Nowhere:
    """The platform of a snapshot: there is none. Everything raises ReadOnlyError."""

    budget = RateBudget()

    def __init__(self, name: str) -> None:
        self.name = name

    async def run_status(self, run_id: str) -> StatusReading:
        refuse("No run can be polled")

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None:
        refuse("No records can be fetched")

    async def flow_trace(self, execution_id: str) -> FlowTrace | None:
        raise ReadOnlyError(
            "The snapshot does not hold the trace of this flow.",
            why="It had not been fetched when the snapshot was made, or was left out of it.",
            fix="Ask for it where the platform is.",
        )

    async def execute(self, action_id: str, payload: Any) -> Answer:
        refuse("No action can be run")

    async def submit(self, body: Any, idempotency_key: str) -> Submitted:
        refuse("Nothing can be submitted")

    async def deploy_schema(self, schema: Mapping[str, Any]) -> Deployed:
        refuse("No schema can be deployed")

    async def analytics(self, action_id: str, interval: str) -> Analytics:
        refuse("No figures can be asked for")


class _PastRecoverer(Recoverer):
    """Failures as they stood."""

    async def redeliver(self, error_ids: Sequence[str]) -> int:
        """Raises ReadOnlyError."""
        refuse("No dead letter can be delivered")

    async def discard(self, error_id: str, reason: str) -> DeadLetter:
        """Raises ReadOnlyError."""
        refuse("No dead letter can be discarded")


class _PastHealth(Health):
    """The health of actions as it stood."""

    def __init__(self, monitor: ExhibitMonitor, actions: Sequence[ActionHealth]) -> None:
        self._past = {one.action_id: one for one in actions}
        self.settings = monitor.profile.health

    async def report(self, action_id: str, interval: str = "PT24H") -> HealthReport:
        """The report of that time, whatever interval it is of. Raises ReadOnlyError where there
        is none."""
        known = self._past.get(action_id)
        if known is None or known.report is None:
            refuse("There are no figures of this action")
        return known.report

    def actions(self) -> list[ActionHealth]:
        """Every action, in the order of the snapshot."""
        return list(self._past.values())

    def action(self, action_id: str) -> ActionHealth | None:
        """One action, `None` when the snapshot holds none."""
        return self._past.get(action_id)

    def threshold(self, action_id: str) -> float:
        """The error rate in percent above which the action was ill."""
        known = self._past.get(action_id)
        return self.settings.threshold_of(action_id) if known is None else known.threshold

    def alarm(self, action_id: str) -> Alarm:
        """How the alarm of the action stood."""
        known = self._past.get(action_id)
        if known is None:
            return Alarm()
        level = _LEVELS.get(known.state, Level.CALM)
        return Alarm(level, since=known.since, silenced_until=known.silenced_until)

    async def follow(self, action_id: str) -> None:
        """Raises ReadOnlyError."""
        refuse("No action can be followed")

    async def unfollow(self, action_id: str) -> None:
        """Raises ReadOnlyError."""
        refuse("No action can be taken away")

    def refresh(self, action_id: str | None = None) -> None:
        """Raises ReadOnlyError."""
        refuse("Nothing can be asked anew")

    async def silence(self, action_id: str, for_s: float) -> None:
        """Raises ReadOnlyError."""
        refuse("No alarm can be silenced")

    async def unsilence(self, action_id: str) -> None:
        """Raises ReadOnlyError."""
        refuse("No alarm can be changed")
