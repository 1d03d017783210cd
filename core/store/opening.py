"""Opening the store's file: private, of the right version, and healed where it is damaged.

All of it blocks and belongs into a thread.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import StoreError, StoreNewerError
from .faults import BUSY_SLICE_S, Faults, is_corrupt
from .schema import MIGRATIONS, is_foreign, migrate, version_of

SIDES = ("", "-wal", "-shm")


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode to a file that exists; any thread may use it, one at a time.

    Text comes back with lone surrogates where it had them.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SLICE_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.text_factory = lambda data: data.decode("utf-8", "surrogatepass")
    return connection


def open_file(
    faults: Faults, migrations: Sequence[str] = MIGRATIONS
) -> tuple[sqlite3.Connection, list[str]]:
    """The writer's connection, and sentences about what had to be done to get it.

    Makes folder (0700) and file (0600) where there is none, takes the migrations, moves a
    damaged file aside. Raises `StoreError` and its kinds.
    """
    notices: list[str] = []
    try:
        _make_private(faults.path)
        with _one_at_a_time(faults):
            connection = _open_or_heal(faults, migrations, notices)
    except OSError as error:
        raise StoreError(
            f"The store {faults.path} cannot be made.",
            why=f"The system says: {error.strerror}.",
            fix="Check that its folder belongs to you and can be written.",
        ) from error
    except sqlite3.Error as error:
        raise faults.explain(error) from error
    return connection, notices


def _make_private(path: Path) -> None:
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def _make_file(path: Path) -> None:
    try:
        # Only a file that is not there is opened here: closing it would drop the locks that
        # SQLite holds on it in this process.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        for side in SIDES:
            _tighten(path.with_name(path.name + side))


def _tighten(path: Path) -> None:
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except FileNotFoundError:
        return


@contextmanager
def _one_at_a_time(faults: Faults) -> Iterator[None]:
    """Two processes that heal the same file at once would move each other's fresh one aside."""
    lock = os.open(
        faults.path.with_name(f"{faults.path.name}.lock"),
        os.O_CREAT | os.O_RDWR | os.O_CLOEXEC,
        0o600,
    )
    try:
        ends = time.monotonic() + faults.patience_s
        while not _take(lock):
            if time.monotonic() >= ends:
                raise faults.locked()
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open_or_heal(
    faults: Faults, migrations: Sequence[str], notices: list[str]
) -> sqlite3.Connection:
    try:
        return _ready(faults, migrations)
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        aside = _move_aside(faults.path)
        notices.append(
            f"The store {faults.path} was damaged ({error}). It was moved to {aside}, "
            "and a fresh one was made."
        )
    faults.suspect.unlink(missing_ok=True)
    return _ready(faults, migrations)


def _ready(faults: Faults, migrations: Sequence[str]) -> sqlite3.Connection:
    _make_file(faults.path)
    connection = connect(faults.path)
    try:
        faults.patiently(lambda: _refuse(connection, faults.path, len(migrations)))
        faults.patiently(lambda: _prepare(connection, migrations))
        if faults.suspect.exists():
            _examine(connection)
            faults.suspect.unlink()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse(connection: sqlite3.Connection, path: Path, known: int) -> None:
    version = version_of(connection)
    if is_foreign(connection):
        raise StoreError(
            f"The file {path} is not a store of cxtop.",
            why="It holds another program's tables.",
            fix="Move it elsewhere, or choose another place for the store.",
        )
    if version > known:
        raise newer(path, version, known)


def newer(path: Path, version: int, known: int) -> StoreNewerError:
    """The refusal of a store of `version`, where this cxtop knows versions up to `known`."""
    return StoreNewerError(
        f"The store {path} was written by a newer cxtop.",
        why=f"It has version {version}; this cxtop knows versions up to {known}.",
        fix="Update cxtop, or move the file elsewhere to begin with a fresh one.",
    )


def _prepare(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    if not version_of(connection):
        # Takes effect only before the first table and the switch to WAL; later it would only
        # wait for whoever writes.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode this survives the death of the process; only a power cut can take the last
    # moments, and never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16384")
    migrate(connection, migrations)


def _examine(connection: sqlite3.Connection) -> None:
    if trouble := examine(connection):
        error = sqlite3.DatabaseError(trouble)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def examine(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the file's inside, by reading all of it; `None` if nothing is."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if found == "ok" else found


def _move_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    for side in SIDES:
        source = path.with_name(path.name + side)
        if source.exists():
            source.rename(aside.with_name(aside.name + side))
    return aside
