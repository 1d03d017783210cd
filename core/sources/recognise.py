"""What kind of file it is, by what it begins with."""

from __future__ import annotations

import re
from enum import StrEnum

from ..capture.record import decode_head
from ..errors import LineError
from .foreign import exchange_in

LOOK = 64 * 1024
"""How much of a file is looked at."""

_BOM = b"\xef\xbb\xbf"
_HAR = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
# From a few lines without one object it is clear that nobody logs JSON here.
_TELLING_LINES = 5


class Kind(StrEnum):
    """What a file holds: our lines, others' lines with exchanges among them, one HAR document,
    or nothing that is known."""

    CAPTURE = "capture"
    FOREIGN = "foreign"
    HAR = "har"
    UNKNOWN = "unknown"


def recognise(beginning: bytes, *, whole: bool) -> Kind | None:
    """The kind of a file that begins like this; `None` when that cannot be told yet.

    `beginning` is up to `LOOK` bytes; `whole` tells that there is no more at present.
    """
    beginning = beginning.removeprefix(_BOM)
    if _HAR.match(beginning):
        return Kind.HAR
    *lines, _rest = beginning.split(b"\n")
    objects = 0
    for line in lines:
        if not line.lstrip().startswith(b"{"):
            continue
        objects += 1
        if _is_capture(line):
            return Kind.CAPTURE
        if exchange_in(line) is not None:
            return Kind.FOREIGN
    if whole:
        return None
    if objects:
        # Other loggers' lines; exchanges may come later.
        return Kind.FOREIGN
    # A line that does not end within so much may well be one of ours.
    return Kind.UNKNOWN if len(lines) >= _TELLING_LINES else Kind.CAPTURE


def _is_capture(line: bytes) -> bool:
    try:
        decode_head(line)
    except LineError:
        return False
    return True
