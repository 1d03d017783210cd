"""Everything that watching needs, opened together and closed in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ..config import Profile, Settings, resolve_secrets
from ..config.redaction import redactor_of
from ..errors import ConfigError, StoreError
from ..http import Answer, Caller, Request
from ..models import Call, FlowTrace, RateBudget
from ..platforms import (
    DIALECTS,
    Analytics,
    Deployed,
    Platform,
    RecordPage,
    StatusReading,
    Submitted,
    no_analytics,
    platform_for,
)
from ..sources import Library
from ..store import Store
from .executing import executor_for, sources_of
from .keeping import Keeper
from .monitor import Monitor
from .notify import Notifier

log = logging.getLogger(__name__)


class Link:
    """A platform that is connected to with its first call, and not before.

    So that what is known can be shown while a secret is fetched, or when it cannot be had. Each
    call raises SecretError (or ConfigError) until the secrets can be had; then it is the dialect
    of the profile. Used in `async with`. `record` is called with every change of every call.
    """

    def __init__(self, profile: Profile, *, record: Callable[[Call], None]) -> None:
        self._profile = profile
        self._record = record
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._caller: Caller | None = None
        self._dialect: Platform | None = None

    @property
    def name(self) -> str:
        """The dialect's name."""
        return self._profile.platform

    @property
    def budget(self) -> RateBudget:
        """The calls that the platform still allows."""
        return RateBudget() if self._caller is None else self._caller.budget

    async def run_status(self, run_id: str) -> StatusReading:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).run_status(run_id)

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).failed_records(run_id, page, size)

    async def flow_trace(self, execution_id: str) -> FlowTrace | None:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).flow_trace(execution_id)

    async def execute(self, action_id: str, payload: Any) -> Answer:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).execute(action_id, payload)

    async def submit(self, body: Any, idempotency_key: str) -> Submitted:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).submit(body, idempotency_key)

    async def analytics(self, action_id: str, interval: str) -> Analytics:
        """As the dialect; also raises SecretError. A platform without analytics needs no secret."""
        dialect = DIALECTS.get(self._profile.platform)
        if dialect is not None and not dialect.has_analytics:
            raise no_analytics(self._profile.platform)
        return await (await self._connected()).analytics(action_id, interval)

    async def deploy_schema(self, schema: Mapping[str, Any]) -> Deployed:
        """As the dialect; also raises SecretError."""
        return await (await self._connected()).deploy_schema(schema)

    async def ask(self, request: Request) -> Answer:
        """The platform's answer to any request, as `Caller.send`; also raises SecretError."""
        await self._connected()
        assert self._caller is not None
        return await self._caller.send(request)

    async def _connected(self) -> Platform:
        async with self._lock:
            if self._dialect is None:
                credentials = await resolve_secrets(self._profile)
                caller = Caller(self._profile, credentials, record=self._record)
                dialect = platform_for(self._profile, caller)
                self._caller = await self._stack.enter_async_context(caller)
                self._dialect = dialect
            return self._dialect

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


@dataclass(frozen=True, slots=True)
class Session:
    """What commands without a screen work with: the store, and the platform through `link`.

    All calls are kept in the store with their attempts.
    """

    profile: Profile
    store: Store
    link: Link


@asynccontextmanager
async def open_session(
    settings: Settings, *, on_store_trouble: Callable[[StoreError], None] | None = None
) -> AsyncIterator[Session]:
    """A session for the profile of `settings`, without a monitor.

    `on_store_trouble` hears when calls cannot be kept; without it that is logged. Raises
    ConfigError when no profile is chosen, StoreError when the store cannot be opened.
    """
    profile = _chosen(settings)

    def trouble(error: StoreError) -> None:
        if on_store_trouble is None:
            log.error("%s", error)
        else:
            on_store_trouble(error)

    async with await _store(settings, profile) as store:
        keeper = Keeper(store, on_trouble=trouble, on_success=lambda: None)
        keeping = asyncio.create_task(keeper.run(), name="keeper")
        try:
            async with Link(profile, record=keeper.add_call) as link:
                yield Session(profile, store, link)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await keeper.flush()


@asynccontextmanager
async def open_monitor(settings: Settings) -> AsyncIterator[Monitor]:
    """The monitor for the profile of `settings`, with its store and its platform.

    Opens as long as the store does: wrong credentials, a secret that cannot be had or a network
    that is down are told by `monitor.connection`, and what is known is there all the same.
    Raises ConfigError when no profile is chosen, StoreError when the store cannot be opened.
    """
    profile = _chosen(settings)
    monitors: list[Monitor] = []

    def record(call: Call) -> None:
        for monitor in monitors:
            monitor.see_call(call)

    async with (
        await _store(settings, profile) as store,
        Library.open(
            store,
            sources_of(settings),
            data_dir=settings.paths.data_dir,
            redactor=store.redactor,
        ) as library,
        Link(profile, record=record) as link,
    ):
        executor = executor_for(settings, link, store.redactor)
        monitor = Monitor(
            profile, store, link, link, library=library, executor=executor, ask=link.ask
        )
        monitors.append(monitor)
        async with monitor, Notifier(monitor) as monitor.notifier:
            yield monitor


async def _store(settings: Settings, profile: Profile) -> Store:
    path = settings.paths.store_file(profile.name)
    return await Store.open(path, redactor=redactor_of(settings))


def _chosen(settings: Settings) -> Profile:
    if settings.profile is None:
        raise ConfigError(
            "No profile says which platform to watch.", why=" ".join(settings.missing)
        )
    return settings.profile
