"""Reading on in a log: the next lines that are whole."""

from __future__ import annotations

from collections.abc import Callable

from .content import HEAD, READ, TAIL, Content
from .tracked import Piece, Tracked

LONGEST_LINE = 64 * 1024 * 1024


def next_piece(tracked: Tracked, content: Content, tell: Callable[[str], None]) -> Piece | None:
    """The lines that follow what was read of a log, which is read up to their end then.

    `None` where there is no whole line. `tell` hears of a line that is too long.
    """
    start = tracked.offset
    data = content.read(start, READ)
    skipped: list[tuple[int, int]] = []
    if b"\n" not in data and len(data) == READ:
        data, end = _read_long(tracked, content, tell)
        if end and not data:
            skipped.append((start, end - start))
    else:
        end = start + data.rfind(b"\n") + 1
    if not end or end == start:
        tracked.held = len(data)
        return None
    tracked.held = 0
    tracked.offset = end
    _take_prints(tracked, content)
    return Piece(
        tracked,
        start,
        end,
        data[: end - start],
        skipped,
        tracked.head,
        tracked.head_length,
        tracked.tail,
        tracked.tail_length,
    )


def _read_long(
    tracked: Tracked, content: Content, tell: Callable[[str], None]
) -> tuple[bytes, int]:
    """A line longer than one read, and where it ends; no line if it is too long, and no end
    if that has not come yet."""
    start = tracked.offset
    # Where the end was not found last time it need not be looked for again.
    place = start + max(READ, tracked.held)
    while data := content.read(place, READ):
        found = data.find(b"\n")
        if found >= 0:
            end = place + found + 1
            if end - start > LONGEST_LINE:
                tell(
                    f"{tracked.path} has a line of {(end - start) / 1e6:.0f} MB at byte "
                    f"{start}. It is too long and was skipped."
                )
                return b"", end
            return content.read(start, end - start), end
        place += len(data)
    tracked.held = place - start
    return b"", 0


def _take_prints(tracked: Tracked, content: Content) -> None:
    if tracked.head_length < HEAD:
        tracked.head_length = min(HEAD, tracked.offset)
        tracked.head = content.head(tracked.head_length)
    tracked.tail_length = min(TAIL, tracked.offset)
    tracked.tail = content.tail(tracked.offset, tracked.tail_length)
