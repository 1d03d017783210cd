"""The log file: private, bounded, without secrets, and made only when there is something to say."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logging.handlers import RotatingFileHandler

MOST_BYTES = 1024 * 1024
KEPT = 3


def start() -> Log:
    """Has everything that is logged from now on go to the log file."""
    log = Log(_log_file)
    root = logging.getLogger()
    root.addHandler(log)
    logging.getLogger("cxtop").setLevel(logging.INFO)
    logging.captureWarnings(True)
    return log


def stop(log: Log) -> None:
    """Undo `start`, and let go of the file."""
    logging.captureWarnings(False)
    logging.getLogger().removeHandler(log)
    log.close()


class Log(logging.Handler):
    """Writes records to the file that `place` gives, once there is a first one.

    `path` is that file then; `failure` says why it cannot be written.
    """

    def __init__(self, place: Callable[[], Path]) -> None:
        super().__init__()
        self.path: Path | None = None
        self.failure = ""
        self._place = place
        self._file: RotatingFileHandler | None = None
        # Its own format redacts the whole line, the traceback in it too.
        self.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a log that cannot be written holds up nothing, and is remembered."""
        try:
            if self._file is None:
                self._file = self._open()
            self._file.emit(record)
        except OSError as error:
            self.failure = error.strerror or str(error)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def _open(self) -> RotatingFileHandler:
        self.path = self._place()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _private_handler()(
            self.path, maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8"
        )
        file.setFormatter(self.formatter)
        return file


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from ...core.redact import REDACTOR
        from ...core.text import safe

        return safe(REDACTOR.text(super().format(record)), keep_newlines=True)


def _log_file() -> Path:
    from ...core.config import find_paths

    return find_paths(os.environ).log_file


def _private_handler() -> type[RotatingFileHandler]:
    from logging.handlers import RotatingFileHandler

    class PrivateFile(RotatingFileHandler):
        """A file that nobody else can read, from its first moment on."""

        def _open(self) -> Any:
            descriptor = os.open(
                self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            os.fchmod(descriptor, 0o600)
            return os.fdopen(descriptor, "a", encoding=self.encoding, errors="backslashreplace")

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
            """What cannot be written is raised, instead of being told on the screen."""
            raise

    return PrivateFile
