"""The full text of bodies: filled in the background, asked for candidates that are then checked.

It holds which rows have a token and no more, so a phrase is asked as its tokens, and where they
stand is seen in the line itself. Rows that are not in it yet count as candidates. It is cut in
shards, so that what is too old can be dropped: a table without content cannot forget single rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from .filter.tree import Phrase
from .places import Place

SHARD_BITS = 16
# Nobody looks for longer tokens, and a base64 body would be one.
_LONGEST_TOKEN = 64


def question(wanted: Phrase) -> str | None:
    """What the full text is asked about a phrase; `None` where it cannot tell."""
    if any(len(token) > _LONGEST_TOKEN for token in wanted.tokens):
        return None
    *whole, last = [f'"{token}"' for token in wanted.tokens]
    return " AND ".join([*whole, f"{last}*" if wanted.open_end else last])


def condition(connection: sqlite3.Connection, low: int, high: int, name: str) -> str:
    """SQL that holds for rows from `low` to `high` that may answer the question `:name`."""
    through = dict(
        connection.execute(
            "SELECT shard, through FROM texts WHERE shard BETWEEN ? AND ?",
            (low >> SHARD_BITS, high >> SHARD_BITS),
        ).fetchall()
    )
    parts: list[str] = []
    for shard in range(low >> SHARD_BITS, (high >> SHARD_BITS) + 1):
        start, ends = shard << SHARD_BITS, ((shard + 1) << SHARD_BITS) - 1
        if shard not in through:
            parts.append(f"row BETWEEN {start} AND {ends}")
            continue
        first, last = max(low, start), min(high, ends, through[shard])
        parts.append(f"row BETWEEN {through[shard] + 1} AND {ends}")
        if first <= last:
            parts.append(
                f"row IN (SELECT rowid FROM text_{shard} WHERE text_{shard} MATCH :{name} "  # noqa: S608
                f"AND rowid BETWEEN {first} AND {last})"
            )
    return f"({' OR '.join(parts)})"


def next_rows(connection: sqlite3.Connection, limit: int) -> tuple[int, list[Place]]:
    """A shard, and the next rows of it whose texts are missing; no rows when none is missing."""
    first, last = connection.execute(
        "SELECT (SELECT min(row) FROM exchanges), (SELECT max(row) FROM exchanges)"
    ).fetchone()
    if last is None:
        return 0, []
    through = dict(connection.execute("SELECT shard, through FROM texts").fetchall())
    for shard in range(last >> SHARD_BITS, (first >> SHARD_BITS) - 1, -1):
        # The newest shard comes first: that is where people look.
        start = max(first, shard << SHARD_BITS, through.get(shard, 0) + 1)
        ends = ((shard + 1) << SHARD_BITS) - 1
        rows = connection.execute(
            "SELECT row, log, offset, length FROM exchanges WHERE row BETWEEN ? AND ? "
            "ORDER BY row LIMIT ?",
            (start, ends, limit),
        ).fetchall()
        if rows:
            return shard, [Place(*row) for row in rows]
    return 0, []


def add(connection: sqlite3.Connection, shard: int, texts: Sequence[tuple[int, str]]) -> bool:
    """Keep texts with their rows, which are the next ones of the shard in ascending order.

    `False` if another process has kept some of them meanwhile; then nothing is kept.
    """
    first, last = texts[0][0], texts[-1][0]
    known = connection.execute("SELECT through FROM texts WHERE shard = ?", (shard,)).fetchone()
    if known is not None and known[0] >= first:
        return False
    if known is None:
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS text_{shard} USING fts5(text, content='', "
            "detail=none, columnsize=0, "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '_-.'\")"
        )
    connection.executemany(
        f"INSERT INTO text_{shard} (rowid, text) VALUES (?, ?)",  # noqa: S608
        [(row, text) for row, text in texts if text],
    )
    connection.execute(
        "INSERT INTO texts (shard, through) VALUES (?, ?) "
        "ON CONFLICT (shard) DO UPDATE SET through = excluded.through",
        (shard, last),
    )
    return True


def forget(connection: sqlite3.Connection, before: int) -> None:
    """Drop the shards that lie wholly before row `before`."""
    shards = connection.execute(
        "SELECT shard FROM texts WHERE shard < ?", (before >> SHARD_BITS,)
    ).fetchall()
    for (shard,) in shards:
        connection.execute(f"DROP TABLE IF EXISTS text_{shard}")
        connection.execute("DELETE FROM texts WHERE shard = ?", (shard,))


def missing(connection: sqlite3.Connection) -> int:
    """About how many rows are not in the full text yet."""
    first, last = connection.execute(
        "SELECT (SELECT min(row) FROM exchanges), (SELECT max(row) FROM exchanges)"
    ).fetchone()
    if last is None:
        return 0
    done = 0
    for shard, through in connection.execute("SELECT shard, through FROM texts"):
        done += max(0, through - max(first, shard << SHARD_BITS) + 1)
    return max(0, last - first + 1 - done)
