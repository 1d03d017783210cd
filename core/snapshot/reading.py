"""The zip that a bundle is, looked at before it is trusted.

Whoever made the file may mean harm: nothing is unpacked beyond what is allowed, names are names
of members and never paths, and what is said of a member must be so.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ..errors import SnapshotError
from ..text import clip, safe
from .manifest import NAME, SUFFIX, Member
from .scope import Part

GIB = 1024**3
MIB = 1024**2

_READ = 256 * 1024
_MOST_MEMBERS = 32
_DIRECTORY = 64 * 1024
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is unpacked at most, in bytes: all of it, a single line, the manifest.

    `ratio` is how many times larger than packed a member may be; that counts from
    `ratio_from` bytes on, for a little text may be packed very well.
    """

    total: int = 16 * GIB
    line: int = 256 * MIB
    manifest: int = MIB
    ratio: int = 400
    ratio_from: int = 64 * MIB


def is_snapshot(path: Path) -> bool:
    """Whether a file looks like a bundle: a zip with a manifest. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


class Archive:
    """An open zip of members of lines. Everything raises SnapshotError. It blocks."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        with self._understood():
            self._file = _opened(path)
            try:
                _check_directory(self._file, path)
                self._zip = zipfile.ZipFile(self._file)
                self._infos = self._checked()
            except BaseException:
                self._file.close()
                raise

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._zip.close()
        self._file.close()

    @property
    def parts(self) -> set[str]:
        """The names of the members, without the manifest."""
        return set(self._infos) - {NAME}

    def manifest(self) -> bytes:
        """The text of the manifest."""
        info = self._infos.get(NAME)
        if info is None:
            raise SnapshotError(
                f"{self.path} is no snapshot of cxtop.",
                why=f"It is a zip without {NAME}.",
                fix="Choose a file that ends with .cxsnap.",
            )
        if info.file_size > self.limits.manifest:
            raise self.unsafe(f"{NAME} would unpack to {info.file_size} bytes.")
        with self._understood(), self._zip.open(info) as packed:
            text = packed.read(self.limits.manifest + 1)
        if len(text) > self.limits.manifest:
            raise self.unsafe(f"{NAME} unpacks to more than it says.")
        return text

    def check(self, members: tuple[Member, ...]) -> None:
        """Whether the members are those that the manifest names, and not too large."""
        names = [member.name for member in members]
        if len(set(names)) != len(names) or set(names) != self.parts:
            lacking = sorted(set(names) - self.parts)
            raise self.damaged(
                f"It lacks {lacking[0]}."
                if lacking
                else "Its manifest does not name the members that it has."
            )
        total = 0
        for member in members:
            if member.name != f"{member.part.value}{SUFFIX}":
                raise self.damaged(f"Its manifest takes {_quoted(member.name)} for another part.")
            info = self._infos[member.name]
            if info.file_size != member.size:
                raise self.damaged(f"{member.name} is not as long as its manifest says.")
            total += member.size
        if total > self.limits.total:
            raise self.unsafe(
                f"It would unpack to {total / GIB:.1f} GiB, "
                f"and {self.limits.total / GIB:.1f} GiB are allowed."
            )

    def lines(self, member: Member) -> Iterator[bytes]:
        """The lines of a member, without their newlines, as they are unpacked.

        That the member is whole is known only when the last one was given.
        """
        digest = sha256()
        left = member.size
        begun: list[bytes] = []
        length = 0
        with self._understood(member.name), self._zip.open(self._infos[member.name]) as packed:
            while data := packed.read(_READ):
                left -= len(data)
                if left < 0:
                    raise self.unsafe(f"{member.name} unpacks to more than it says.")
                digest.update(data)
                first, *others = data.split(b"\n")
                begun.append(first)
                length += len(first)
                if length > self.limits.line:
                    raise self.unsafe(f"A line of {member.name} is too long.")
                if others:
                    yield b"".join(begun)
                    yield from others[:-1]
                    begun, length = [others[-1]], len(others[-1])
        if length:
            raise self.damaged(f"The last line of {member.name} is cut off.")
        if left or digest.hexdigest() != member.sha256:
            raise self.damaged(f"{member.name} is not what was written: its checksum is another.")

    def damaged(self, why: str) -> SnapshotError:
        """The refusal of a file that is not as it was written."""
        return SnapshotError(
            f"The snapshot {self.path} is damaged.", why=why, fix="Have it sent again."
        )

    def unsafe(self, why: str) -> SnapshotError:
        """The refusal of a file that would do harm."""
        return SnapshotError(
            f"The snapshot {self.path} is not opened, as that is not safe.",
            why=why,
            fix="Ask whoever made it, and with which program.",
        )

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        """The members by name, each of them one that belongs into a bundle."""
        known = {NAME, *(f"{part.value}{SUFFIX}" for part in Part)}
        infos: dict[str, zipfile.ZipInfo] = {}
        listed = self._zip.infolist()
        if not any(info.orig_filename == NAME for info in listed):
            raise SnapshotError(
                f"{self.path} is no snapshot of cxtop.",
                why=f"It is a zip without {NAME}.",
                fix="Choose a file that ends with .cxsnap.",
            )
        for info in listed:
            name = info.orig_filename
            if name.startswith(("/", "\\")) or ".." in name or ":" in name:
                raise self.unsafe(f"A member is named {_quoted(name)}, which leads elsewhere.")
            if name not in known:
                raise self.unsafe(f"It holds {_quoted(name)}, which is no part of a snapshot.")
            if name in infos:
                raise self.unsafe(f"It holds {name} twice.")
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise self.unsafe(f"{name} is no ordinary file but a link or the like.")
            if info.flag_bits & _ENCRYPTED or info.compress_type not in _PACKINGS:
                raise self.unsafe(f"{name} is packed in a way that snapshots are not.")
            large = info.file_size > self.limits.ratio_from
            if large and info.file_size > info.compress_size * self.limits.ratio:
                raise self.unsafe(f"{name} would unpack to {info.file_size} bytes out of few.")
            infos[name] = info
        return infos

    @contextmanager
    def _understood(self, member: str = "") -> Iterator[None]:
        """What the system and the zip say, in sentences."""
        try:
            yield
        except FileNotFoundError:
            raise SnapshotError(
                f"There is no file {self.path}.", fix="Check the name, and where it lies."
            ) from None
        except _BROKEN as error:
            where = f"{member} cannot be unpacked" if member else "It cannot be unpacked"
            raise self.damaged(f"{where}: {str(error)[:200].rstrip('.')}.") from error
        except OSError as error:
            raise SnapshotError(
                f"The snapshot {self.path} cannot be read.",
                why=f"The system says: {error.strerror or error}.",
                fix="Check the file, and who may read it.",
            ) from error


