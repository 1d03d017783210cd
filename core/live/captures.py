"""Captured exchanges and what belongs to them, for commands and services without a screen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from ..config import HealthSettings, Settings
from ..config.redaction import redactor_of
from ..errors import SourceError, StoreError
from ..models import Correlation, RateBudget, RecordError
from ..sources import Library
from ..store import Store, figures, health
from .correlation import Correlator
from .executing import sources_of
from .healthreports import HealthReports
from .roster import MOST_SEEN
from .session import Link, open_session
from .tracing import Tracer

log = logging.getLogger(__name__)

NO_PROFILE = "no profile"
"""Whose store it is where there is no profile; no profile can bear this name."""

FOLLOW_S = 0.5
_AFTER_TROUBLE_S = 5.0


class Captures:
    """The capture logs of the settings, and the platform where there is a profile.

    Nothing is read before `catch_up`, or while `follow` runs.
    """

    def __init__(
        self,
        store: Store,
        library: Library,
        tracer: Tracer,
        *,
        link: Link | None = None,
        settings: HealthSettings | None = None,
    ) -> None:
        self.store = store
        self.library = library
        self.health = HealthReports(store, link)
        self._health_settings = settings or HealthSettings()
        self._correlator = Correlator(library, store, tracer)
        self._reading = asyncio.Lock()

    async def catch_up(self) -> int:
        """Read what is in the logs now; says how many exchanges were new.

        Raises StoreError, and SourceError where foreign logs cannot be taken over.
        """
        async with self._reading:
            try:
                return await self.library.catch_up()
            except OSError as error:
                raise SourceError(
                    "Foreign logs cannot be taken over.",
                    why=f"The system says: {error.strerror or error}.",
                    fix="Make the data folder writable; cxtop config path --json says where it is.",
                ) from error

    async def follow(self) -> None:
        """Read what comes, until cancelled."""
        while True:
            try:
                await self.catch_up()
            except (StoreError, SourceError) as error:
                log.warning("Exchanges cannot be indexed: %s", error)
                await asyncio.sleep(_AFTER_TROUBLE_S)
            await asyncio.sleep(FOLLOW_S)

    async def actions(self) -> list[str]:
        """The actions whose health is followed: those of the profile, those that the user follows
        in the app, and those that are captured, but for those that the user does not want."""
        limit = MOST_SEEN
        kept = await self.store.readers.read(health.kept)
        seen = await self.store.readers.read(lambda c: figures.actions(c, limit))
        wanted = [one.action_id for one in kept if one.followed]
        unwanted = {one.action_id for one in kept if one.followed is False}
        known = dict.fromkeys((*self._health_settings.actions, *wanted, *seen))
        return [action_id for action_id in known if action_id not in unwanted]

    async def correlate(self, request_id: str) -> Correlation:
        """Everything that is known to belong to a request, also what came just now.

        See `Correlator.correlate`. Raises what `catch_up` raises.
        """
        await self.catch_up()
        return await self._correlator.correlate(request_id)

    async def correlate_record(self, error: RecordError) -> Correlation | None:
        """What belongs to a failed record; `None` if it bears no id."""
        await self.catch_up()
        return await self._correlator.of_record(error)


@asynccontextmanager
async def open_captures(
    settings: Settings,
    *,
    sources: Sequence[str] | None = None,
    full_text: bool = False,
    tell: Callable[[str], None] = log.warning,
) -> AsyncIterator[Captures]:
    """The captures of `settings`. Without a profile they have a store of their own.

    `sources` are read in place of the capture logs that the settings name. With `full_text` bodies
    are made searchable; `tell` hears sentences for the user. Raises StoreError when the store
    cannot be opened.
    """

    def trouble(error: StoreError) -> None:
        log.warning("%s", error)

    async with AsyncExitStack() as stack:
        link: Link | None = None
        if settings.profile is None:
            path = settings.paths.store_file(NO_PROFILE)
            opened = await Store.open(path, redactor=redactor_of(settings))
            store = await stack.enter_async_context(opened)
        else:
            session = await stack.enter_async_context(
                open_session(settings, on_store_trouble=trouble)
            )
            store, link = session.store, session.link
        library = await stack.enter_async_context(
            Library.open(
                store,
                sources_of(settings) if sources is None else sources,
                data_dir=settings.paths.data_dir,
                follow=False,
                full_text=full_text,
                tell=tell,
                redactor=store.redactor,
            )
        )
        tracer = Tracer(
            link,
            store,
            budget=lambda: RateBudget() if link is None else link.budget,
            on_store_trouble=trouble,
        )
        profile = settings.profile
        yield Captures(
            store, library, tracer, link=link, settings=None if profile is None else profile.health
        )
