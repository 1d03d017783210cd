"""JSON that a command takes: from a file, from stdin, or as it stands on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from ...core.errors import InputError

MOST_BYTES = 16 * 1024 * 1024


def text_of(given: str, *, inline: bool = False) -> str:
    """The text in the file `given`, on stdin for `-`; with `inline` JSON itself may be given.

    Raises InputError when it cannot be read as UTF-8 text.
    """
    if given == "-":
        return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1), "stdin")
    if inline and given.lstrip()[:1] in ("{", "["):
        return given
    try:
        with Path(given).open("rb") as file:
            return _decoded(file.read(MOST_BYTES + 1), given)
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        also = ", or the JSON object itself" if inline else ""
        raise InputError(
            f"{given} cannot be read.",
            why=f"{told}.",
            fix=f"Give a file with a JSON object, - for stdin{also}.",
        ) from error


def _decoded(data: bytes, place: str) -> str:
    if len(data) > MOST_BYTES:
        raise InputError(f"{place} holds more than {MOST_BYTES // 1024**2} MiB; nothing was sent.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{place} is not UTF-8 text.",
            why=f"Byte {error.start + 1} cannot be read.",
            fix="Write it in UTF-8.",
        ) from error
