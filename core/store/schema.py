"""The tables of the store, as the list of steps that led to them.

`PRAGMA user_version` counts the steps that a file has taken. A step is never changed once it was
released; a new one is appended. A store from a newer cxtop is refused, never touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from .exchangetables import EXCHANGES, SLOWEST
from .health import HEALTH
from .notices import NOTICES
from .recoverytables import AUDIT_HORIZON, RECOVERIES
from .traces import TRACES

# "cxto": tells our files from other programs' SQLite files.
APPLICATION_ID = 0x6378746F

# Notes on version 1:
# - run_id is text of up to any length, so the other tables carry the small number beside it.
# - Counts have no type: those above 64 bits lie there as digits.
# - errors is what lists are filtered, grouped and sorted by, narrow and clustered by run; its
#   whole entries lie in error_entries, so that a scan never reads a payload.
# - identity is a digest of the record's id as it came: two ids that redaction makes alike stay
#   two records.
# - Each index on errors ends in what a filtered page still needs, so that it is read alone.
_VERSION_1 = f"""
PRAGMA application_id = {APPLICATION_ID};

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    polled_at INTEGER,
    data TEXT,
    walk_page INTEGER NOT NULL DEFAULT 1,
    walk_complete INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE watched (
    position INTEGER PRIMARY KEY,
    run INTEGER NOT NULL UNIQUE
);

CREATE TABLE polls (
    run INTEGER NOT NULL,
    polled_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    progress REAL,
    processed,
    total,
    errors,
    warnings,
    PRIMARY KEY (run, polled_at)
) WITHOUT ROWID;
CREATE INDEX polls_by_age ON polls (polled_at);

CREATE TABLE errors (
    run INTEGER NOT NULL,
    id INTEGER NOT NULL,
    identity BLOB NOT NULL,
    code TEXT NOT NULL,
    record_key TEXT NOT NULL,
    message_key TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX errors_once ON errors (run, identity);
CREATE INDEX errors_by_code ON errors (run, code);
CREATE INDEX errors_by_record ON errors (run, record_key, id, code);
CREATE INDEX errors_by_message ON errors (run, message_key, id, code);

CREATE TABLE error_entries (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    head TEXT NOT NULL,
    record TEXT NOT NULL,
    extra TEXT NOT NULL
);

CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    run INTEGER,
    started_at INTEGER NOT NULL,
    retried INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX calls_by_age ON calls (started_at, id);
CREATE INDEX calls_by_run ON calls (run, started_at, id);
CREATE INDEX calls_retried ON calls (started_at, id) WHERE retried;
"""

MIGRATIONS: tuple[str, ...] = (
    _VERSION_1,
    EXCHANGES,
    TRACES,
    RECOVERIES,
    NOTICES,
    HEALTH,
    AUDIT_HORIZON,
    SLOWEST,
)


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps the file has taken; 0 for an empty one."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether the file holds another program's tables."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return False
    return connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()[0] == 1


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Take the steps that the file has not taken yet: all of them, or none."""
    if version_of(connection) >= len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have taken them while this one waited for the lock.
        for script in migrations[version_of(connection) :]:
            for statement in statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Take back the open transaction, if SQLite has not done so itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def statements(script: str) -> Iterator[str]:
    """The statements of `script`. `executescript` is no way: it commits what is open."""
    *pieces, rest = script.split(";")
    statement = ""
    for piece in pieces:
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if (statement + rest).strip():
        raise ValueError(f"A migration ends in the middle of a statement: {statement + rest!r}")
