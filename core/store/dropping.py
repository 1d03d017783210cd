"""Dropping old exchanges from the index: whole blocks of rows, with all that belongs to them."""

from __future__ import annotations

import sqlite3

from . import finding, fulltext, identities, zones

# About so many rows of other tables take the room of one block.
ROWS_A_BLOCK = 20


def drop_blocks(connection: sqlite3.Connection, oldest_ms: int, limit: int) -> int:
    """Drop up to `limit` blocks all of whose rows are older; the newest block always stays."""
    found = connection.execute(
        "SELECT block FROM blocks WHERE high < ? AND block < (SELECT max(block) FROM blocks) "
        "ORDER BY high LIMIT ?",
        (oldest_ms, limit),
    ).fetchall()
    dropped = 0
    for (block,) in found:
        low = block << zones.BLOCK_BITS
        high = low + zones.BLOCK - 1
        connection.execute(
            "UPDATE shapes SET count = count - (SELECT count(*) FROM exchanges "
            "WHERE row BETWEEN ?1 AND ?2 AND exchanges.shape = shapes.shape) WHERE shape IN "
            "(SELECT shape FROM exchanges WHERE row BETWEEN ?1 AND ?2)",
            (low, high),
        )
        dropped += connection.execute(
            "DELETE FROM exchanges WHERE row BETWEEN ? AND ?", (low, high)
        ).rowcount
        identities.forget(connection, low, high)
        connection.execute("DELETE FROM blocks WHERE block = ?", (block,))
    if found:
        fulltext.forget(connection, finding.bounds(connection)[0])
    return dropped


def drop_old(connection: sqlite3.Connection, oldest: int, limit: int = 500) -> int:
    """As `drop_blocks`, in the measures of the other tables: `oldest` in microseconds since 1970,
    `limit` in rows such as theirs."""
    return drop_blocks(connection, oldest // 1000, max(1, limit // ROWS_A_BLOCK))


AGE = (
    "SELECT high * 1000 + 999 FROM blocks WHERE block < (SELECT max(block) FROM blocks) "  # noqa: S608
    f"ORDER BY high LIMIT 1 OFFSET ? / {ROWS_A_BLOCK}"
)
"""The age of the oldest block but some, in microseconds since 1970."""
