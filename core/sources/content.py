"""The bytes of a log, plain or gzipped, by the offset in what was written."""

from __future__ import annotations

import gzip
import os
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

GZIP = b"\x1f\x8b"
READ = 1024 * 1024
HEAD = 1024
TAIL = 256


class Content:
    """An open log. `device` and `inode` are those of the file that was opened.

    Stays readable when the file is renamed or deleted. Raises `OSError`.
    """

    def __init__(self, path: str | Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        self._unpacked: gzip.GzipFile | None = None
        self._packed_file: BinaryIO | None = None
        try:
            found = os.fstat(self._fd)
            self.device, self.inode = found.st_dev, found.st_ino
            self.packed = os.pread(self._fd, 2, 0) == GZIP
        except OSError:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self.refresh()
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def stat(self) -> os.stat_result:
        """What the system says of the open file."""
        return os.fstat(self._fd)

    def length(self, most: int) -> int:
        """How long it is; it is known not to be longer than `most`."""
        if not self.packed:
            return min(most, self.stat().st_size)
        length = 0
        while data := self.read(length, READ):
            length += len(data)
        return length

    def refresh(self) -> None:
        """Forget what was unpacked: the file has grown."""
        if self._unpacked is not None:
            self._unpacked.close()
            self._unpacked = None
        if self._packed_file is not None:
            self._packed_file.close()
            self._packed_file = None

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer only at the end."""
        if not self.packed:
            return self._read_plain(offset, size)
        return self._read_packed(offset, size)

    def _read_plain(self, offset: int, size: int) -> bytes:
        data = os.pread(self._fd, size, offset)
        if len(data) == size or not data:
            return data
        pieces = [data]
        have = len(data)
        while have < size and (data := os.pread(self._fd, size - have, offset + have)):
            pieces.append(data)
            have += len(data)
        return b"".join(pieces)

    def _read_packed(self, offset: int, size: int) -> bytes:
        pieces: list[bytes] = []
        try:
            if self._unpacked is None:
                self._packed_file = os.fdopen(os.dup(self._fd), "rb")
                self._packed_file.seek(0)
                self._unpacked = gzip.GzipFile(fileobj=self._packed_file)
            if self._unpacked.tell() != offset:
                self._unpacked.seek(offset)
                if self._unpacked.tell() != offset:
                    return b""
            while size > 0 and (data := self._unpacked.read1(min(size, 1 << 20))):
                pieces.append(data)
                size -= len(data)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            # Still being written, or damaged: what came before that is good.
            self.refresh()
        return b"".join(pieces)

    def head(self, length: int) -> bytes:
        """A print of the first `length` bytes; empty if there are not so many."""
        return print_of(self.read(0, length), length)

    def tail(self, offset: int, length: int) -> bytes:
        """A print of the `length` bytes before `offset`; empty if they are not there."""
        return print_of(self.read(offset - length, length), length)


def print_of(data: bytes, length: int) -> bytes:
    """A print of `data`, empty unless that is `length` bytes, and more than none."""
    return blake2b(data, digest_size=8).digest() if data and len(data) == length else b""
