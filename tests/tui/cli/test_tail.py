"""cxtop tail: what was captured, and what comes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.models import Outcome

from .captures import exchange, foreign, write
from .support import Cli
from .terminal import terminal

AT_LEAST = {
    "id",
    "at",
    "request_id",
    "request_id_source",
    "method",
    "url",
    "status",
    "duration_ms",
    "outcome",
}


def requests(lines: list[dict[str, Any]]) -> list[str]:
    return [line["request_id"] for line in lines]


def test_files_and_folders_without_a_profile(alone: Cli) -> None:
    write(alone.home / "logs" / "a.jsonl", [exchange(1), exchange(2)])
    write(alone.home / "b.jsonl", [exchange(10)])
    done = alone("tail", "logs", "b.jsonl", "--json")
    assert done.code == 0
    assert sorted(requests(done.lines)) == ["req-1", "req-10", "req-2"]
    assert all(line.keys() >= AT_LEAST for line in done.lines)
    by_id = {line["request_id"]: line for line in done.lines}
    assert by_id["req-10"] == by_id["req-10"] | {
        "id": f"{10:032x}",
        "at": "2026-03-01T12:00:10Z",
        "request_id_source": "header",
        "method": "POST",
        "url": "http://crm/orders/10?full=1",
        "status": 503,
        "duration_ms": 12.5,
        "outcome": "server_error",
        "code": "TIMEOUT",
        "response_size": 9,
    }
    # Nothing is left behind by looking at files.
    assert sorted(path.name for path in alone.home.iterdir()) == ["b.jsonl", "logs"]


def test_the_captures_of_the_profile_and_the_last_of_them(alone: Cli) -> None:
    write(alone.home / "data" / "captures" / "a.jsonl", map(exchange, range(1, 1201)))
    done = alone("tail")
    assert requests(done.lines) == [f"req-{number}" for number in range(1, 1201)]
    last = alone("tail", "-n", "700", "--filter", "status:200").lines
    assert len(last) == 700
    assert last[-1]["request_id"] == "req-1199"
    alone.env["CXTOP_CAPTURES"] = str(alone.home / "nowhere")
    # What was read is found by the index, also when its log is not followed any more.
    assert len(alone("tail", "--filter", "id:req-7").lines) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("code:TIMEOUT status:5xx not path:/orders/10", ["req-20"]),
        ("id:req-3 | body:n7", ["req-3", "req-7"]),
    ],
)
def test_a_filter_lets_through_what_is_meant(alone: Cli, text: str, found: list[str]) -> None:
    write(alone.home / "a.jsonl", map(exchange, range(1, 21)))
    assert requests(alone("tail", "a.jsonl", "--filter", text).lines) == found


def test_a_filter_that_is_none_is_pointed_at(alone: Cli) -> None:
    done = alone("tail", "--filter", "method:POST status:9x")
    assert done.code == 2
    lines = done.err.splitlines()
    place = lines.index("  method:POST status:9x")
    assert lines[place + 1].index("^") == lines[place].index("9x")


def test_whole_exchanges(alone: Cli) -> None:
    write(alone.home / "a.jsonl", [exchange(1)])
    (line,) = alone("tail", "a.jsonl", "--full").lines
    assert line["response"]["value"] == {"n": "n1"}


def test_other_loggers_and_what_is_no_exchange(alone: Cli) -> None:
    (alone.home / "app.log").write_text(foreign(1) + '{"event": "started"}\n' + foreign(2))
    write(alone.home / "b.jsonl", [exchange(1)])
    with (alone.home / "b.jsonl").open("ab") as file:
        file.write(b"not json\n")
    done = alone("tail", "app.log", "b.jsonl", "--full")
    assert set(requests(done.lines)) == {"foreign-1", "foreign-2", "req-1"}
    assert "canary" not in done.out
    assert "1 line could not be read" in done.err


def test_a_path_that_leads_nowhere(alone: Cli) -> None:
    done = alone("tail", "nowhere.jsonl")
    assert done.code == 2
    assert "There is no file or folder nowhere.jsonl." in done.err


class Lines:
    """What a command prints, line by line, with a bound."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._queue: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(process.stdout,))
        self._thread.start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            self._queue.put(line)

    def next(self) -> dict[str, Any]:
        return json.loads(self._queue.get(timeout=20))

    def join(self) -> None:
        self._thread.join(20)


