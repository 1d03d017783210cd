"""What is looked at where a monitor shows a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A snapshot: its file, what it is of, and when that was.

    `strictness` says how it was masked. `newer` says that a newer cxtop wrote it, and that what
    this one does not know was left out. `missing` counts exchanges that could not be read any
    more when it was made.
    """

    path: Path
    title: str
    made_at: datetime
    strictness: str = ""
    newer: bool = False
    missing: int = 0
