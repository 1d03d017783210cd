"""cxtop import: exchanges that something else has written."""

from __future__ import annotations

import fcntl
import gzip
import json

from .captures import START, exchange, foreign, write
from .support import Cli

SDK = {
    "date": "2026-03-01T12:00:07.000Z",
    "level": "debug",
    "method": "GET",
    "url": "https://api.mypurecloud.com/api/v2/users/me",
    "requestHeaders": {"Authorization": "Bearer canary-1"},
    "responseHeaders": {"ININ-Correlation-Id": "c-1"},
    "statusCode": 200,
    "responseBody": "{}",
}
HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "startedDateTime": START.isoformat(),
                "time": 12,
                "request": {"method": "GET", "url": "http://x/har?token=canary-2", "headers": []},
                "response": {"status": 404, "headers": [], "content": {"text": "{}"}},
            }
        ],
    }
}


def test_every_kind_is_recognised_and_taken_in_once(alone: Cli) -> None:
    home = alone.home
    (home / "seven.log").write_text("".join(map(foreign, range(3))))
    (home / "sdk.log.gz").write_bytes(gzip.compress(json.dumps(SDK).encode() + b"\n"))
    (home / "session.har").write_text(json.dumps(HAR))
    write(home / "ours.jsonl", [exchange(1), exchange(10)])
    files = ("seven.log", "sdk.log.gz", "session.har", "ours.jsonl")
    done = alone.process("import", *files, "--json")
    assert done.code == 0, done.err
    assert done.json == {"added": 7, "bad": 0, "notes": []}
    assert "7 exchanges taken in" in done.err
    lines = alone("tail", "--full").lines
    assert len(lines) == 7
    assert "canary" not in json.dumps(lines)
    assert alone("tail", "--filter", "path:/har status:404").lines[0]["method"] == "GET"
    again = alone("import", *files)
    assert (again.code, again.out) == (0, "")
    assert "Nothing new" in again.err
    written = b"".join(file.read_bytes() for file in (home / "data").rglob("*") if file.is_file())
    assert written
    assert b"canary" not in written


def test_what_cannot_be_taken_in(alone: Cli) -> None:
    done = alone("import", "nowhere.har")
    assert done.code == 2
    assert "There is no file or folder nowhere.har." in done.err
    (alone.home / "notes.txt").write_text("just words\n" * 10)
    done = alone("import", "notes.txt")
    assert done.code == 2
    assert "holds no exchanges" in done.err


def test_while_another_cxtop_takes_logs_over_nothing_is_called_old(alone: Cli) -> None:
    (alone.home / "seven.log").write_text("".join(map(foreign, range(3))))
    assert alone("import", "seven.log").code == 0
    (alone.home / "later.log").write_text("".join(map(foreign, range(3, 5))))
    (lock,) = (alone.home / "data").rglob(".lock")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = alone("import", "later.log")
    assert done.code == 74
    assert "Another cxtop is taking over foreign logs right now" in done.err
    assert "Nothing new" not in done.err
    done = alone("import", "later.log")
    assert done.code == 0
    assert "2 exchanges taken in" in done.err
