"""Foreign files become capture logs in the data folder, and are followed from there.

So there is one way to index, read back and verify, and nothing is written before it was redacted.
Each foreign log gets a log of its own. The id of each exchange in it holds the offset of the line
that it came from: after a crash the last line says where to go on, and nothing comes twice.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import blake2b
from pathlib import Path

from ..capture.cleaner import Cleaner
from ..capture.files import FILE_MODE, FOLDER_MODE
from ..capture.record import decode_head, encode
from ..errors import LineError, SourceError
from ..redact import REDACTOR, Redactor
from .content import READ, Content
from .foreign import exchange_in, sighting_of
from .har import read_har
from .recognise import LOOK, Kind, recognise
from .tailing import Piece, Tailer, Tracked

LARGEST_HAR = 512 * 1024 * 1024

_UNSAFE = re.compile(r"[^A-Za-z0-9._\-]+")
_WORD = 1 << 64
# Odd, so that it can be undone: ids of neighbours do not begin alike.
_MIX = 0x9E3779B97F4A7C15
_UNMIX = pow(_MIX, -1, _WORD)


class Kinds:
    """Remembers what kind each file is, and asks again only where it was not clear."""

    def __init__(self, paths: Callable[[], Iterable[str]], tell: Callable[[str], None]) -> None:
        self._paths = paths
        self._tell = tell
        self._known: dict[tuple[int, int], Kind] = {}

    def of(self, wanted: Kind) -> list[str]:
        """The paths of files of this kind."""
        return [path for path in self._paths() if self._kind(path) is wanted]

    def _kind(self, path: str) -> Kind | None:
        try:
            found = os.stat(path)  # noqa: PTH116
            key = found.st_dev, found.st_ino
            if key in self._known and found.st_size:
                return self._known[key]
            content = Content(path)
        except OSError:
            # The tailer tells of what cannot be read.
            return Kind.CAPTURE
        try:
            beginning = content.read(0, LOOK)
        except OSError:
            return Kind.CAPTURE
        finally:
            content.close()
        kind = recognise(beginning, whole=len(beginning) < LOOK)
        if kind is None:
            return None
        if kind is Kind.UNKNOWN:
            self._tell(f"{path} holds no exchanges in any form that is known. It is left out.")
        self._known[key] = kind
        return kind


class Importer:
    """Brings foreign files into `folder`. All of it blocks and belongs in a thread."""

    def __init__(
        self,
        folder: Path,
        kinds: Kinds,
        *,
        tell: Callable[[str], None],
        redactor: Redactor = REDACTOR,
    ) -> None:
        self._folder = folder
        self._tell = tell
        self._cleaner = Cleaner(redactor)
        self._kinds = kinds
        self._har_done: dict[str, tuple[int, int]] = {}
        self._targets: dict[Tracked, _Target] = {}
        self._tailer: Tailer | None = None
        self._lock = -1

    def run_once(self) -> bool:
        """Take in what is new; says whether anything was. Raises `OSError` where the folder
        cannot be written."""
        if not self._locked():
            return False
        if self._tailer is None:
            known = self._known()
            self._tailer = Tailer(partial(self._kinds.of, Kind.FOREIGN), known, tell=self._tell)
        self._tailer.look()
        brought = False
        while (piece := self._tailer.read()) is not None:
            brought = self._take(piece) or brought
        for path in self._kinds.of(Kind.HAR):
            brought = self._take_har(path) or brought
        return brought

    def close(self) -> None:
        """Let go of every file."""
        if self._tailer is not None:
            self._tailer.close()
            self._tailer = None
        self._targets.clear()
        if self._lock >= 0:
            lock, self._lock = self._lock, -1
            os.close(lock)

    def _locked(self) -> bool:
        """Whether this process is the one that imports; two would bring everything twice."""
        if self._lock >= 0:
            return True
        if not any(self._kinds.of(kind) for kind in (Kind.FOREIGN, Kind.HAR)):
            return False
        _make_folder(self._folder)
        lock = _append(self._folder / ".lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    # Logs

    def _known(self) -> list[Tracked]:
        found: list[Tracked] = []
        if self._folder.is_dir():
            for note in sorted(self._folder.glob("*.source.json")):
                target = _Target.open(note)
                if target is not None:
                    self._targets[target.tracked] = target
                    found.append(target.tracked)
        return found

    def _take(self, piece: Piece) -> bool:
        tracked = piece.tracked
        target = self._targets.get(tracked)
        if target is None:
            target = _Target.make(self._folder, tracked)
            self._targets[tracked] = target
        lines: list[bytes] = []
        offset = piece.start
        service = _stem(tracked.path)
        otherwise = tracked.changed / 1e9
        for line in piece.data.split(b"\n")[:-1]:
            found = exchange_in(line)
            if found is not None:
                seen = sighting_of(found, otherwise).line(service, self._cleaner)
                seen.id = id_of(offset, target.token)
                lines.append(encode(seen))
            offset += len(line) + 1
        target.append(lines)
        return bool(lines)

    # HAR

    def _take_har(self, path: str) -> bool:
        try:
            found = os.stat(path)  # noqa: PTH116
            state = found.st_size, found.st_mtime_ns
            if self._har_done.get(path) == state:
                return False
            content = Content(path)
        except OSError:
            return False
        try:
            data = b"".join(_all(content, LARGEST_HAR + 1))
        finally:
            content.close()
        self._har_done[path] = state
        if len(data) > LARGEST_HAR:
            self._tell(f"{path} is too large: HAR files are read up to 512 MiB.")
            return False
        digest = blake2b(data, digest_size=8).hexdigest()
        target = self._folder / f"{_stem(path)}-{digest}.jsonl"
        if target.exists():
            return False
        try:
            lines = self._har_lines(path, data, digest)
        except SourceError as error:
            # It may be in the middle of being written; then it changes once more.
            self._tell(f"{path}: {error}")
            return False
        _make_folder(self._folder)
        unfinished = target.with_suffix(".part")
        with os.fdopen(_create(unfinished), "wb") as file:
            file.writelines(lines)
        unfinished.rename(target)
        return True

    def _har_lines(self, path: str, data: bytes, digest: str) -> list[bytes]:
        lines: list[bytes] = []
        service = _stem(path)
        for number, found in enumerate(read_har(data)):
            if isinstance(found, str):
                self._tell(f"{path}: {found}")
                continue
            line = found.line(service, self._cleaner)
            line.id = id_of(number, digest)
            lines.append(encode(line))
        return lines


class _Target:
    """The log that a foreign log becomes, and the note that says which one that is."""

    def __init__(self, note: Path, token: str, tracked: Tracked) -> None:
        self._note = note
        self._log = note.with_name(note.name.removesuffix(".source.json") + ".jsonl")
        self.token = token
        self.tracked = tracked

    @classmethod
    def make(cls, folder: Path, tracked: Tracked) -> _Target:
        """A new one, for a log of which nothing was taken yet."""
        _make_folder(folder)
        token = secrets.token_hex(8)
        return cls(folder / f"{_stem(tracked.path)}-{token}.source.json", token, tracked)

    @classmethod
    def open(cls, note: Path) -> _Target | None:
        """The one that a note tells of; `None` if the note cannot be read."""
        try:
            data = json.loads(note.read_bytes())
            tracked = Tracked(
                data["path"],
                device=data["device"],
                inode=data["inode"],
                packed=data["packed"],
                head=bytes.fromhex(data["head"]),
                head_length=data["head_length"],
                tail=bytes.fromhex(data["tail"]),
                tail_length=data["tail_length"],
                offset=data["offset"],
            )
            target = cls(note, data["token"], tracked)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        target._mend()
        return target

    def append(self, lines: list[bytes]) -> None:
        """Keep lines, then how far the foreign log was read."""
        # The note comes first where it is new: a log without one could not be gone on with.
        if not self._note.exists():
            self._write_note(offset=0)
        if lines:
            with os.fdopen(_append(self._log), "wb") as file:
                file.writelines(lines)
        self._write_note(offset=self.tracked.offset)

    def _write_note(self, *, offset: int) -> None:
        tracked = self.tracked
        data = {
            "token": self.token,
            "path": tracked.path,
            "device": tracked.device,
            "inode": tracked.inode,
            "packed": tracked.packed,
            "head": tracked.head.hex(),
            "head_length": tracked.head_length,
            "tail": tracked.tail.hex(),
            "tail_length": tracked.tail_length,
            "offset": offset,
        }
        unfinished = self._note.with_suffix(".part")
        with os.fdopen(_create(unfinished), "w", encoding="ascii") as file:
            json.dump(data, file)
        unfinished.rename(self._note)

    def _mend(self) -> None:
        """Go on behind the last line that was written, whatever the note says."""
        try:
            with self._log.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                end = _last_newline(file.fileno(), size)
                if end < size:
                    # A crash in the middle of a line: it is written again.
                    file.truncate(end)
                line = _last_line(file.fileno(), end)
        except FileNotFoundError:
            return
        try:
            done = offset_of(decode_head(line).id, self.token)
        except LineError:
            return
        if done is not None and done >= self.tracked.offset:
            self._skip_to(done)

    def _skip_to(self, offset: int) -> None:
        """The line at `offset` of the foreign log was taken; go on behind it."""
        tracked = self.tracked
        try:
            content = Content(tracked.path)
        except OSError:
            return
        try:
            if content.head(tracked.head_length) != tracked.head:
                return
            place = offset
            while data := content.read(place, READ):
                found = data.find(b"\n")
                if found >= 0:
                    tracked.offset = place + found + 1
                    tracked.tail_length = min(256, tracked.offset)
                    tracked.tail = content.tail(tracked.offset, tracked.tail_length)
                    return
                place += len(data)
        finally:
            content.close()


def id_of(offset: int, token: str) -> str:
    """The id of the exchange that was at `offset`: 32 hexadecimal digits."""
    return f"{(offset ^ int(token, 16)) * _MIX % _WORD:016x}{token}"


def offset_of(text: str, token: str) -> int | None:
    """The offset that `id_of` made the id from; `None` if it is another's."""
    if len(text) != 32 or text[16:] != token:
        return None
    return (int(text[:16], 16) * _UNMIX % _WORD) ^ int(token, 16)


def _last_newline(fd: int, size: int) -> int:
    """Where the last whole line ends."""
    place = size
    while place > 0:
        start = max(0, place - READ)
        found = os.pread(fd, place - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        place = start
    return 0


def _last_line(fd: int, end: int) -> bytes:
    start = _last_newline(fd, end - 1) if end else 0
    return os.pread(fd, end - start, start)


def _all(content: Content, most: int) -> Iterable[bytes]:
    place = 0
    while place < most and (data := content.read(place, READ)):
        yield data
        place += len(data)


def _stem(path: str) -> str:
    name = Path(path).name.split(".")[0]
    return _UNSAFE.sub("_", name)[:60] or "imported"


def _make_folder(folder: Path) -> None:
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)


def _append(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