@contextmanager
def following(cli: Cli, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Lines]]:
    with cli.start("tail", "--follow", *arguments) as process:
        lines = Lines(process)
        try:
            yield process, lines
        finally:
            process.terminate()
            lines.join()


def test_it_follows_what_comes_also_through_rotation(alone: Cli) -> None:
    log = write(alone.home / "a.jsonl", map(exchange, range(1, 31)))
    with following(alone, "a.jsonl", "--filter", "status:200") as (process, lines):
        assert [lines.next()["request_id"] for _ in range(10)] == [
            f"req-{number}" for number in range(19, 30) if number != 20
        ]
        log.rename(alone.home / "a.1.jsonl")
        write(log, [exchange(30), exchange(31)])
        assert lines.next()["request_id"] == "req-31"
        process.terminate()
        assert process.wait(20) == 143


def test_a_file_that_is_not_there_yet_is_waited_for(alone: Cli) -> None:
    with following(alone, "new/a.jsonl") as (_, lines):
        write(alone.home / "new" / "a.jsonl", [exchange(1)])
        assert lines.next()["request_id"] == "req-1"


def test_a_reader_that_goes_away_ends_it(alone: Cli) -> None:
    write(alone.home / "a.jsonl", map(exchange, range(5000)))
    with alone.start("tail", "a.jsonl") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 141
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


HOSTILE = "http://crm/[b]x[/b]\x1b]52;c;aGk=\x07/\u202e?q"


def test_a_terminal_gets_aligned_lines_in_colour_and_nothing_that_drives_it(alone: Cli) -> None:
    write(
        alone.home / "a.jsonl",
        [
            exchange(1),
            exchange(10),
            exchange(3, url=HOSTILE, code="\x9b31m", request_id="\x1b[2J"),
            exchange(4, status=None, duration_ms=None, outcome=Outcome.UNREACHABLE, method=""),
            exchange(5, status=404, outcome=Outcome.CLIENT_ERROR),
        ],
    )
    with terminal(alone, "tail", "a.jsonl", size=(40, 120)) as it:
        assert it.ended() == 0
        rows = [row for row in it.text.splitlines() if row]
    assert len(rows) == 5
    assert rows[0].split()[1:6] == ["200", "12", "ms", "POST", "/orders/1"]
    assert rows[0].endswith("req-1")
    assert len({row.index("POST") for row in rows if "POST" in row}) == 1
    assert "server_error TIMEOUT" in rows[1]
    assert "[b]x[/b]" in rows[2]
    assert "␛]52;c;a" in rows[2]
    assert "…" in rows[2]
    assert b"\x1b]52" not in it.raw
    assert b"\x1b[2J" not in it.raw
    assert "\u202e".encode() not in it.raw
    assert b"\xc2\x9b" not in it.raw
    assert b"\x1b[31m503\x1b[0m" in it.raw
    alone.env["NO_COLOR"] = "1"
    with terminal(alone, "tail", "a.jsonl", size=(12, 40)) as it:
        assert it.ended() == 0
    assert b"\x1b[31m" not in it.raw
    assert "12:00:10.000  503" in it.text
    assert len([row for row in it.text.splitlines() if row]) == 5


def test_json_on_a_terminal_is_safe_too(alone: Cli) -> None:
    write(alone.home / "a.jsonl", [exchange(1, url=HOSTILE)])
    with terminal(alone, "tail", "a.jsonl", "--json", size=(40, 120)) as it:
        assert it.ended() == 0
    assert b"\x1b]52" not in it.raw


def test_logs_named_by_hand(alone: Cli, tmp_path: Path) -> None:
    write(alone.home / "x" / "1.jsonl", [exchange(1)])
    write(alone.home / "x" / "2.jsonl", [exchange(2)])
    done = alone("tail", "--captures", "x/1.jsonl", "--captures", f"{tmp_path}/x/2*")
    assert set(requests(done.lines)) == {"req-1", "req-2"}
