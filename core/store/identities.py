"""Finding rows by the ids of exchanges.

An id becomes a key of 32 bits; two ids may share one, so what is found has to be checked. Keys lie
in `fresh_ids` first, a plain table. Many at a time become a run: pages of sorted numbers, each the
key and the row within the run. That takes a third of the room of a table, and a sixth of the time.
The numbers are floats, for Python sorts those fastest, and 53 bits are enough. Small runs are
merged, so that few have to be asked.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

# A run reaches over this many rows at most.
_SPAN = 1 << 20
_FACTOR = float(_SPAN)
_DIGITS_OF_KEY = 8
_REGULAR = re.compile(rf"[0-9a-f]{{{_DIGITS_OF_KEY}}}").match
_DIGITS = re.compile(r"[0-9a-f]+").fullmatch
# Beside the keys of 32 bits: exchanges whose own id is no hexadecimal number.
IRREGULAR = 1 << 32
# With fewer digits than that a prefix says too little to look it up.
SHORTEST_PREFIX = 4

_USUAL_LENGTH = 32

# So many entries fill a page of the file.
_PAGE = 480
# With so many at once a run is written without the detour over the plain table.
_MANY = 20_000
# The ids of about so many rows are fresh: making a run of them takes some 30 ms.
_MOST_FRESH = 5000
_FAN_IN = 32
_SLICES = 64
_SLICE = (IRREGULAR // _SLICES) * _FACTOR
_MOST_FOUND = 20_000

# The level of a run that is being written, and of small and merged ones.
_UNFINISHED, _SMALL, _MERGED = -1, 0, 1


def key_of(text: str) -> int:
    """The key of an id that came from outside."""
    return crc32(text.encode("utf-8", "surrogatepass"))


def own_keys_of(text: str) -> tuple[int, ...]:
    """The keys of an exchange's own id.

    Of hexadecimal digits the first ones are the key, so that a prefix of the id is a range of
    keys. Any other id has `IRREGULAR` beside its key, so that prefixes find it, too.
    """
    # Quicker than a regular expression, and as strict.
    if text.isascii() and text.isalnum() and text == text.lower() and len(text) >= _DIGITS_OF_KEY:
        try:
            return (int(text[:_DIGITS_OF_KEY], 16),)
        except ValueError:
            pass  # it has other letters
    elif _REGULAR(text):
        return (int(text[:_DIGITS_OF_KEY], 16),)
    return key_of(text), IRREGULAR


def lookup(
    connection: sqlite3.Connection, text: str, *, own: bool, others: bool
) -> list[int] | None:
    """The rows, newest first, that may have an id `text`; `None` if they are too many to tell.

    `own`: as the exchange's own id or the beginning of it; `others`: as any of its other ids.
    """
    ranges: list[tuple[int, int]] = []
    if others:
        ranges.append((key_of(text), key_of(text)))
    if own:
        if len(text) < SHORTEST_PREFIX:
            return None
        digits = text[:_DIGITS_OF_KEY]
        if _DIGITS(digits):
            rest = 4 * (_DIGITS_OF_KEY - len(digits))
            low = int(digits, 16) << rest
            ranges.append((low, low + (1 << rest) - 1))
        ranges.append((IRREGULAR, IRREGULAR))
    found: set[int] = set()
    for low, high in ranges:
        rows = rows_of(connection, low, high)
        if rows is None:
            return None
        found.update(rows)
    return sorted(found, reverse=True)


def marks(texts: Iterable[str], first: int) -> list[float]:
    """Marks of the ids of rows that follow each other; the first one's place is `first`.

    A mark is a key and the place of its row in what is added. Empty ids have none.
    """
    return [
        crc32(text.encode("utf-8", "surrogatepass")) * _FACTOR + place
        for place, text in enumerate(texts, first)
        if text
    ]


def own_marks(texts: Sequence[str], first: int) -> list[float]:
    """Likewise of the exchanges' own ids."""
    # Of 32 hexadecimal digits, as nearly always: their beginnings are had from one piece.
    if {*map(len, texts)} == {_USUAL_LENGTH}:
        together = "".join(texts)
        try:
            packed = bytes.fromhex(together)
        except ValueError:
            packed = b""
        # Spaces and capitals are no ids of that kind.
        if packed.hex() == together:
            words = array("I", packed)
            if sys.byteorder == "little":
                words.byteswap()
            keys = words[:: _USUAL_LENGTH // _DIGITS_OF_KEY]
            return [key * _FACTOR + place for place, key in enumerate(keys, first)]
    return [
        key * _FACTOR + place
        for place, text in enumerate(texts, first)
        for key in own_keys_of(text)
    ]


def add(connection: sqlite3.Connection, first_row: int, rows: int, marks: Sequence[float]) -> None:
    """Keep the marks of `rows` rows from `first_row` on; these are at most 2^20."""
    if rows > _SPAN:
        raise ValueError(f"{rows} rows are too many for one run")
    if len(marks) < _MANY:
        connection.executemany(
            "INSERT OR IGNORE INTO fresh_ids (key, row) VALUES (?, ?)",
            [(int(mark // _FACTOR), first_row + int(mark % _FACTOR)) for mark in marks],
        )
        _tidy(connection, first_row + rows)
        return
    run = _make_run(connection, _SMALL, first_row, first_row + rows - 1)
    _write_pages(connection, run, sorted(marks))


def rows_of(connection: sqlite3.Connection, low: int, high: int) -> set[int] | None:
    """The rows that have a key from `low` to `high`; `None` for more than 20,000."""
    found = {
        row
        for (row,) in connection.execute(
            "SELECT row FROM fresh_ids WHERE key BETWEEN ? AND ? LIMIT ?",
            (low, high, _MOST_FOUND + 1),
        )
    }
    first, end = low * _FACTOR, (high + 1) * _FACTOR
    for base, packed in connection.execute(_LOOK, (first, end)):
        data = _unpacked(packed)
        part = data[bisect_left(data, first) : bisect_left(data, end)]
        found.update(base + int(entry % _FACTOR) for entry in part)
        if len(found) > _MOST_FOUND:
            return None
    return found if len(found) <= _MOST_FOUND else None


# The pages of all runs that may hold entries from the first number up to the second.
_LOOK = """
SELECT id_runs.base, id_pages.data FROM id_runs CROSS JOIN id_pages
WHERE id_runs.level >= 0 AND id_pages.run = id_runs.run AND id_pages.first < ?2
AND id_pages.first >= coalesce(
    (SELECT max(first) FROM id_pages WHERE run = id_runs.run AND first < ?1), ?1)
"""


def forget(connection: sqlite3.Connection, low: int, high: int) -> None:
    """Forget the fresh ids of rows from `low` to `high`; those in runs go when they are merged."""
    connection.execute("DELETE FROM fresh_ids WHERE row BETWEEN ? AND ?", (low, high))


# Merging


class Merge(NamedTuple):
    """Runs that become one: `target` is the new one, which nobody sees before it is whole."""

    target: int
    base: int
    runs: tuple[_Run, ...]
    oldest: int
    slices: int = _SLICES


def begin_merge(connection: sqlite3.Connection) -> Merge | None:
    """Prepare the merging of small runs; `None` if they are too few."""
    oldest = connection.execute("SELECT coalesce(min(row), 0) FROM exchanges").fetchone()[0]
    stale = connection.execute(
        "SELECT run FROM id_runs WHERE last_row < ? OR level = ?", (oldest, _UNFINISHED)
    ).fetchall()
    _delete(connection, [run for (run,) in stale])
    chosen: list[_Run] = []
    # Until a run lies too far from the first to share rows with it.
    for run in _runs(connection, _SMALL):
        if chosen and run.last_row - chosen[0].base >= _SPAN:
            break
        chosen.append(run)
    if len(chosen) < _FAN_IN:
        return None
    base, last = chosen[0].base, max(run.last_row for run in chosen)
    target = _make_run(connection, _UNFINISHED, base, last)
    return Merge(target, base, tuple(chosen), oldest)


def merge_slice(connection: sqlite3.Connection, merge: Merge, number: int) -> None:
    """Write one slice of the new run."""
    first = number * _SLICE
    end = first + _SLICE if number < _SLICES - 1 else (IRREGULAR + 1) * _FACTOR
    entries: list[float] = []
    for run in merge.runs:
        shift, least = float(run.base - merge.base), merge.oldest - run.base
        for data in _pages(connection, run.run, first, end):
            part = data[bisect_left(data, first) : bisect_left(data, end)]
            if least > 0:
                entries += [entry + shift for entry in part if entry % _FACTOR >= least]
            else:
                entries += [entry + shift for entry in part]
    entries.sort()
    _write_pages(connection, merge.target, entries)


def end_merge(connection: sqlite3.Connection, merge: Merge) -> bool:
    """Put the new run in the place of the old ones; `False` if another process has begun anew."""
    done = connection.execute(
        "UPDATE id_runs SET level = ? WHERE run = ? AND level = ?",
        (_MERGED, merge.target, _UNFINISHED),
    ).rowcount
    if done:
        _delete(connection, [run.run for run in merge.runs])
    return bool(done)


def _tidy(connection: sqlite3.Connection, next_row: int) -> None:
    """Make a run of the fresh ids when they have become many."""
    (last,) = connection.execute("SELECT coalesce(max(last_row), 0) FROM id_runs").fetchone()
    if next_row - last <= _MOST_FRESH:
        return
    pairs = connection.execute("SELECT key, row FROM fresh_ids ORDER BY row").fetchall()
    start = 0
    while start < len(pairs):
        base = pairs[start][1]
        ends = bisect_left(pairs, base + _SPAN, lo=start, key=lambda pair: pair[1])
        run = _make_run(connection, _SMALL, base, pairs[ends - 1][1])
        entries = [key * _FACTOR + (row - base) for key, row in pairs[start:ends]]
        entries.sort()
        _write_pages(connection, run, entries)
        start = ends
    connection.execute("DELETE FROM fresh_ids")


# Runs and pages


class _Run(NamedTuple):
    run: int
    base: int
    last_row: int


def _runs(connection: sqlite3.Connection, *levels: int) -> list[_Run]:
    listed = ",".join(map(str, levels))
    return [
        _Run(*row)
        for row in connection.execute(
            f"SELECT run, base, last_row FROM id_runs WHERE level IN ({listed}) ORDER BY base"  # noqa: S608
        )
    ]


def _make_run(connection: sqlite3.Connection, level: int, base: int, last_row: int) -> int:
    made = connection.execute(
        "INSERT INTO id_runs (level, base, last_row) VALUES (?, ?, ?)", (level, base, last_row)
    )
    assert made.lastrowid is not None, "a row was inserted"
    return made.lastrowid


def _write_pages(connection: sqlite3.Connection, run: int, entries: list[float]) -> None:
    """Write sorted entries as a run's pages."""
    data = array("d", entries)
    connection.executemany(
        "INSERT INTO id_pages (run, first, data) VALUES (?, ?, ?)",
        (
            (run, data[start], _packed(data[start : start + _PAGE]))
            for start in range(0, len(data), _PAGE)
        ),
    )


def _pages(
    connection: sqlite3.Connection, run: int, first: float, end: float
) -> Iterator[array[float]]:
    """The pages of a run that may hold entries from `first` up to, not including, `end`."""
    rows = connection.execute(
        "SELECT data FROM id_pages WHERE run = ?1 AND first < ?3 AND first >= "
        "coalesce((SELECT max(first) FROM id_pages WHERE run = ?1 AND first < ?2), ?2) "
        "ORDER BY first",
        (run, first, end),
    )
    return (_unpacked(data) for (data,) in rows)


def _delete(connection: sqlite3.Connection, runs: Iterable[int]) -> None:
    for run in runs:
        connection.execute("DELETE FROM id_pages WHERE run = ?", (run,))
        connection.execute("DELETE FROM id_runs WHERE run = ?", (run,))


def _packed(data: array[float]) -> bytes:
    if sys.byteorder == "big":
        data.byteswap()
    return data.tobytes()


def _unpacked(data: bytes) -> array[float]:
    entries = array("d")
    entries.frombytes(data)
    if sys.byteorder == "big":
        entries.byteswap()
    return entries
