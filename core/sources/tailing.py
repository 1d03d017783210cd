"""Following logs through whatever happens to them: one look, what is new, and where it lies.

A log is recognised by prints of its beginning and of the end of what was read, not by its name:

- renamed, and another made in its place: the old one is read to its end, then the new one;
- copied and cut (copytruncate): the copy takes the place of what was cut, and is read on from
  where the old one had been left; a gap that cannot be excluded is told;
- cut and grown again, even beyond where it had been: the prints differ, it is read from its start;
- gzipped: its contents are recognised, and nothing is read twice;
- deleted, missing, a link that points elsewhere: looked for again each time.

A line is taken when its newline is there, never earlier. All of it blocks and belongs in a thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence

from .content import READ, TAIL, Content
from .heads import time_of
from .opened import Opened
from .pieces import next_piece
from .tracked import Piece, Tracked

Paths = Callable[[], Iterable[str]]
"""Gives the paths of files that may exist."""

# A log that is recognised by its beginning alone has to have this much of it.
_TELLING = 128


class Tailer:
    """Follows the logs at `paths()`, which is asked anew at each look.

    `known` are logs that were followed earlier. `tell` hears sentences about what a user should
    know: a gap, a line that was skipped, a file that cannot be read. `unsettled` tells that a log
    was found under no path and has to be read to its end; after that another look may find it.
    """

    def __init__(
        self, paths: Paths, known: Iterable[Tracked] = (), *, tell: Callable[[str], None]
    ) -> None:
        self._paths = paths
        self._tell = tell
        self._logs: list[Tracked] = list(known)
        self._bound: dict[tuple[int, int], Tracked] = {}
        self._copies: dict[tuple[int, int], tuple[int, int, int]] = {}
        # Where logs had been that this look found elsewhere.
        self._left: dict[tuple[int, int], str] = {}
        self._opened = Opened()
        self._turn = 0
        self.unsettled = False
        self._complained: dict[str, str] = {}

    @property
    def logs(self) -> Sequence[Tracked]:
        """Every log that was met, or known from earlier."""
        return self._logs

    def look(self) -> list[Tracked]:
        """Look at all files; the logs that are new or lie elsewhere now."""
        self.unsettled = False
        self._left.clear()
        seen: set[tuple[int, int]] = set()
        strangers: list[tuple[str, os.stat_result]] = []
        for path in self._paths():
            found = self._stat(path)
            if found is None or (key := (found.st_dev, found.st_ino)) in seen:
                continue
            seen.add(key)
            tracked = self._bound.get(key)
            if tracked is None:
                strangers.append((path, found))
            else:
                self._look_again(tracked, path, found, strangers)
        for key, tracked in list(self._bound.items()):
            if key not in seen:
                self._look_at_lost(tracked)
        # Of two files that may hold a log it is the one that held it before, else the older one.
        known = {tracked.key for tracked in self._logs}
        strangers.sort(
            key=lambda one: ((one[1].st_dev, one[1].st_ino) not in known, one[1].st_mtime_ns)
        )
        for path, found in strangers:
            self._meet(path, found)
        changed = [one for one in self._logs if one.moved]
        for tracked in changed:
            tracked.moved = False
        return changed

    def read(self) -> Piece | None:
        """The next lines of the log that is furthest back in time; `None` if none has more."""
        while behind := [one for one in self._bound.values() if one.behind]:
            tracked = min(behind, key=lambda one: one.last_at)
            try:
                piece = next_piece(tracked, self._opened.open(tracked), self._tell)
            except OSError as error:
                self._complain(tracked.path, error)
                tracked.behind = False
                continue
            if piece is not None:
                return piece
            tracked.behind = False
        return None

    def close(self) -> None:
        """Let go of every file."""
        for tracked in self._logs:
            self._opened.shut(tracked)

    # Looking

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            found = os.stat(path)  # noqa: PTH116
        except FileNotFoundError:
            self._complained.pop(path, None)
            return None
        except OSError as error:
            self._complain(path, error)
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _look_again(
        self,
        tracked: Tracked,
        path: str,
        found: os.stat_result,
        strangers: list[tuple[str, os.stat_result]],
    ) -> None:
        if tracked.path != path:
            tracked.path, tracked.moved = path, True
        if (found.st_size, found.st_mtime_ns) == (tracked.size, tracked.changed):
            return
        try:
            same = tracked.is_in(self._opened.open(tracked))
        except OSError as error:
            self._complain(path, error)
            return
        if same:
            if tracked.packed and tracked.content is not None:
                tracked.content.refresh()
            tracked.size, tracked.changed = found.st_size, found.st_mtime_ns
            tracked.behind = True
            return
        self._unbind(tracked)
        self._tell_of_cut([tracked], path)
        strangers.append((path, found))

    def _tell_of_cut(self, logs: Iterable[Tracked], path: str) -> None:
        """The file was cut, or another has got its number. What was not read may be lost."""
        for tracked in logs:
            tracked.device = tracked.inode = 0
        self._tell(
            f"{path} was cut or written anew. It is read from its start. Lines that were "
            "added before that and not read yet are lost unless a copy has them."
        )

    def _look_at_lost(self, tracked: Tracked) -> None:
        """A file that no path leads to any more is read to its end while it is still open."""
        if tracked.content is None:
            self._unbind(tracked)
            return
        try:
            found = tracked.content.stat()
            unread = found.st_size > tracked.offset + tracked.held and not tracked.packed
            grown = (found.st_size, found.st_mtime_ns) != (tracked.size, tracked.changed)
            if unread and (grown or tracked.behind) and tracked.is_in(tracked.content):
                tracked.size, tracked.changed = found.st_size, found.st_mtime_ns
                tracked.behind = True
        except OSError as error:
            self._complain(tracked.path, error)
        if tracked.behind:
            self.unsettled = True
        else:
            self._unbind(tracked)

    def _meet(self, path: str, found: os.stat_result) -> None:
        """A file that is not followed: a log from earlier, a copy of one, or a new one."""
        key = found.st_dev, found.st_ino
        state = found.st_size, found.st_mtime_ns, self._turn
        if self._copies.get(key) == state or not found.st_size:
            return
        try:
            content = Content(path)
        except OSError as error:
            self._complain(path, error)
            return
        kept = False
        try:
            if (content.device, content.inode) == key:
                kept = self._place(path, content, found)
        except OSError as error:
            self._complain(path, error)
        finally:
            if not kept:
                content.close()

    def _place(self, path: str, content: Content, found: os.stat_result) -> bool:
        """Decide what log a file holds; says whether `content` is kept."""
        key = content.device, content.inode
        tracked = self._log_in(content, key)
        if tracked is not None and self._bound.get(tracked.key) is tracked:
            if not self._goes_on(tracked, content):
                # A copy of what is still there: nothing in it is new.
                self._copies[key] = (found.st_size, found.st_mtime_ns, self._turn)
                return False
            self._unbind(tracked)
        if tracked is None:
            beginning = content.read(0, READ)
            if not beginning:
                return False
            cut = [one for one in self._logs if one.key == key and one.path == path]
            if cut or self._left.pop(key, None) == path:
                self._tell_of_cut(cut, path)
            tracked = Tracked(path)
            first = time_of(beginning.partition(b"\n")[0])
            tracked.last_at = found.st_mtime_ns // 1_000_000 if first is None else first
            self._logs.append(tracked)
        if tracked.offset and tracked.key != key:
            self._left[tracked.key] = tracked.path
        tracked.moved = (
            tracked.moved or (tracked.path, tracked.key) != (path, key) or not tracked.log
        )
        tracked.path, tracked.packed = path, content.packed
        tracked.device, tracked.inode = key
        tracked.size, tracked.changed = found.st_size, found.st_mtime_ns
        tracked.behind, tracked.held = True, 0
        self._opened.shut(tracked)
        self._opened.keep(tracked, content)
        self._bound[key] = tracked
        self._copies.pop(key, None)
        self._complained.pop(path, None)
        return True

    def _log_in(self, content: Content, key: tuple[int, int]) -> Tracked | None:
        """The log, among those that are known, whose lines this file has."""
        mine = [one for one in self._logs if one.key == key and one.offset]
        others = [one for one in self._logs if one.key != key and one.offset]
        prints: dict[int, bytes] = {}
        for tracked in (*reversed(mine), *reversed(others)):
            length = tracked.head_length
            if length not in prints:
                prints[length] = content.head(length)
            if not prints[length] or prints[length] != tracked.head:
                continue
            if content.tail(tracked.offset, tracked.tail_length) == tracked.tail:
                return tracked
            if tracked.key != key and self._is_part(tracked, content):
                return tracked
        return None

    def _goes_on(self, tracked: Tracked, content: Content) -> bool:
        """Whether a file that holds all that was read of a log has more, and the log's own has
        not: then it is the copy that is written now."""
        if not content.read(tracked.offset, 1):
            return False
        try:
            return not self._opened.open(tracked).read(tracked.offset, 1)
        except OSError:
            return True

    def _is_part(self, tracked: Tracked, content: Content) -> bool:
        """Whether a file holds the first lines of a log, and not as many as were read of it."""
        if content.read(tracked.offset - 1, 1):
            return False
        if self._bound.get(tracked.key) is not tracked:
            return tracked.head_length >= _TELLING
        try:
            own = self._opened.open(tracked)
            # Its own file may be such a part, too.
            end = min(content.length(tracked.offset), own.length(tracked.offset))
            size = min(TAIL, end)
            return content.tail(end, size) == own.tail(end, size) != b""
        except OSError:
            return False

    # Keeping

    def _unbind(self, tracked: Tracked) -> None:
        self._opened.shut(tracked)
        if self._bound.get(tracked.key) is tracked:
            del self._bound[tracked.key]
        tracked.behind = False
        # Copies of it may matter now.
        self._turn += 1

    def _complain(self, path: str, error: OSError) -> None:
        """Tell of a file that cannot be read, once for each reason."""
        reason = error.strerror or type(error).__name__
        if self._complained.get(path) != reason:
            self._complained[path] = reason
            self._tell(f"{path} cannot be read: {reason}.")
