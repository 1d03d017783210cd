"""How far a snapshot is written or read, drawn by rich on stderr where that is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from ...core.snapshot.exporting import Progress as Done
    from ...core.snapshot.scope import Part


class EvidenceBar:
    """One bar that is gone when it is over; nothing at all where nobody can see it."""

    def __init__(self, console: Console | None) -> None:
        self._task: TaskID | None = None
        self._progress: Progress | None = None
        if console is not None:
            self._progress = Progress(
                TextColumn("{task.description}", markup=False, style="dim"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[count]}", markup=False),
                console=console,
                transient=True,
            )

    @classmethod
    def for_terminal(cls) -> EvidenceBar:
        """A bar for the user, if there is one at a terminal."""
        return cls(Console(stderr=True) if sys.stderr.isatty() else None)

    def __enter__(self) -> EvidenceBar:
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task("reading …", total=None, count="")
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away, also when the export failed."""
        if self._progress is not None:
            self._progress.stop()

    def show(self, done: Done) -> None:
        """How far it is, of how much."""
        from ..exporting import noun

        self.tell(noun(done.part), done.done, done.total)

    def count(self, part: Part, number: int) -> None:
        """How many of a part are written."""
        from ..exporting import noun

        self.tell(noun(part), number, None)

    def tell(self, what: str, number: int, total: int | None) -> None:
        """So many of something, and of how many where that is known."""
        if self._progress is None or self._task is None:
            return
        count = f"{number:,}" if not total else f"{number:,} of {total:,}"
        self._progress.update(
            self._task, description=what, completed=number, total=total, count=count
        )
