"""Adding exchanges to the index: a batch of lines of one log, all of them or none."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import Any, NamedTuple

from ..models import Call
from . import identities, zones
from .entries import Entries, ShapeKey

MOST_SHAPES = 16_384
MOST_PATHS = 16_384
LONGEST_PATH = 512
# What is kept in the index of what came from outside; longer texts stand in the log.
_LONGEST_WORD = 256


class Bad(NamedTuple):
    """A line that is no exchange, and why."""

    offset: int
    length: int
    reason: str


@dataclass(slots=True)
class Batch:
    """What was read of a log from `start` to `end`, and how the log is recognised then.

    `head` and `tail` are prints: of the first `head_length` bytes, and of the `tail_length` bytes
    before `end`. `calls` are those that captured handlers had to try again.
    """

    log: int
    start: int
    end: int
    head: bytes
    head_length: int
    tail: bytes
    tail_length: int
    entries: Entries = field(default_factory=Entries)
    bad: list[Bad] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


@dataclass(slots=True)
class Interned:
    """Numbers of shapes and paths that are known to be in the store."""

    shapes: dict[ShapeKey, int] = field(default_factory=dict)
    paths: dict[str, int | str | None] = field(default_factory=dict)

    def learn(self, other: Interned) -> None:
        """Take over what is in the store by now."""
        if len(self.paths) > 4 * MOST_PATHS:
            self.paths.clear()
        self.shapes.update(other.shapes)
        self.paths.update(other.paths)


class Added(NamedTuple):
    """What became of a batch: its first row, how many rows, and the numbers that it needed."""

    first: int
    rows: int
    interned: Interned


# A log of nothing but such lines must not fill the disk: beyond this many they are only counted.
MOST_BAD = 1000


def add(connection: sqlite3.Connection, batch: Batch, known: Interned) -> Added | None:
    """Keep a batch and how far its log is read now.

    `None` if the log is not read up to where the batch begins: then another process has been
    there, and nothing is kept.
    """
    moved = connection.execute(
        "UPDATE logs SET offset = ?, head = ?, head_length = ?, tail = ?, tail_length = ?, "
        "lines = lines + ?, bad = bad + ?, last_at = max(last_at, ?) WHERE log = ? AND offset = ?",
        (
            batch.end,
            batch.head,
            batch.head_length,
            batch.tail,
            batch.tail_length,
            len(batch.entries),
            len(batch.bad),
            max(batch.entries.times, default=0),
            batch.log,
            batch.start,
        ),
    ).rowcount
    if not moved:
        return None
    if batch.bad:
        _quarantine(connection, batch)
    fresh = Interned()
    first = next_row(connection)
    if batch.entries:
        _add_rows(connection, batch, first, known, fresh)
    return Added(first, len(batch.entries), fresh)


def next_row(connection: sqlite3.Connection) -> int:
    """The number that the next row gets. Numbers are never given twice, not even after retention,
    which always leaves the newest block."""
    return connection.execute("SELECT coalesce(max(row), 0) + 1 FROM exchanges").fetchone()[0]


def _add_rows(
    connection: sqlite3.Connection, batch: Batch, first: int, known: Interned, fresh: Interned
) -> None:
    entries = batch.entries
    found = _shapes(connection, entries, known, fresh)
    shapes = [found[place] for place in entries.shapes]
    found = _paths(connection, entries, known, fresh)
    paths = [found[place] for place in entries.paths]
    columns = (entries.offsets, entries.lengths, entries.times, entries.tooks, paths, shapes)
    _insert(connection, batch.log, zip(count(first), *columns, strict=False), len(entries))
    connection.executemany(
        "UPDATE shapes SET count = count + ? WHERE shape = ?",
        [(count, shape) for shape, count in Counter(shapes).items()],
    )
    zones.note(connection, first, entries.times, entries.tooks, shapes)
    identities.add(connection, first, len(entries), entries.marks)


# So many rows with each statement take a third of the time that one each takes.
_AT_ONCE = 10
_COLUMNS = 7


def _insert(
    connection: sqlite3.Connection, log: int, rows: Iterator[tuple[Any, ...]], number: int
) -> None:
    """Insert rows of `row, offset, length, at, took, path, shape`."""
    one = f"(?, {int(log)}, ?, ?, ?, ?, ?, ?)"
    into = "INSERT INTO exchanges (row, log, offset, length, at, took, path, shape) VALUES "
    together = number // _AT_ONCE * _AT_ONCE
    if together:
        values = chain.from_iterable(islice(rows, together))
        statement = into + ", ".join([one] * _AT_ONCE)
        connection.executemany(statement, zip(*[values] * (_AT_ONCE * _COLUMNS), strict=True))
    connection.executemany(into + one, rows)


def _shapes(
    connection: sqlite3.Connection, entries: Entries, known: Interned, fresh: Interned
) -> dict[int, int]:
    """The numbers of the shapes, by their places among those of the batch."""
    keys = list(entries.shape_keys)
    found: dict[int, int] = {}
    for place in sorted(set(entries.shapes)):
        number = known.shapes.get(keys[place])
        if number is None:
            number = fresh.shapes[keys[place]] = _shape(connection, keys[place])
        found[place] = number
    return found


_SHAPE = (
    "SELECT shape FROM shapes WHERE service = ? AND method = ? AND route = ? AND action = ? "
    "AND outcome = ? AND code = ? AND status = ?"
)


def _shape(connection: sqlite3.Connection, key: ShapeKey) -> int:
    *words, status = key
    values = (*words, -1 if status is None else status)
    found = connection.execute(_SHAPE, values).fetchone()
    if found is not None:
        return found[0]
    (count,) = connection.execute("SELECT max(shape) FROM shapes").fetchone()
    if count >= MOST_SHAPES or any(len(str(word)) > _LONGEST_WORD for word in words):
        return 0
    made = connection.execute(
        "INSERT INTO shapes (service, method, route, action, outcome, code, status) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    assert made.lastrowid is not None
    return made.lastrowid


def _paths(
    connection: sqlite3.Connection, entries: Entries, known: Interned, fresh: Interned
) -> dict[int, int | str | None]:
    """What stands for the paths, by their places among those of the batch."""
    texts = list(entries.path_texts)
    found: dict[int, int | str | None] = {}
    for place in sorted(set(entries.paths)):
        path = known.paths.get(texts[place], _MISSING)
        if path == _MISSING:
            path = fresh.paths[texts[place]] = _path(connection, texts[place])
        found[place] = path
    return found


# No path has this number.
_MISSING = -1


def _path(connection: sqlite3.Connection, path: str) -> int | str | None:
    if len(path) > LONGEST_PATH or "\0" in path:
        connection.execute("INSERT OR IGNORE INTO paths (path, text) VALUES (0, char(0))")
        return None
    found = connection.execute("SELECT path FROM paths WHERE text = ?", (path,)).fetchone()
    if found is not None:
        return found[0]
    (count,) = connection.execute("SELECT coalesce(max(path), 0) FROM paths").fetchone()
    if count >= MOST_PATHS:
        return path
    return connection.execute("INSERT INTO paths (text) VALUES (?)", (path,)).lastrowid


def _quarantine(connection: sqlite3.Connection, batch: Batch) -> None:
    (kept,) = connection.execute(
        "SELECT count(*) FROM quarantined WHERE log = ?", (batch.log,)
    ).fetchone()
    connection.executemany(
        "INSERT OR IGNORE INTO quarantined (log, offset, length, reason) VALUES (?, ?, ?, ?)",
        [(batch.log, *bad) for bad in batch.bad[: max(0, MOST_BAD - kept)]],
    )
