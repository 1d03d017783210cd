"""A log that is followed, how far it was read, and what was read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .content import Content


@dataclass(slots=True, eq=False)
class Tracked:
    """A log and how far it was read. `log` is its number, 0 until somebody gives it one.

    The other fields are those of `cxtop.core.store.logs.Log`; `size` and `changed` are how the
    file was when it was looked at last, `held` how many bytes of a line without its end lie
    behind `offset`.
    """

    path: str
    device: int = 0
    inode: int = 0
    packed: bool = False
    head: bytes = b""
    head_length: int = 0
    tail: bytes = b""
    tail_length: int = 0
    offset: int = 0
    log: int = 0
    last_at: int = 0
    size: int = -1
    changed: int = 0
    behind: bool = False
    held: int = 0
    moved: bool = False
    content: Content | None = None

    @property
    def key(self) -> tuple[int, int]:
        """What the system knows the file by."""
        return self.device, self.inode

    def is_in(self, content: Content) -> bool:
        """Whether what was read of it is still what this file begins with."""
        if not self.offset:
            return True
        return (
            content.head(self.head_length) == self.head
            and content.tail(self.offset, self.tail_length) == self.tail
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines that were read from `start` to `end`, as `data`.

    Or, without data, `skipped`: a line that is too long, as offset and length. `head` and `tail`
    are the prints at `end`.
    """

    tracked: Tracked
    start: int
    end: int
    data: bytes
    skipped: Sequence[tuple[int, int]]
    head: bytes
    head_length: int
    tail: bytes
    tail_length: int
