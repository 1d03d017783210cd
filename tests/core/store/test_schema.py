import sqlite3
from contextlib import closing

import pytest

from cxtop.core.store.opening import connect
from cxtop.core.store.schema import MIGRATIONS, is_foreign, migrate, statements, version_of

# Two steps that a later cxtop could bring.
LATER = (
    *MIGRATIONS,
    "ALTER TABLE runs ADD COLUMN label TEXT; UPDATE runs SET label = 'was ' || run_id;",
    "CREATE TABLE notes (\n  run INTEGER PRIMARY KEY, -- a comment; and more\n  note TEXT\n);",
)


@pytest.fixture
def connection(tmp_path):
    file = tmp_path / "x.db"
    file.touch()
    with closing(connect(file)) as opened:
        yield opened


def test_an_empty_file_becomes_the_newest_version(connection):
    migrate(connection)
    assert version_of(connection) == len(MIGRATIONS)
    assert not is_foreign(connection)


@pytest.mark.parametrize("version", range(1, len(LATER)))
def test_every_older_version_is_brought_forward_with_its_rows(connection, version):
    migrate(connection, LATER[:version])
    connection.execute("INSERT INTO runs (run_id) VALUES ('run-1')")
    migrate(connection, LATER)
    assert version_of(connection) == len(LATER)
    assert connection.execute("SELECT run_id FROM runs").fetchall() == [("run-1",)]
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_steps_see_the_rows_that_were_there(connection):
    migrate(connection)
    connection.execute("INSERT INTO runs (run_id) VALUES ('run-1')")
    migrate(connection, LATER)
    assert connection.execute("SELECT label FROM runs").fetchall() == [("was run-1",)]


def test_a_step_that_fails_takes_all_back(connection):
    migrate(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*LATER, "CREATE TABLE more (a); SELECT * FROM nowhere;"))
    assert version_of(connection) == len(MIGRATIONS)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name IN ('notes', 'more')")
    assert tables.fetchall() == []
    assert not connection.in_transaction


def test_nothing_is_written_where_nothing_is_to_do(connection):
    migrate(connection)
    before = connection.total_changes
    migrate(connection)
    assert connection.total_changes == before


def test_statements_hold_triggers_together():
    script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1;\n SELECT 2;\nEND;\nSELECT 3;"
    assert len(list(statements(script))) == 2


def test_a_step_without_its_end_is_a_fault():
    with pytest.raises(ValueError, match="in the middle of a statement"):
        list(statements("SELECT 1;\nSELECT 2"))


def test_another_programs_file_is_told_apart(connection):
    assert not is_foreign(connection)
    connection.execute("CREATE TABLE theirs (a)")
    assert is_foreign(connection)
