"""Bringing a capture log to the disk, beside the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from .files import LogFile


class Syncing:
    """Syncs `file`. `on_trouble` hears what the system said where that failed.

    `running` tells whether a thread is at it.
    """

    def __init__(self, file: LogFile, on_trouble: Callable[[OSError], None]) -> None:
        self._file = file
        self._on_trouble = on_trouble
        self.running = False

    def soon(self) -> None:
        """Sync in a thread where an event loop runs, else here."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.now()
            return
        if self.running:
            return  # the next flush will
        try:
            descriptor = self._file.duplicate()
        except OSError as error:
            self._on_trouble(error)
            return
        if descriptor is None:
            return
        self.running = True
        loop.run_in_executor(None, _sync, descriptor).add_done_callback(self._done)

    def now(self) -> None:
        """Sync, and wait for it."""
        try:
            descriptor = self._file.duplicate()
            if descriptor is not None:
                _sync(descriptor)
        except OSError as error:
            self._on_trouble(error)

    def forget(self) -> None:
        """After a fork, in the child: what runs is the parent's."""
        self.running = False

    def _done(self, done: asyncio.Future[None]) -> None:
        self.running = False
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, OSError):
            self._on_trouble(error)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
