"""Foreign files become capture logs in the data folder, and are followed from there.

So there is one way to index, read back and verify, and nothing is written before it was redacted.
Each foreign log gets a log of its own.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import blake2b
from pathlib import Path

from ..capture.cleaner import Cleaner
from ..capture.record import encode
from ..errors import SourceError
from ..redact import REDACTOR, Redactor
from .content import READ, Content
from .foreign import exchange_in, sighting_of
from .har import read_har
from .kinds import Kinds
from .recognise import Kind
from .tailing import Tailer
from .targets import Target, append_to, create, id_of, make_folder, stem_of
from .tracked import Piece, Tracked

LARGEST_HAR = 512 * 1024 * 1024
PATIENCE_S = 2.0
"""How long another process may take its turn before that is told."""

_LOOK_AGAIN_S = 0.05


class Importer:
    """Brings foreign files into `folder`. All of it blocks and belongs in a thread.

    Several processes may do that: they take turns, and each goes on where another has stopped.
    `held_up` tells that another one has not let this one have a turn for a while.
    """

    def __init__(
        self,
        folder: Path,
        kinds: Kinds,
        *,
        tell: Callable[[str], None],
        redactor: Redactor = REDACTOR,
    ) -> None:
        self._folder = folder
        self._tell = tell
        self._cleaner = Cleaner(redactor)
        self._kinds = kinds
        self._har_done: dict[str, tuple[int, int]] = {}
        self._targets: dict[Tracked, Target] = {}
        self._tailer: Tailer | None = None
        self._noted: dict[str, tuple[int, int, int]] = {}
        self._held_up_since: float | None = None
        self.held_up = False

    def run_once(self, patience_s: float = 0.0) -> bool:
        """Take in what is new; says whether anything was.

        Where another process does the same, its end is waited for, up to `patience_s` seconds;
        then nothing is taken, and `held_up` is true. Raises `OSError` where the folder cannot be
        written.
        """
        if not any(self._kinds.of(kind) for kind in (Kind.FOREIGN, Kind.HAR)):
            self.held_up = False
            return False
        make_folder(self._folder)
        lock = append_to(self._folder / ".lock")
        try:
            if not self._locked(lock, patience_s):
                return False
            # What another process has taken meanwhile stands in the notes.
            if self._notes() != self._noted:
                self.close()
            try:
                return self._take_new()
            finally:
                self._noted = self._notes()
        finally:
            os.close(lock)

    def close(self) -> None:
        """Let go of every file."""
        if self._tailer is not None:
            self._tailer.close()
            self._tailer = None
        self._targets.clear()

    def _locked(self, lock: int, patience_s: float) -> bool:
        """Whether this process is the one that imports; two would bring everything twice."""
        now = time.monotonic()
        ends = now + patience_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if now >= ends:
                    break
                time.sleep(_LOOK_AGAIN_S)
                now = time.monotonic()
            else:
                self._held_up_since = None
                self.held_up = False
                return True
        if self._held_up_since is None:
            self._held_up_since = now - patience_s
        if not self.held_up and now >= self._held_up_since + PATIENCE_S:
            self.held_up = True
            self._tell(
                "Another cxtop is taking over foreign logs right now, so none is taken over here. "
                "Try again when it is done."
            )
        return False

    def _take_new(self) -> bool:
        if self._tailer is None:
            known = self._known()
            self._tailer = Tailer(partial(self._kinds.of, Kind.FOREIGN), known, tell=self._tell)
        self._tailer.look()
        brought = False
        while (piece := self._tailer.read()) is not None:
            brought = self._take(piece) or brought
        for path in self._kinds.of(Kind.HAR):
            brought = self._take_har(path) or brought
        return brought

    def _notes(self) -> dict[str, tuple[int, int, int]]:
        """Each note, and what tells it from a later one."""
        notes: dict[str, tuple[int, int, int]] = {}
        for note in self._folder.glob(f"*{Target.SUFFIX}"):
            found = note.stat()
            notes[note.name] = (found.st_ino, found.st_mtime_ns, found.st_size)
        return notes

    # Logs

    def _known(self) -> list[Tracked]:
        found: list[Tracked] = []
        if self._folder.is_dir():
            for note in sorted(self._folder.glob(f"*{Target.SUFFIX}")):
                target = Target.open(note)
                if target is not None:
                    self._targets[target.tracked] = target
                    found.append(target.tracked)
        return found

    def _take(self, piece: Piece) -> bool:
        tracked = piece.tracked
        target = self._targets.get(tracked)
        if target is None:
            target = Target.make(self._folder, tracked)
            self._targets[tracked] = target
        lines: list[bytes] = []
        offset = piece.start
        service = stem_of(tracked.path)
        otherwise = tracked.changed / 1e9
        for line in piece.data.split(b"\n")[:-1]:
            found = exchange_in(line)
            if found is not None:
                seen = sighting_of(found, otherwise).line(service, self._cleaner)
                seen.id = id_of(offset, target.token)
                lines.append(encode(seen))
            offset += len(line) + 1
        target.append(lines)
        return bool(lines)

    # HAR

    def _take_har(self, path: str) -> bool:
        try:
            found = os.stat(path)  # noqa: PTH116
            state = found.st_size, found.st_mtime_ns
            if self._har_done.get(path) == state:
                return False
            content = Content(path)
        except OSError:
            return False
        try:
            data = b"".join(_all(content, LARGEST_HAR + 1))
        finally:
            content.close()
        self._har_done[path] = state
        if len(data) > LARGEST_HAR:
            self._tell(f"{path} is too large: HAR files are read up to 512 MiB.")
            return False
        digest = blake2b(data, digest_size=8).hexdigest()
        target = self._folder / f"{stem_of(path)}-{digest}.jsonl"
        if target.exists():
            return False
        try:
            lines = self._har_lines(path, data, digest)
        except SourceError as error:
            # It may be in the middle of being written; then it changes once more.
            self._tell(f"{path}: {error}")
            return False
        make_folder(self._folder)
        unfinished = target.with_suffix(".part")
        with os.fdopen(create(unfinished), "wb") as file:
            file.writelines(lines)
        unfinished.rename(target)
        return True

    def _har_lines(self, path: str, data: bytes, digest: str) -> list[bytes]:
        lines: list[bytes] = []
        service = stem_of(path)
        for number, found in enumerate(read_har(data)):
            if isinstance(found, str):
                self._tell(f"{path}: {found}")
                continue
            line = found.line(service, self._cleaner)
            line.id = id_of(number, digest)
            lines.append(encode(line))
        return lines


def _all(content: Content, most: int) -> Iterable[bytes]:
    place = 0
    while place < most and (data := content.read(place, READ)):
        yield data
        place += len(data)
