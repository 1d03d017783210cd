"""Writing evidence to a file: the whole file or none, and never over another one unasked."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import ExportError, ExportExistsError
from .evidence import Evidence
from .formats import FORMATS
from .formats.pouring import finished
from .masking import Mask
from .scope import Part

UNFINISHED = ".cxtop-unfinished"
"""How the name of a file ends that is not whole yet; one that nobody writes is left over."""

_BUFFER = 256 * 1024
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export is: `done` records of about `total`, the last ones of `part`."""

    done: int
    total: int
    part: Part


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: where, how many bytes, how many records of each part, what was masked by
    kind or name, and how many exchanges were left out, as their lines are not there any more."""

    path: Path
    size: int
    counts: Mapping[Part, int]
    masked: Mapping[str, int]
    missing: int


async def export(
    evidence: Evidence,
    *,
    format: str,
    mask: Mask,
    path: Path,
    overwrite: bool = False,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Exported:
    """Write what `evidence` means to `path`, in a format of `FORMATS`.

    `progress` is called in the event loop. However this ends, no half file bears the name: it is
    written beside it under another one, which an export that is killed leaves behind and the next
    one into that folder removes. Raises ExportExistsError where there is a file and `overwrite`
    does not say to replace it, also when it came meanwhile; ExportError where it cannot be
    written; StoreError.
    """
    writer = FORMATS.get(format)
    if writer is None:
        raise ExportError(
            f"There is no format {format!r}.", fix=f"The formats are {', '.join(FORMATS)}."
        )
    path = Path(path)
    total = (await evidence.counts()).total
    done: dict[Part, int] = {}

    def tell(part: Part, count: int) -> None:
        done[part] = count
        progress(Progress(sum(done.values()), max(total, sum(done.values())), part))

    mask = mask.fresh()
    draft = _Draft(path)
    try:
        await finished(lambda: draft.begin(overwrite=overwrite))
        assert draft.out is not None
        await writer.write(evidence, mask, draft.out, tell)
        await finished(lambda: draft.publish(overwrite=overwrite))
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        await asyncio.shield(asyncio.to_thread(draft.close))
    return Exported(path, draft.size, done, dict(mask.masked), evidence.missing)


async def save(content: bytes, path: Path, *, overwrite: bool = False) -> int:
    """Write `content`, such as a picture, in the same manner; says how many bytes it is.

    Raises ExportExistsError and ExportError as `export` does.
    """
    draft = _Draft(path)

    def write() -> None:
        draft.begin(overwrite=overwrite)
        assert draft.out is not None
        draft.out.write(content)
        draft.publish(overwrite=overwrite)

    try:
        await finished(write)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        await asyncio.shield(asyncio.to_thread(draft.close))
    return draft.size


class _Draft:
    """The file while it is written. All of it blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft: Path | None = None
        self.out: BinaryIO | None = None
        self.size = 0

    def begin(self, *, overwrite: bool) -> None:
        """Open it beside the place where it is to be."""
        _refuse(self._path, overwrite=overwrite)
        _clear_up(self._path.parent)
        while True:
            name = f".{self._path.name[:100]}.{secrets.token_hex(6)}{UNFINISHED}"
            self._draft = self._path.with_name(name)
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._draft, flags, 0o600)
            # Held while it is written, so that another export does not take it for left over.
            _lock(descriptor)
            if os.fstat(descriptor).st_nlink:
                break
            os.close(descriptor)
        self.out = os.fdopen(descriptor, "w+b", buffering=_BUFFER)

    def publish(self, *, overwrite: bool) -> None:
        """Give it its name, now that it is whole."""
        assert self.out is not None
        assert self._draft is not None
        self.out.flush()
        os.fsync(self.out.fileno())
        self.size = os.fstat(self.out.fileno()).st_size
        if overwrite:
            self._draft.replace(self._path)
            self._draft = None
        else:
            _name_anew(self._draft, self._path)
        _sync_folder(self._path.parent)

    def close(self) -> None:
        """Let go of it; what is not whole is removed. May be called again."""
        out, self.out = self.out, None
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.unlink(missing_ok=True)
        if out is not None:
            # What is still to be written belongs to a file that is gone, or had an error already.
            with suppress(OSError):
                out.close()


def _refuse(path: Path, *, overwrite: bool) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise ExportError(
                f"There is no folder {path.parent}.", fix="Make it, or choose another place."
            ) from None
        return
    if stat.S_ISDIR(found.st_mode):
        raise ExportError(f"{path} is a folder.", fix="Name a file in it.")
    if not overwrite:
        raise _exists(path)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        raise ExportError(f"{path} is no ordinary file.", fix="Choose another name.")


def _exists(path: Path) -> ExportExistsError:
    return ExportExistsError(
        f"There is a file {path} already.",
        why="It is not replaced unless that is wanted.",
        fix="Choose another name, or say that it may be replaced.",
    )


def _name_anew(draft: Path, path: Path) -> None:
    """Give `draft` the name `path`, unless something has it; `draft` itself stays."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        return
    # A file system without links: an empty file reserves the name.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise _exists(path) from None
    draft.replace(path)


def _clear_up(folder: Path) -> None:
    """Remove what exports left behind that were killed."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with _opened(path) as descriptor:
            if descriptor is not None and _lock(descriptor):
                path.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """A file of ours as a descriptor, `None` where it is none or cannot be had."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        # It is another's, or gone meanwhile: then there is nothing to clear up.
        yield None
        return
    try:
        found = os.fstat(descriptor)
        own = stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid()
        yield descriptor if own else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether nobody else holds it; where there are no locks, nobody can tell."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Some file systems cannot; the name is there all the same.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, path: Path) -> ExportError:
    if error.errno in _FULL:
        return ExportError(
            f"{path} could not be written: there is no room left.",
            why=f"The system says: {error.strerror}.",
            fix="Make room, choose another place, or hand over less. Nothing was changed.",
        )
    return ExportError(
        f"{path} could not be written.",
        why=f"The system says: {error.strerror or error}.",
        fix="Choose a place that you may write to. Nothing was changed.",
    )
