"""The logs that the index knows: where each lies, how it is recognised, how far it was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Log(NamedTuple):
    """A log as it was when it was read last.

    `device` and `inode` are the system's; `packed` tells a gzip file, whose offsets are those of
    its contents. `head` is a print of the first `head_length` bytes, `tail` one of the
    `tail_length` bytes before `offset`, up to which it was read. `lines` are in the index, `bad`
    were set aside. `last_at` is the time of the newest exchange in it, in ms since 1970.
    """

    log: int
    path: str
    device: int
    inode: int
    packed: bool
    head: bytes
    head_length: int
    tail: bytes
    tail_length: int
    offset: int
    lines: int
    bad: int
    last_at: int


class Quarantined(NamedTuple):
    """A line that is no exchange: where it lies, and why."""

    path: str
    offset: int
    length: int
    reason: str


_COLUMNS = ", ".join(Log._fields)


def logs(connection: sqlite3.Connection) -> list[Log]:
    """Every log, the first seen first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM logs ORDER BY log")  # noqa: S608
    return [_log(row) for row in rows]


def by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Log]:
    """The logs with these numbers."""
    listed = ",".join(map(str, numbers))
    rows = connection.execute(f"SELECT {_COLUMNS} FROM logs WHERE log IN ({listed})")  # noqa: S608
    return {row[0]: _log(row) for row in rows}


def add(
    connection: sqlite3.Connection, path: str, device: int, inode: int, packed: bool, after: int
) -> tuple[Log, bool]:
    """A new log, of which nothing was read yet, and `True`.

    Where another process has added a log in the same file meanwhile, with a number above `after`,
    that one, and `False`.
    """
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM logs WHERE device = ? AND inode = ? AND log > ? "  # noqa: S608
        "ORDER BY log DESC LIMIT 1",
        (device, _signed(inode), after),
    ).fetchone()
    if found is not None:
        return _log(found), False
    number = connection.execute(
        "INSERT INTO logs (path, device, inode, packed) VALUES (CAST(? AS TEXT), ?, ?, ?)",
        (_raw(path), device, _signed(inode), packed),
    ).lastrowid
    assert number is not None
    return by_number(connection, [number])[number], True


def move(
    connection: sqlite3.Connection, log: int, path: str, device: int, inode: int, packed: bool
) -> None:
    """The log lies elsewhere now."""
    connection.execute(
        "UPDATE logs SET path = CAST(? AS TEXT), device = ?, inode = ?, packed = ? WHERE log = ?",
        (_raw(path), device, _signed(inode), packed, log),
    )


def quarantined(connection: sqlite3.Connection, limit: int) -> list[Quarantined]:
    """Lines that were set aside, the last ones first."""
    rows = connection.execute(
        "SELECT path, quarantined.offset, length, reason FROM quarantined "
        "JOIN logs USING (log) ORDER BY log DESC, quarantined.offset DESC LIMIT ?",
        (limit,),
    )
    return [Quarantined(*row) for row in rows]


def _log(row: tuple) -> Log:
    found = Log(*row)
    return found._replace(inode=found.inode & (2**64 - 1), packed=bool(found.packed))


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogatepass")


def _signed(inode: int) -> int:
    """Some file systems number their files up to 2^64."""
    return inode - 2**64 if inode >= 2**63 else inode
