"""What became of the exchanges that a capture log was given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """What became of the exchanges so far.

    `seen` were handed in, `written` are in the file, `waiting` are on their way, `dropped` found
    no room, `failed` could not be made into a line. `problem` is why the file cannot be written
    at present, empty if it can.
    """

    seen: int
    written: int
    waiting: int
    dropped: int
    failed: int
    problem: str
