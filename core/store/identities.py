"""Finding rows by the ids of exchanges.

An id becomes a key of 40 bits; two ids may share one, so what is found has to be checked. Keys lie
in `fresh_ids` first, a plain table. Many at a time become a run: pages of sorted numbers, each the
key and the last 24 bits of the row. A run stays within one epoch of 2^24 rows, which gives the
other bits. Small runs are merged, so that few have to be asked.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

ROW_BITS = 24
_ROW_MASK = (1 << ROW_BITS) - 1
KEY_BITS = 40
# The largest prime below 2^40: close ids get different keys.
PRIME = (1 << KEY_BITS) - 87
_KEY_DIGITS = KEY_BITS // 4
_REGULAR = re.compile(rf"[0-9a-f]{{{_KEY_DIGITS}}}").match
_DIGITS = re.compile(r"[0-9a-f]+").fullmatch
# No id has this key: it is above the prime, and ten digits f are no id that anybody draws.
IRREGULAR = (1 << KEY_BITS) - 1
# With fewer digits than that a prefix says too little to look it up.
SHORTEST_PREFIX = 4

# So many entries fill a page of the file.
_PAGE = 480
# With so many at once a run is written without the detour over the plain table.
_MANY = 20_000
_FAN_IN = 8
_LEVELS = 2
_MOST_FOUND = 20_000


def key_of(text: str) -> int:
    """The key of an id that came from outside."""
    return int.from_bytes(text.encode("utf-8", "surrogatepass"), "big") % PRIME


def own_keys_of(text: str) -> tuple[int, ...]:
    """The keys of an exchange's own id.

    Of hexadecimal digits the first ones are the key, so that a prefix of the id is a range of
    keys. Any other id has `IRREGULAR` beside its key, so that prefixes find it, too.
    """
    digits = text if "-" not in text else text.replace("-", "")
    if _REGULAR(digits):
        return (int(digits[:_KEY_DIGITS], 16),)
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
        digits = text.replace("-", "")
        if len(digits) < SHORTEST_PREFIX:
            return None
        if _DIGITS(digits):
            ranges.append(_prefix_range(digits[:_KEY_DIGITS]))
        ranges.append((IRREGULAR, IRREGULAR))
    found: set[int] = set()
    for low, high in ranges:
        rows = rows_of(connection, low, high)
        if rows is None:
            return None
        found.update(rows)
    return sorted(found, reverse=True)


def _prefix_range(digits: str) -> tuple[int, int]:
    rest = 4 * (_KEY_DIGITS - len(digits))
    low = int(digits, 16) << rest
    return low, low + (1 << rest) - 1


def add(connection: sqlite3.Connection, first_row: int, keys: Sequence[Sequence[int]]) -> None:
    """Keep the keys of each row from `first_row` on."""
    count = sum(map(len, keys))
    if count < _MANY:
        connection.executemany(
            "INSERT OR IGNORE INTO fresh_ids (key, row) VALUES (?, ?)",
            [(key, row) for row, some in enumerate(keys, first_row) for key in some],
        )
        _tidy(connection)
        return
    last_row = first_row + len(keys) - 1
    for epoch in range(first_row >> ROW_BITS, (last_row >> ROW_BITS) + 1):
        start = max(first_row, epoch << ROW_BITS)
        ends = min(last_row, ((epoch + 1) << ROW_BITS) - 1)
        part = keys[start - first_row : ends - first_row + 1]
        low = start & _ROW_MASK
        entries = [key << ROW_BITS | row for row, some in enumerate(part, low) for key in some]
        _write_run(connection, epoch, 0, ends, entries)


def rows_of(connection: sqlite3.Connection, low: int, high: int) -> set[int] | None:
    """The rows that have a key from `low` to `high`; `None` for more than 20,000."""
    found = {
        row
        for (row,) in connection.execute(
            "SELECT row FROM fresh_ids WHERE key BETWEEN ? AND ? LIMIT ?",
            (low, high, _MOST_FOUND + 1),
        )
    }
    for run, epoch in connection.execute("SELECT run, epoch FROM id_runs ORDER BY run DESC"):
        base = epoch << ROW_BITS
        first, last = low << ROW_BITS, (high << ROW_BITS) | _ROW_MASK
        for data in _pages(connection, run, first, last):
            place = bisect_left(data, first)
            while place < len(data) and data[place] <= last:
                found.add(base | (data[place] & _ROW_MASK))
                place += 1
        if len(found) > _MOST_FOUND:
            return None
    return found if len(found) <= _MOST_FOUND else None


def _pages(
    connection: sqlite3.Connection, run: int, first: int, last: int
) -> Iterable[Sequence[int]]:
    """The pages of a run that may hold entries from `first` to `last`."""
    rows = connection.execute(
        "SELECT data FROM id_pages WHERE run = ?1 AND first <= ?3 AND first >= "
        "coalesce((SELECT max(first) FROM id_pages WHERE run = ?1 AND first < ?2), ?2)",
        (run, _signed(first), _signed(last)),
    )
    return (_unpacked(data) for (data,) in rows)


def compact(connection: sqlite3.Connection) -> bool:
    """Merge some small runs into one; says whether there may be more to do."""
    oldest = connection.execute("SELECT coalesce(min(row), 0) FROM exchanges").fetchone()[0]
    connection.execute(
        "DELETE FROM id_pages WHERE run IN (SELECT run FROM id_runs WHERE last_row < ?)", (oldest,)
    )
    connection.execute("DELETE FROM id_runs WHERE last_row < ?", (oldest,))
    group = connection.execute(
        "SELECT epoch, level FROM id_runs WHERE level < ? GROUP BY epoch, level "
        "HAVING count(*) >= ? ORDER BY level LIMIT 1",
        (_LEVELS - 1, _FAN_IN),
    ).fetchone()
    if group is None:
        return False
    runs = connection.execute(
        "SELECT run, last_row FROM id_runs WHERE epoch = ? AND level = ? ORDER BY run LIMIT ?",
        (*group, _FAN_IN),
    ).fetchall()
    entries = array("Q")
    for run, _ in runs:
        for (data,) in connection.execute("SELECT data FROM id_pages WHERE run = ?", (run,)):
            entries.extend(_unpacked(data))
    base = group[0] << ROW_BITS
    kept = [entry for entry in entries if base | (entry & _ROW_MASK) >= oldest]
    _delete(connection, [run for run, _ in runs])
    if kept:
        _write_run(connection, group[0], group[1] + 1, max(last for _, last in runs), kept)
    return True


def forget(connection: sqlite3.Connection, low: int, high: int) -> None:
    """Forget the fresh ids of rows from `low` to `high`; runs go when all of them is too old."""
    connection.execute("DELETE FROM fresh_ids WHERE row BETWEEN ? AND ?", (low, high))


def _tidy(connection: sqlite3.Connection) -> None:
    """Make a run of the fresh ids when they have become many."""
    some = connection.execute("SELECT row FROM fresh_ids LIMIT 1 OFFSET ?", (_MANY,)).fetchone()
    if some is None:
        return
    by_epoch: dict[int, list[int]] = {}
    last = 0
    for key, row in connection.execute("SELECT key, row FROM fresh_ids"):
        by_epoch.setdefault(row >> ROW_BITS, []).append(key << ROW_BITS | (row & _ROW_MASK))
        last = max(last, row)
    for epoch, entries in by_epoch.items():
        ends = min(last, ((epoch + 1) << ROW_BITS) - 1)
        _write_run(connection, epoch, 0, ends, entries)
    connection.execute("DELETE FROM fresh_ids")


def _write_run(
    connection: sqlite3.Connection, epoch: int, level: int, last_row: int, entries: list[int]
) -> None:
    entries.sort()
    data = array("Q", entries)
    run = connection.execute(
        "INSERT INTO id_runs (epoch, level, entries, last_row) VALUES (?, ?, ?, ?)",
        (epoch, level, len(data), last_row),
    ).lastrowid
    connection.executemany(
        "INSERT INTO id_pages (run, first, data) VALUES (?, ?, ?)",
        (
            (run, _signed(data[start]), _packed(data[start : start + _PAGE]))
            for start in range(0, len(data), _PAGE)
        ),
    )


def _delete(connection: sqlite3.Connection, runs: Sequence[int]) -> None:
    connection.executemany("DELETE FROM id_pages WHERE run = ?", [(run,) for run in runs])
    connection.executemany("DELETE FROM id_runs WHERE run = ?", [(run,) for run in runs])


def _signed(entry: int) -> int:
    """SQLite's integers have a sign; the order stays."""
    return entry - (1 << 63)


def _packed(data: array[int]) -> bytes:
    if sys.byteorder == "big":
        data.byteswap()
    return data.tobytes()


def _unpacked(data: bytes) -> array[int]:
    entries = array("Q")
    entries.frombytes(data)
    if sys.byteorder == "big":
        entries.byteswap()
    return entries
