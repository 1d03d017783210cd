"""The file that a capture log is written to: whole lines, one process, rotated by size.

A full file is renamed once, to `NAME.N.jsonl` with N counted upward, and keeps that name until it
is deleted; nothing is ever shifted or cut. So whoever follows the log meets each file under at
most two names, and `*.jsonl` matches both.

The file is locked while it is open. Another process that is told the same file (a forked worker,
for one) writes `NAME-PID.jsonl` beside it. A file whose last line a killed process left unfinished
is set aside like a full one, so that no line is ever glued to half of another.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_BATCH = 1024 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9._\-]+")
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class LogFile:
    """Writes lines to `path`, a file or a folder; a folder gets a file `SERVICE-PID.jsonl`.

    A path is a folder if it is one, ends with a slash, or is new and bears no suffix. Nothing is
    opened before something is written. Every method may raise `OSError`.
    """

    def __init__(self, path: str | Path, service: str, *, max_bytes: int, keep: int) -> None:
        self.target = Path(path)
        self._slash = str(path).endswith(os.sep)
        self._service = _UNSAFE.sub("_", service).strip(".") or "service"
        self._max_bytes = max_bytes
        self._keep = keep
        self._fd = -1
        self._size = 0
        self._regular = True
        self._identity = (0, 0)
        self._done = 0  # how many bytes of the first waiting line are in the file already
        self.path: Path | None = None

    def write(self, lines: deque[bytes]) -> int:
        """Appends `lines` and takes them out as it goes; returns how many.

        What an error left unwritten is still in `lines`: the next call goes on from there.
        """
        before = len(lines)
        self._ready()
        while lines:
            if self._full(len(lines[0])):
                self._rotate()
            self._append(lines)
        return before - len(lines)

    def duplicate(self) -> int | None:
        """Another descriptor of the open file, to be synced and closed by the caller."""
        return os.dup(self._fd) if self._fd >= 0 and self._regular else None

    def close(self) -> None:
        """Closes the file and gives up its lock. The next write opens it again."""
        if self._fd >= 0:
            descriptor, self._fd = self._fd, -1
            os.close(descriptor)

    def forget(self) -> None:
        """After a fork, in the child: leaves the file to the parent."""
        self.close()
        self._done = 0

    def _append(self, lines: deque[bytes]) -> None:
        written = os.write(self._fd, self._batch(lines))
        self._size += written
        written += self._done
        while lines and written >= len(lines[0]):
            written -= len(lines.popleft())
        self._done = written

    def _batch(self, lines: deque[bytes]) -> bytes:
        size = len(lines[0]) - self._done
        count = 1
        most = max(size, min(_BATCH, self._max_bytes - self._size))
        for line in islice(lines, 1, None):
            if size + len(line) > most:
                break
            size += len(line)
            count += 1
        batch = list(islice(lines, count))
        if self._done:
            batch[0] = batch[0][self._done :]
        return b"".join(batch)

    def _full(self, needed: int) -> bool:
        return (
            self._regular
            and self._size > 0
            and not self._done
            and self._size + needed > self._max_bytes
        )

    def _ready(self) -> None:
        """Opens the file, again if somebody moved or deleted it."""
        if self._fd >= 0 and self.path is not None:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                found = None
            if found is not None and (found.st_dev, found.st_ino) == self._identity:
                return
            self.close()
        self._done = 0
        self._open()

    def _open(self) -> None:
        for path in self._candidates():
            descriptor = _opened(path)
            if descriptor is None:
                continue
            try:
                found = os.fstat(descriptor)
                self._regular = stat.S_ISREG(found.st_mode)
                if self._regular and stat.S_IMODE(found.st_mode) != FILE_MODE:
                    os.fchmod(descriptor, FILE_MODE)
                unfinished = self._regular and _unfinished(path, found.st_size)
            except OSError:
                os.close(descriptor)
                raise
            self._fd, self.path = descriptor, path
            self._size = found.st_size if self._regular else 0
            self._identity = (found.st_dev, found.st_ino)
            if unfinished:
                self._rotate()
            return
        raise FileExistsError(errno.EEXIST, "every name for this log is taken", str(self.target))

    def _candidates(self) -> Iterator[Path]:
        named = self._slash or not (self.target.suffix or self.target.exists())
        folder = named or self.target.is_dir()
        home = self.target if folder else self.target.parent
        _make_folder(home)
        pid = os.getpid()
        if folder:
            stem, suffix = f"{self._service}-{pid}", ".jsonl"
            yield home / f"{stem}{suffix}"
        else:
            yield self.target
            stem, suffix = f"{self.target.stem}-{pid}", self.target.suffix
            yield home / f"{stem}{suffix}"
        for number in range(2, 100):
            yield home / f"{stem}-{number}{suffix}"

    def _rotate(self) -> None:
        path = self.path
        if path is None:
            return
        number = max(rotated(path), default=0) + 1
        path.rename(_numbered(path, number))
        self.close()
        old = rotated(path)
        for spare in sorted(old)[: max(0, len(old) - self._keep)]:
            old[spare].unlink(missing_ok=True)
        self._open()


def rotated(path: Path) -> dict[int, Path]:
    """The rotated files of the log at `path`, by number; the highest is the newest."""
    name = re.compile(rf"{re.escape(path.stem)}\.([0-9]{{1,9}}){re.escape(path.suffix)}\Z")
    found = {}
    for entry in path.parent.iterdir():
        match = name.match(entry.name)
        if match:
            found[int(match[1])] = entry
    return found


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.{number}{path.suffix}")


def _opened(path: Path) -> int | None:
    """A locked descriptor of `path`, `None` if another writer holds it."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            if not _locked(descriptor):
                os.close(descriptor)
                return None
            # Between opening and locking its last writer may have rotated it away.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # Some network file systems know no locks: then names alone keep processes apart.
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _unfinished(path: Path, size: int) -> bool:
    if not size:
        return False
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) != b"\n"


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
