"""The capture log: takes what was seen, redacts it, writes it, and never gets in the way.

What passes is put into a queue as it is. A timer of the event loop makes lines of it, at most 32
at a time, so that no request waits long for another's line; a thread would hold the interpreter's
lock at worse moments. Lines are written every `flush_interval_s`: that much is lost at most when
the process is killed.

A log that cannot be written (disk full, no permission) fails nothing. Lines wait in memory within
a bound and are tried again; what goes beyond is dropped and counted, and said once by `logging`.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from weakref import WeakSet

from ..errors import ConfigError, LineError
from ..redact import REDACTOR, Redactor
from .cleaner import Cleaner
from .files import LogFile
from .record import encode
from .sighting import Sighting
from .stats import CaptureStats
from .syncing import Syncing

Fsync = Literal["never", "interval", "always"]

LOGGER = logging.getLogger("cxtop.capture")

SLICE = 32
"""How many exchanges at most are made into lines before the event loop gets its turn."""

_SLICE_WEIGHT = 256 * 1024
_WRITE_FROM = 256 * 1024
_QUEUE_LENGTH = 20_000
_QUEUE_WEIGHT = 64 * 1024 * 1024
_RETRY_FIRST_S = 0.5
_RETRY_MOST_S = 10.0


class CaptureLog:
    """Appends exchanges to JSON Lines files (contract §6, the format is in `record`).

    `path` is a file, or a folder, which gets one file a process (`files` has the rules). A file
    holds at most `max_bytes`, and `keep` full ones are kept beside the current one. `fsync`:
    `never` leaves it to the system, `interval` syncs after every flush, `always` writes and syncs
    each exchange without waiting for the interval; syncing is done in a thread. `max_waiting` is
    how many bytes of lines wait in memory while the file cannot be written.

    Everything is opened when it is first needed, also after a fork, and again after `close`.
    Raises `ConfigError` for settings that make no sense.
    """

    def __init__(
        self,
        path: str | Path,
        service: str = "service",
        *,
        max_bytes: int = 64 * 1024 * 1024,
        keep: int = 8,
        flush_interval_s: float = 0.2,
        fsync: Fsync = "never",
        max_waiting: int = 16 * 1024 * 1024,
        redactor: Redactor = REDACTOR,
    ) -> None:
        if max_bytes < 1 or keep < 0 or max_waiting < 0 or not 0 < flush_interval_s < 3600:
            raise ConfigError(
                "The capture log's limits make no sense.",
                why="max_bytes and flush_interval_s must be above 0; keep and max_waiting not "
                "below 0.",
            )
        if fsync not in ("never", "interval", "always"):
            raise ConfigError(
                f"The capture log knows no fsync policy {fsync!r}.",
                fix="Use never, interval or always.",
            )
        self.service = service
        self.redactor = redactor
        self._cleaner = Cleaner(redactor)
        self._file = LogFile(path, service, max_bytes=max_bytes, keep=keep)
        self._syncing = Syncing(self._file, self._trouble)
        self._interval = flush_interval_s
        self._fsync = fsync
        self._max_waiting = max_waiting
        self._lock = threading.RLock()
        self._queue: deque[Sighting] = deque()
        self._queue_weight = 0
        self._lines: deque[bytes] = deque()
        self._lines_size = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._slicing = False
        self._retry_at = 0.0
        self._retry_after = _RETRY_FIRST_S
        self._seen = self._written = self._dropped = self._failed = 0
        self._problem = ""
        self._dropping = False
        _LOGS.add(self)

    def __enter__(self) -> CaptureLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path | None:
        """The file that is written at present; `None` before the first flush."""
        return self._file.path

    @property
    def stats(self) -> CaptureStats:
        """What became of the exchanges so far."""
        return CaptureStats(
            seen=self._seen,
            written=self._written,
            waiting=len(self._queue) + len(self._lines),
            dropped=self._dropped,
            failed=self._failed,
            problem=self._problem,
        )

    def submit(self, sighting: Sighting) -> None:
        """Takes an exchange; never raises and never waits. Whoever hands it in lets go of it.

        Where no asyncio event loop runs it is written at once.
        """
        self._seen += 1
        weight = sighting.weight
        if len(self._queue) >= _QUEUE_LENGTH or self._queue_weight + weight > _QUEUE_WEIGHT:
            self._drop(1)
            return
        self._queue.append(sighting)
        self._queue_weight += weight
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if loop is not self._loop:
            self._loop, self._timer, self._slicing = loop, None, False
        if not self._slicing and (len(self._queue) >= SLICE or self._fsync == "always"):
            self._slicing = True
            loop.call_soon(self._slice, loop)
        if self._timer is None:
            self._timer = loop.call_later(self._interval, self._tick, loop)

    def flush(self) -> None:
        """Writes everything that waits, now, however long that takes; never raises."""
        with self._lock:
            while self._queue:
                self._encode_some()
            self._retry_at = 0.0
            self._write()

    def close(self) -> None:
        """Writes everything that waits, syncs it unless the policy is `never`, and closes the
        file. Never raises; a log that is used again opens again."""
        with self._lock:
            self.flush()
            if self._fsync != "never":
                self._syncing.now()
            self._file.close()
            if self._lines:
                self._drop(len(self._lines))
                self._lines.clear()
                self._lines_size = 0

    def forget(self) -> None:
        """After a fork, in the child: what waits is the parent's to write, and so is the file."""
        self._lock = threading.RLock()
        self._queue.clear()
        self._lines.clear()
        self._queue_weight = self._lines_size = 0
        self._loop = self._timer = None
        self._slicing = False
        self._syncing.forget()
        self._file.forget()

    def _slice(self, loop: asyncio.AbstractEventLoop) -> None:
        """One turn of the event loop: some lines, and a write when there are enough."""
        with self._lock:
            self._encode_some()
            if len(self._queue) >= SLICE or (self._queue and self._fsync == "always"):
                loop.call_soon(self._slice, loop)
            else:
                self._slicing = False
            if self._lines_size >= _WRITE_FROM or self._fsync == "always":
                self._write()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """The flush interval is over."""
        with self._lock:
            self._encode_some()
            if self._queue:
                self._timer = loop.call_later(0, self._tick, loop)
                return
            self._write()
            self._timer = None
            if self._lines:
                delay = max(self._retry_at - time.monotonic(), self._interval)
                self._timer = loop.call_later(delay, self._tick, loop)

    def _encode_some(self) -> None:
        weight = 0
        for _ in range(min(SLICE, len(self._queue))):
            sighting = self._queue.popleft()
            weight += sighting.weight
            self._queue_weight -= sighting.weight
            self._encode_one(sighting)
            if weight > _SLICE_WEIGHT:
                break
        if not self._queue:
            self._queue_weight = 0  # threads may have miscounted

    def _encode_one(self, sighting: Sighting) -> None:
        try:
            line = encode(sighting.line(self.service, self._cleaner))
        except LineError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a fault in here must not reach the service
            self._fail(error)
        else:
            if self._lines and self._lines_size + len(line) > self._max_waiting:
                self._drop(1)
                return
            self._lines.append(line)
            self._lines_size += len(line)

    def _write(self) -> None:
        if not self._lines or time.monotonic() < self._retry_at:
            return
        before = len(self._lines)
        try:
            self._file.write(self._lines)
        except OSError as error:
            self._trouble(error)
        else:
            self._recovered()
        finally:
            self._written += before - len(self._lines)
            self._lines_size = sum(map(len, self._lines))
        if self._fsync != "never" and len(self._lines) < before:
            self._syncing.soon()

    def _trouble(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + self._retry_after
        self._retry_after = min(self._retry_after * 2, _RETRY_MOST_S)
        first = not self._problem
        self._problem = f"{error.strerror or error} ({self._file.path or self._file.target})"
        if first:
            LOGGER.warning(
                "The capture log cannot be written: %s. Exchanges wait in memory, up to %d MiB, "
                "and are dropped beyond that.",
                self._problem,
                self._max_waiting // (1024 * 1024),
            )

    def _recovered(self) -> None:
        self._retry_at, self._retry_after = 0.0, _RETRY_FIRST_S
        if self._problem:
            self._problem = ""
            LOGGER.warning(
                "The capture log can be written again. Dropped so far: %d exchanges.", self._dropped
            )
        self._dropping = False

    def _drop(self, count: int) -> None:
        self._dropped += count
        if not self._dropping:
            self._dropping = True
            LOGGER.warning("The capture log drops exchanges: there is no room for more of them.")

    def _fail(self, error: Exception) -> None:
        self._failed += 1
        if self._failed == 1:
            # The text of the error may quote a body, so only its type is told.
            LOGGER.warning("An exchange could not be written: %s.", type(error).__name__)


_LOGS: WeakSet[CaptureLog] = WeakSet()


def _for_all(act: Callable[[CaptureLog], None]) -> Callable[[], None]:
    def run() -> None:
        for log in list(_LOGS):
            act(log)

    return run


os.register_at_fork(after_in_child=_for_all(CaptureLog.forget))
atexit.register(_for_all(CaptureLog.close))
