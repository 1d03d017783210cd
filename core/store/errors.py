"""The records that failed in runs: each once, counted by code, and found page by page.

Functions of a connection: `add_errors` is a job for the writer, the others are queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from ..models import ErrorGroup, Page, RecordError
from ..redact import Redactor
from .codec import dump, fold, load, micros, raw
from .errorquery import ErrorSort, Filter, choose, count_of, marks_of, page_of, whole_of
from .runs import key_of, make_key

# Sorting looks at this many characters of a message or record id; ties stand as they were seen.
_KEY_LENGTH = 64


def add_errors(
    connection: sqlite3.Connection,
    run_id: str,
    errors: Sequence[RecordError],
    seen_at: datetime,
    redactor: Redactor,
    *,
    apart: bool = False,
) -> int:
    """Keep those of `errors` whose record ids are new to the run, and say how many were.

    With `apart` all are kept: they are known to be different ones, though ids that were masked
    may have become alike.
    """
    run = make_key(connection, run_id)
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM error_entries").fetchone()
    number = last
    for error in errors:
        own = f"\0{number + 1}" if apart else error.record_id
        number += _add(connection, run, number + 1, error, own, micros(seen_at), redactor)
    return number - last


def error_count(
    connection: sqlite3.Connection, run_id: str, code: str | None, text: str | None
) -> int:
    """How many failed records of a run are kept that the filters let through."""
    return count_of(connection, choose(key_of(connection, run_id), code, text))


def error_groups(
    connection: sqlite3.Connection, run_id: str, samples: int, text: str | None
) -> list[ErrorGroup]:
    """The codes of a run with their counts and up to `samples` records each, most first."""
    run = key_of(connection, run_id)
    chosen = choose(run, None, text)
    # The plus keeps a scan on the clustered rows, where the texts lie.
    group = "+code" if chosen.scan else "code"
    counts = connection.execute(
        f"SELECT code, count(*) AS times FROM errors WHERE {chosen.where} "  # noqa: S608
        f"GROUP BY {group} ORDER BY times DESC, code",
        chosen.values,
    ).fetchall()
    if chosen.scan:
        marks = _sample_scan(connection, chosen, {code: min(n, samples) for code, n in counts})
    else:
        marks = {
            code: marks_of(connection, choose(run, code, None), "seen", False, 0, samples)
            for code, _ in counts
        }
    return [
        ErrorGroup(
            code=code,
            count=count,
            samples=tuple(_read(connection, run_id, number) for number in marks[code]),
        )
        for code, count in counts
    ]


def _sample_scan(
    connection: sqlite3.Connection, chosen: Filter, wanted: dict[str, int]
) -> dict[str, list[int]]:
    """The first errors of each code, as many as are wanted, in one scan that ends early."""
    found: dict[str, list[int]] = {code: [] for code in wanted}
    missing = sum(wanted.values())
    rows = connection.execute(
        f"SELECT code, id FROM errors WHERE {chosen.where} ORDER BY id",  # noqa: S608
        chosen.values,
    )
    while missing and (row := rows.fetchone()):
        code, number = row
        if len(found[code]) < wanted[code]:
            found[code].append(number)
            missing -= 1
    rows.close()
    return found


def error_page(
    connection: sqlite3.Connection,
    run_id: str,
    *,
    code: str | None,
    text: str | None,
    sort: ErrorSort,
    descending: bool,
    number: int,
    size: int,
) -> Page[RecordError]:
    """One page of the failed records that the filters let through; see `Store.error_page`."""
    if size < 1:
        raise ValueError("A page holds at least one record.")
    chosen = choose(key_of(connection, run_id), code, text)
    few = whole_of(connection, chosen, sort, descending)
    total = count_of(connection, chosen) if few is None else len(few)
    number = min(max(number, 1), max(1, -(-total // size)))
    start = (number - 1) * size
    if few is None:
        count = min(size, total - start)
        ids = page_of(connection, chosen, sort, descending, start, count, total)
    else:
        ids = few[start : start + size]
    items = tuple(_read(connection, run_id, one) for one in ids)
    return Page[RecordError](items=items, number=number, size=size, total=total)


def errors_after(
    connection: sqlite3.Connection, run_id: str, code: str | None, after: int, limit: int
) -> tuple[list[RecordError], int]:
    """The next `limit` failed records seen after mark `after` (0 to begin), and the new mark."""
    chosen = choose(key_of(connection, run_id), code, None)
    rows = connection.execute(
        f"SELECT id FROM errors WHERE {chosen.where} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
        (*chosen.values, after, limit),
    ).fetchall()
    found = [_read(connection, run_id, number) for (number,) in rows]
    return found, rows[-1][0] if rows else after


def _add(
    connection: sqlite3.Connection,
    run: int,
    number: int,
    error: RecordError,
    own: str,
    seen_at: int,
    redactor: Redactor,
) -> int:
    # The id as it came tells records apart, even where redaction makes two of them alike.
    identity = blake2b(raw(own), digest_size=16).digest()
    known = connection.execute(
        "SELECT 1 FROM errors WHERE run = ? AND identity = ?", (run, identity)
    )
    if known.fetchone():
        return 0
    code, record_id = redactor.text(error.code), redactor.text(error.record_id)
    message, status = redactor.text(error.message), redactor.text(error.status)
    record_key, message_key = fold(record_id), fold(message)
    connection.execute(
        "INSERT INTO errors (run, id, identity, code, record_key, message_key, folded) "
        "VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?)",
        (
            run,
            number,
            identity,
            raw(code),
            record_key[:_KEY_LENGTH],
            message_key[:_KEY_LENGTH],
            f"{message_key}\n{record_key}\n{fold(code)}",
        ),
    )
    connection.execute(
        "INSERT INTO error_entries (id, run, seen_at, head, record, extra) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            number,
            run,
            seen_at,
            dump([record_id, code, message, status]),
            dump(redactor.json(error.record)),
            dump(redactor.json(error.extra)),
        ),
    )
    return 1


def _read(connection: sqlite3.Connection, run_id: str, number: int) -> RecordError:
    head, record, extra = connection.execute(
        "SELECT head, record, extra FROM error_entries WHERE id = ?", (number,)
    ).fetchone()
    return error_of(run_id, head, record, extra)


def error_of(run_id: str, head: str, record: str, extra: str) -> RecordError:
    """A failed record out of the columns in which it is kept."""
    record_id, code, message, status = load(head)
    return RecordError(
        run_id=run_id,
        record_id=record_id,
        code=code,
        message=message,
        status=status,
        record=load(record),
        extra=load(extra),
    )
