"""Where lines lie, and which of them are worth reading together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Reading on over a gap like this costs less than reading anew.
_GAP = 16 * 1024


class Place(NamedTuple):
    """Where the line of a row lies."""

    row: int
    log: int
    offset: int
    length: int


def neighbours(places: Sequence[Place], most: int) -> Iterator[Sequence[Place]]:
    """`places` cut where the next one does not lie shortly behind the last one in the same log,
    and where they would span more than `most` bytes. One that is longer than that stands alone."""
    first = 0
    for number in range(1, len(places)):
        place, last = places[number], places[number - 1]
        gap = place.offset - last.offset - last.length
        if (
            place.log != last.log
            or not 0 <= gap <= _GAP
            or place.offset + place.length - places[first].offset > most
        ):
            yield places[first:number]
            first = number
    if places:
        yield places[first:]
