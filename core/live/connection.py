"""Whether the platform answers as a whole, told from what became of single calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ..errors import (
    AuthenticationError,
    ConfigError,
    CxtopError,
    NetworkError,
    NoAnswerError,
    StoreError,
)
from ..models import Connection, ConnectionState

SILENT_AFTER = 3
"""Calls in a row without an answer, until a platform that did answer counts as offline."""


class Line:
    """Keeps the state of the connection; `on_change` is called when it changes.

    Being paused hides the state beneath and gives it back. Trouble with the store shows in
    `what`, `why` and `fix` of a live connection, as nothing else there can tell it.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._beneath = Connection(since=datetime.now(UTC))
        self._paused_at: datetime | None = None
        self._store_trouble: StoreError | None = None
        self._silent = 0

    @property
    def connection(self) -> Connection:
        """The state now."""
        if self._paused_at is not None:
            return Connection(
                state=ConnectionState.PAUSED,
                what="Polling is paused.",
                fix="Resume to see the runs move again.",
                since=self._paused_at,
            )
        trouble = self._store_trouble
        if trouble is not None and self._beneath.state is ConnectionState.LIVE:
            return replace(self._beneath, what=trouble.what, why=trouble.why, fix=trouble.fix)
        return self._beneath

    @property
    def denied(self) -> bool:
        """Whether the platform does not accept the client."""
        return self._beneath.state is ConnectionState.DENIED

    def answered(self) -> None:
        """A call was answered, be it with yes or no."""
        self._silent = 0
        self._enter(ConnectionState.LIVE)

    def failed(self, error: CxtopError) -> None:
        """A call ended in `error`, after all its retries."""
        if isinstance(error, AuthenticationError | ConfigError):
            self._enter(ConnectionState.DENIED, error)
        elif isinstance(error, NetworkError):
            self._silent += 1
            live = self._beneath.state is ConnectionState.LIVE
            if not (live and isinstance(error, NoAnswerError) and self._silent < SILENT_AFTER):
                self._enter(ConnectionState.OFFLINE, error)
        else:
            self.answered()

    def broke(self, error: CxtopError) -> None:
        """Nothing is asked any more, because of a fault in cxtop itself."""
        self._enter(ConnectionState.OFFLINE, error)

    def unanswered(self, what: str) -> None:
        """A call keeps trying without an answer."""
        if self._beneath.state is ConnectionState.CONNECTING:
            error = NetworkError(what, fix="Check the network and the profile's base_url.")
            self._enter(ConnectionState.OFFLINE, error)

    def again(self) -> None:
        """The user wants it tried again now."""
        if self._beneath.state is not ConnectionState.LIVE:
            self._silent = 0
            self._enter(ConnectionState.CONNECTING)

    def pause(self) -> None:
        """Polling is paused."""
        if self._paused_at is None:
            self._paused_at = datetime.now(UTC)
            self._on_change()

    def resume(self) -> None:
        """Polling goes on."""
        if self._paused_at is not None:
            self._paused_at = None
            self._on_change()

    def store_failed(self, error: StoreError) -> None:
        """What was seen could not be kept."""
        if self._store_trouble is None or self._store_trouble.what != error.what:
            self._store_trouble = error
            self._on_change()

    def store_works(self) -> None:
        """What was seen was kept."""
        if self._store_trouble is not None:
            self._store_trouble = None
            self._on_change()

    def _enter(self, state: ConnectionState, error: CxtopError | None = None) -> None:
        what, why, fix = (error.what, error.why, error.fix) if error else ("", "", "")
        now = self._beneath
        if (now.state, now.what, now.why, now.fix) == (state, what, why, fix):
            return
        since = now.since if now.state is state else datetime.now(UTC)
        self._beneath = Connection(state=state, what=what, why=why, fix=fix, since=since)
        self._on_change()
