"""The open files of logs that are followed, within a bound."""

from __future__ import annotations

from .content import Content
from .tracked import Tracked

_MOST_OPEN = 128


class Opened:
    """Keeps the files of logs open, so that they can be read wherever they are moved to: those that
    were opened last."""

    def __init__(self) -> None:
        self._opened: dict[Tracked, None] = {}

    def open(self, tracked: Tracked) -> Content:
        """The file of a log. Raises `OSError`, also where another file is in its place."""
        if tracked.content is None:
            content = Content(tracked.path)
            if (content.device, content.inode) != tracked.key:
                content.close()
                raise FileNotFoundError(2, "another file is in its place", tracked.path)
            self.keep(tracked, content)
            return content
        return tracked.content

    def keep(self, tracked: Tracked, content: Content) -> None:
        """Have `content` be the log's file."""
        tracked.content = content
        self._opened[tracked] = None
        while len(self._opened) > _MOST_OPEN:
            self.shut(next(iter(self._opened)))

    def shut(self, tracked: Tracked) -> None:
        """Close the log's file if it is open."""
        self._opened.pop(tracked, None)
        if tracked.content is not None:
            tracked.content.close()
            tracked.content = None