def _opened(path: Path) -> BinaryIO:
    # A pipe or a device would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise SnapshotError(
            f"{path} is no ordinary file.", fix="Choose a file that ends with .cxsnap."
        )
    return file


def _check_directory(file: BinaryIO, path: Path) -> None:
    """Refuse what is no zip, or one with a table of contents that is itself a burden."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4)
    if head != b"PK\x03\x04":
        raise SnapshotError(
            f"{path} is no snapshot of cxtop.",
            why="It is empty." if not head else "It is no zip.",
            fix="Choose a file that ends with .cxsnap.",
        )
    tail_size = min(size, _END.size + _LOCATOR_64.size + 65_535)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise SnapshotError(
            f"The snapshot {path} is damaged.",
            why="It is cut off: the end is missing.",
            fix="Have it sent again.",
        )
    _, _, _, _, entries, directory, offset, _ = _END.unpack_from(tail, place)
    large = _large(file, tail, place)
    if not (large and (entries == 0xFFFF or 0xFFFFFFFF in (directory, offset))):
        large.append((entries, directory))
    entries, directory = (max(counts) for counts in zip(*large, strict=True))
    if entries > _MOST_MEMBERS or directory > _DIRECTORY:
        raise SnapshotError(
            f"The snapshot {path} is not opened, as that is not safe.",
            why=f"It holds {entries} members; a snapshot has a few.",
            fix="Ask whoever made it, and with which program.",
        )


def _large(file: BinaryIO, tail: bytes, place: int) -> list[tuple[int, int]]:
    """The counts of a zip of more than 4 GiB, which stand elsewhere: members and bytes of the
    table of contents, as any reader may find them."""
    before = place - _LOCATOR_64.size
    if before < 0:
        return []
    sign, _, offset, _ = _LOCATOR_64.unpack_from(tail, before)
    if sign != b"PK\x06\x07":
        return []
    # Some readers go where they are led, others to where the record usually is.
    found: list[tuple[int, int]] = []
    size = file.seek(0, os.SEEK_END)
    for start in (offset, size - len(tail) + before - _END_64.size):
        record = b""
        if 0 <= start <= size:
            file.seek(start)
            record = file.read(_END_64.size)
        if len(record) == _END_64.size and record.startswith(b"PK\x06\x06"):
            _, _, _, _, _, _, _, entries, directory, _ = _END_64.unpack(record)
            found.append((entries, directory))
    return found


def _quoted(name: str) -> str:
    return f"“{clip(safe(name), 80)}”"
