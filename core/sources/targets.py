"""The log in the data folder that a foreign log becomes, and the note of how far that is.

The id of each exchange holds the offset of the line that it came from: after a crash the last line
says where to go on, and nothing comes twice.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from ..capture.files import FILE_MODE, FOLDER_MODE
from ..capture.record import decode_head
from ..errors import LineError
from .content import READ, Content
from .tracked import Tracked

_UNSAFE = re.compile(r"[^A-Za-z0-9._\-]+")
_WORD = 1 << 64
# Odd, so that it can be undone: ids of neighbours do not begin alike.
_MIX = 0x9E3779B97F4A7C15
_UNMIX = pow(_MIX, -1, _WORD)


class Target:
    """The log that a foreign log becomes, and the note that says which one that is."""

    SUFFIX = ".source.json"

    def __init__(self, note: Path, token: str, tracked: Tracked) -> None:
        self._note = note
        self._log = note.with_name(note.name.removesuffix(self.SUFFIX) + ".jsonl")
        self.token = token
        self.tracked = tracked

    @classmethod
    def make(cls, folder: Path, tracked: Tracked) -> Target:
        """A new one, for a log of which nothing was taken yet."""
        make_folder(folder)
        token = secrets.token_hex(8)
        return cls(folder / f"{stem_of(tracked.path)}-{token}{cls.SUFFIX}", token, tracked)

    @classmethod
    def open(cls, note: Path) -> Target | None:
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
            with os.fdopen(append_to(self._log), "wb") as file:
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
        with os.fdopen(create(unfinished), "w", encoding="ascii") as file:
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


def stem_of(path: str) -> str:
    """A name for what comes from a file, fit for a file name."""
    name = Path(path).name.split(".")[0]
    return _UNSAFE.sub("_", name)[:60] or "imported"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for nobody else to look into."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)


def create(path: Path) -> int:
    """A descriptor of an empty private file."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)


def append_to(path: Path) -> int:
    """A descriptor that appends to a private file."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
