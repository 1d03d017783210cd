"""Notices that something changed: keys, not data, and never too many of them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Literal, NamedTuple

log = logging.getLogger(__name__)

Kind = Literal["run", "errors", "call", "connection", "budget", "runs", "recovery", "health"]


class Change(NamedTuple):
    """Something changed: a run (`key` is its id), its kept errors, a call (its call id), a
    recovery (its error's id), the health of an action (its id), or, without a key, the
    connection, the rate budget, or which runs are watched."""

    kind: Kind
    key: str = ""


Listener = Callable[[frozenset[Change]], None]


class Changes:
    """Collects changes and tells them together, at most once in `gap_s` seconds.

    The first change after a quiet time is told in the next turn of the loop. Listeners are
    called in the event loop; one that raises is logged, and the others are told all the same.
    """

    def __init__(self, *, gap_s: float = 0.1) -> None:
        self._gap_s = gap_s
        self._listeners: list[Listener] = []
        self._waiting: set[Change] = set()
        self._timer: asyncio.Handle | None = None
        self._told_at = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._closed = False

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """From now on tells `listener`; returns what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def post(self, kind: Kind, key: str = "") -> None:
        """Says that something changed; may be called from any thread."""
        if threading.get_ident() == self._thread:
            self._add(Change(kind, key))
        elif not self._closed:
            self._loop.call_soon_threadsafe(self._add, Change(kind, key))

    def _add(self, change: Change) -> None:
        if self._closed:
            return
        self._waiting.add(change)
        if self._timer is None:
            wait = self._told_at + self._gap_s - self._loop.time()
            self._timer = self._loop.call_later(max(0.0, wait), self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._told_at = self._loop.time()
        changes, self._waiting = frozenset(self._waiting), set()
        for listener in tuple(self._listeners):
            try:
                listener(changes)
            except Exception:
                log.exception("A listener failed on %d changes", len(changes))

    def close(self) -> None:
        """Tells what is waiting, and nothing after that."""
        if self._timer is not None:
            self._timer.cancel()
            self._tell()
        self._closed = True
        self._listeners.clear()
