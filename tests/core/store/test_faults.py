import sqlite3
from pathlib import Path

import pytest

from cxtop.core.errors import StoreError, StoreFullError, StoreLockedError
from cxtop.core.store.faults import Faults


def error(code: int, text: str = "it says so") -> sqlite3.Error:
    made = sqlite3.OperationalError(text)
    made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_BUSY, StoreLockedError, "locked by another process"),
        (sqlite3.SQLITE_BUSY_RECOVERY, StoreLockedError, "locked by another process"),
        (sqlite3.SQLITE_FULL, StoreFullError, "is full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreError, "cannot be opened or written"),
        (sqlite3.SQLITE_CANTOPEN, StoreError, "cannot be opened or written"),
        (sqlite3.SQLITE_CORRUPT, StoreError, "is damaged"),
        (sqlite3.SQLITE_IOERR_READ, StoreError, "it says so"),
    ],
)
def test_each_error_is_a_sentence_with_a_fix(tmp_path, code, kind, words):
    explained = Faults(tmp_path / "x.db", 1).explain(error(code))
    assert type(explained) is kind
    assert words in str(explained)
    assert str(tmp_path) in explained.what
    assert explained.fix


def test_an_error_of_the_module_itself_is_one_too(tmp_path):
    explained = Faults(tmp_path / "x.db", 1).explain(sqlite3.ProgrammingError("closed"))
    assert type(explained) is StoreError


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where nothing is free")
def test_failing_where_nothing_is_free_is_a_full_disk():
    explained = Faults(Path("/proc/x.db"), 1).explain(error(sqlite3.SQLITE_IOERR_SHMSIZE))
    assert type(explained) is StoreFullError


def test_failing_where_no_folder_is_any_more_is_not(tmp_path):
    gone = Faults(tmp_path / "gone" / "x.db", 1)
    assert type(gone.explain(error(sqlite3.SQLITE_IOERR_SHMSIZE))) is StoreError


def test_damage_that_cannot_be_marked_is_logged(tmp_path, caplog):
    explained = Faults(tmp_path / "gone" / "x.db", 1).explain(error(sqlite3.SQLITE_CORRUPT))
    assert "is damaged" in explained.what
    assert "cannot be marked" in caplog.text


def test_damage_is_marked_and_nothing_else_is(tmp_path):
    faults = Faults(tmp_path / "x.db", 1)
    faults.explain(error(sqlite3.SQLITE_FULL))
    assert not faults.suspect.exists()
    faults.explain(error(sqlite3.SQLITE_NOTADB))
    assert faults.suspect.exists()


def test_patience_is_for_locks_only(tmp_path):
    faults = Faults(tmp_path / "x.db", 10)
    tries = []

    def busy_twice():
        tries.append(1)
        if len(tries) < 3:
            raise error(sqlite3.SQLITE_BUSY)
        return "in"

    assert faults.patiently(busy_twice) == "in"

    def wrong():
        raise error(sqlite3.SQLITE_ERROR)

    with pytest.raises(sqlite3.OperationalError):
        faults.patiently(wrong)


def test_patience_ends(tmp_path):
    def busy():
        raise error(sqlite3.SQLITE_BUSY)

    with pytest.raises(sqlite3.OperationalError):
        Faults(tmp_path / "x.db", 0.05).patiently(busy)
