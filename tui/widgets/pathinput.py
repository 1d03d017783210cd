"""A line that takes the path of a file to write, and completes the folders on the way."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from ...core.text import safe

_MOST = 5000
"""A folder with more entries is not looked through: the loop is not to wait for it."""


class PathInput(Input):
    """Tab takes the folder that is suggested; with nothing to take it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete", show=False, id="path.complete"),
    ]

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(
            value, compact=True, select_on_focus=False, suggester=Folders(), id=id, type="text"
        )

    def action_complete(self) -> None:
        """Take what is suggested, or go on to what comes next."""
        if self._suggestion and self._suggestion != self.value:
            self.value = self._suggestion
            self.cursor_position = len(self.value)
        else:
            self.screen.focus_next()


class Folders(Suggester):
    """Suggests the first folder that begins like what is typed."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The text with the folder's name completed and a slash after it."""
        return await asyncio.to_thread(folder_like, value) if value else None


def folder_like(text: str) -> str | None:
    """`text` with the name of the folder that it begins, `None` where there is none."""
    head, slash, begun = text.rpartition("/")
    if not begun:
        return None
    try:
        inside = Path(head + slash or ".").expanduser()
        with os.scandir(inside) as entries:
            names = [
                entry.name
                for _, entry in zip(range(_MOST), entries, strict=False)
                if entry.name.startswith(begun) and entry.is_dir()
            ]
    except (OSError, ValueError, RuntimeError):
        # It is only a suggestion: what is wrong with the path is told when it is used.
        return None
    # A name that could drive the terminal is not offered.
    fit = sorted(name for name in names if safe(name) == name)
    return f"{head}{slash}{fit[0]}/" if fit else None


def shown(path: Path) -> str:
    """A path as people write it: below the home folder with a tilde."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)
