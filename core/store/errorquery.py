"""Which of a run's errors are meant, how many they are, and their marks in the order asked for.

A mark is the number under which an error lies in the table; marks grow with the time it was seen.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from .codec import fold, raw

ErrorSort = Literal["seen", "record", "code", "message"]

# LIKE is twice as quick as instr, but refuses long patterns.
_LONGEST_PATTERN = 1000

# A list found by its text is read whole up to this length: a second scan would only count it.
_FEW = 2000

# By which columns to sort, and the index that yields them in this order.
_SORTS: dict[ErrorSort, tuple[tuple[str, ...], str]] = {
    "seen": (("id",), ""),
    "record": (("record_key", "id"), "INDEXED BY errors_by_record"),
    "code": (("code", "id"), "INDEXED BY errors_by_code"),
    "message": (("message_key", "id"), "INDEXED BY errors_by_message"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which of a run's errors are meant, as SQL; `scan` when their texts have to be read."""

    where: str
    values: tuple[Any, ...]
    scan: bool


def choose(run: int | None, code: str | None, text: str | None) -> Filter:
    """The errors of a run that have this code, and `text` in them; all for `None`."""
    where = "run = ?"
    values: list[Any] = [run]
    if code is not None:
        where += f" AND {'+code' if text else 'code'} = CAST(? AS TEXT)"
        values.append(raw(code))
    if text:
        needle = fold(text)
        if len(needle) > _LONGEST_PATTERN:
            where += " AND instr(folded, ?) > 0"
            values.append(needle)
        else:
            where += " AND folded LIKE ? ESCAPE '\\'"
            values.append(f"%{_escaped(needle)}%")
    return Filter(where, tuple(values), scan=bool(text))


def _escaped(needle: str) -> str:
    return needle.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def count_of(connection: sqlite3.Connection, chosen: Filter) -> int:
    """How many there are."""
    index = "" if chosen.scan else "INDEXED BY errors_by_code"
    return connection.execute(
        f"SELECT count(*) FROM errors {index} WHERE {chosen.where}",  # noqa: S608
        chosen.values,
    ).fetchone()[0]


def marks_of(
    connection: sqlite3.Connection,
    chosen: Filter,
    sort: ErrorSort,
    descending: bool,
    start: int,
    count: int,
) -> list[int]:
    """The marks of `count` errors from place `start` of the sorted list."""
    columns, index = _SORTS[sort]
    direction = "DESC" if descending else "ASC"
    order = ", ".join(f"{column} {direction}" for column in columns)
    rows = connection.execute(
        f"SELECT id FROM errors {index} WHERE {chosen.where} "  # noqa: S608
        f"ORDER BY {order} LIMIT ? OFFSET ?",
        (*chosen.values, count, start),
    )
    return [number for (number,) in rows]


def whole_of(
    connection: sqlite3.Connection, chosen: Filter, sort: ErrorSort, descending: bool
) -> list[int] | None:
    """The whole sorted list where it is found by its text and short, else `None`."""
    if not chosen.scan:
        return None
    column = _SORTS[sort][0][0]
    rows = connection.execute(
        f"SELECT {column}, id FROM errors WHERE {chosen.where} ORDER BY id LIMIT ?",  # noqa: S608
        (*chosen.values, _FEW + 1),
    ).fetchall()
    if len(rows) > _FEW:
        return None
    return [number for _, number in sorted(rows, reverse=descending)]


def page_of(
    connection: sqlite3.Connection,
    chosen: Filter,
    sort: ErrorSort,
    descending: bool,
    start: int,
    count: int,
    total: int,
) -> list[int]:
    """The same as `marks_of`, from whichever end of the list of `total` is nearer."""
    if start <= total // 2:
        return marks_of(connection, chosen, sort, descending, start, count)
    return marks_of(connection, chosen, sort, not descending, total - start - count, count)[::-1]
