"""A few lines of text with meaning."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Static

from ..ink import Line, lines


class Panel(Static):
    """Lines as they are, cut at the right where they are too long."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(markup=False, id=id, classes=classes)
        self._shown: Sequence[Line] = ()

    def tell(self, rows: Sequence[Line]) -> None:
        """Show these lines."""
        if rows != self._shown:
            self._shown = rows
            self.update(lines(rows))
