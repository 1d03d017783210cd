"""cxtop snapshot: evidence in a file, and the old file whole whatever happens."""

from __future__ import annotations

import csv
import io
import json
import resource
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cxtop.core.capture.record import encode
from cxtop.core.models import Exchange, Outcome
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.exporting import UNFINISHED
from cxtop.core.snapshot.formats import FORMATS as WRITERS
from cxtop.core.snapshot.scope import Part
from cxtop.tui.cli import exits
from cxtop.tui.cli.snapshot import FORMATS, TABLES

from ..stage import RUNS
from .evidence import Here, here, home
from .support import CXTOP
from .terminal import terminal


@pytest.fixture
def known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    return here(tmp_path, monkeypatch, capsys)


def test_without_options_it_is_everything(known: Here) -> None:
    done = known("snapshot")
    assert done.code == exits.OK
    path = known.folder / done.out.strip()
    assert path.name.startswith("cxtop-everything-")
    assert path.name.endswith(".cxsnap")
    assert done.err.startswith(f"✔ Written: {path.name} (")
    assert "8 runs, 8 polls, 149 failed records, 24 exchanges, 1 call" in done.err
    with Bundle.open(path) as bundle:
        assert bundle.manifest.counts[Part.RUNS] == len(RUNS)
        assert bundle.manifest.title == "everything"
        bundle.verify()


def test_as_json_it_tells_what_was_written(known: Here) -> None:
    args = ("--run", "crm-backfill", "--redact", "strict", "--json", "-o", "crm.cxsnap")
    told = known("snapshot", *args).json
    path = known.folder / "crm.cxsnap"
    assert told["path"] == "crm.cxsnap"
    assert told["size"] == path.stat().st_size
    assert told["title"] == "everything of crm-backfill"
    assert told["counts"]["errors"] == 134
    assert told["masked"]["value of email"] == 134
    with Bundle.open(path) as bundle:
        assert [run.run_id for run in bundle.records(Part.RUNS)] == ["crm-backfill"]  # pyright: ignore[reportAttributeAccessIssue]


def test_a_file_that_is_there_is_kept_unless_forced(known: Here) -> None:
    path = known.folder / "a.cxsnap"
    path.write_text("precious")
    done = known("snapshot", "-o", "a.cxsnap")
    assert done.code == exits.USAGE
    assert "--force replaces it" in done.err
    assert path.read_text() == "precious"
    assert known("snapshot", "-o", "a.cxsnap", "--force").code == exits.OK
    with Bundle.open(path) as bundle:
        bundle.verify()


def test_a_folder_gets_a_file_with_a_name(known: Here) -> None:
    (known.folder / "out").mkdir()
    done = known("snapshot", "--scope", "exchanges", "--since", "2026-01-01", "-o", "out")
    assert Path(done.out).parent.name == "out"
    assert "cxtop-exchanges-since-2026-01-01-" in done.out


def test_the_ending_tells_the_form(known: Here) -> None:
    assert {*FORMATS, *TABLES.values()} - {"csv"} == WRITERS.keys()
    known("snapshot", "-o", "a.json")
    assert len(json.loads((known.folder / "a.json").read_text())["exchanges"]) == 24
    done = known("snapshot", "-o", "a.csv")
    assert done.code == exits.USAGE
    assert "--scope errors or --scope exchanges" in done.err


def test_health_is_told_with_error_codes_and_without_the_platform(known: Here) -> None:
    failed = Exchange(
        id="now",
        at=datetime.now(UTC),
        action="assist",
        status=502,
        outcome=Outcome.SERVER_ERROR,
        code="UPSTREAM_TIMEOUT",
    )
    (known.folder / "captures" / "now.jsonl").write_bytes(encode(failed))
    told = known("snapshot", "--scope", "health", "--format", "json", "-o", "-").json
    reports = {one["action_id"]: one["report"] for one in told["health"]}
    assert reports["assist"]["source"] == "captures"
    assert [share["code"] for share in reports["assist"]["codes"]] == ["UPSTREAM_TIMEOUT"]


def test_exchanges_whose_log_is_gone_are_told(known: Here) -> None:
    assert known("snapshot", "-o", "first.cxsnap").code == exits.OK
    for log in (known.folder / "captures").iterdir():
        log.unlink()
    done = known("snapshot", "--scope", "exchanges", "-o", "second.cxsnap")
    assert "24 payloads could not be had any more" in done.err
    with Bundle.open(known.folder / "second.cxsnap") as bundle:
        assert bundle.manifest.missing == 24


def test_to_stdout_as_it_comes(known: Here) -> None:
    done = known("snapshot", "--scope", "errors", "--format", "csv", "-o", "-")
    rows = list(csv.DictReader(io.StringIO(done.out.removeprefix("\ufeff"))))
    assert len(rows) == 149
    assert done.err == ""
    assert known("snapshot", "--format", "csv-errors", "-o", "-").out == done.out
    filtered = ("--scope", "exchanges", "--filter", "status:5xx", "--format", "jsonl")
    lines = known("snapshot", *filtered, "-o", "-").lines
    assert {line["status"] for line in lines if line.get("kind") == "exchange"} == {500}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--redact", "none"), "no terminal to ask on"),
        (("--json", "-o", "-"), "both want stdout"),
        (("--since", "yesterdayish"), "is no time"),
        (("--filter", "status:banana"), "status:banana\n         ^"),
        (("--since", "10m", "--until", "30m"), "--since 10m is not before --until 30m"),
        (("--run", "crm-backfil"), "No run crm-backfil is known to this profile. There is crm-b"),
        (("-o", "nowhere/at/all.cxsnap"), "There is no folder"),
    ],
)
def test_what_cannot_be_is_refused(known: Here, args: tuple[str, ...], said: str) -> None:
    done = known("snapshot", *args)
    assert said in done.err
    assert done.code == (exits.STORE if "nowhere" in args[-1] else exits.USAGE)
    assert not list(known.folder.glob("*.cxsnap"))


def test_none_with_yes_is_taken_at_its_word(known: Here) -> None:
    assert known("snapshot", "--redact", "none", "--yes", "-o", "n.cxsnap").code == exits.OK
    with Bundle.open(known.folder / "n.cxsnap") as bundle:
        assert bundle.manifest.strictness == "none"


def test_on_a_terminal_it_asks_and_no_is_the_default(known: Here) -> None:
    with terminal(known.cli, "snapshot", "--redact", "none", "-o", "n.cxsnap") as it:
        it.until(lambda text: "anything further?" in text)
        it.send("\r")
        assert it.ended() == exits.ENDED_OTHERWISE
    assert "Nothing was written." in it.text
    assert not (known.folder / "n.cxsnap").exists()


def test_a_full_disk_leaves_the_old_file_whole(known: Here) -> None:
    path = known.folder / "old.json"
    assert known("snapshot", "-o", "old.json").code == exits.OK
    old = path.read_bytes()

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) // 2, len(old) // 2))

    with known.cli.start(
        "snapshot", "-o", "old.json", "--force", preexec_fn=little_room
    ) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == exits.STORE, err
    assert "there is no room left" in err
    assert out == ""
    assert path.read_bytes() == old
    assert not list(known.folder.glob(f".*{UNFINISHED}"))


def test_a_kill_leaves_the_old_file_whole(tmp_path: Path) -> None:
    cli = home(tmp_path, 4000)
    path = tmp_path / "old.json"
    path.write_text("whole")
    with cli.start("snapshot", "-o", "old.json", "--force") as process:
        ends = time.monotonic() + 60
        while not list(tmp_path.glob(f".*{UNFINISHED}")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < ends
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert path.read_text() == "whole"
    assert list(tmp_path.glob(f".*{UNFINISHED}")), "it was killed in the middle"
    done = cli("snapshot", "-o", "old.json", "--force", "--scope", "runs")
    assert done.code == exits.OK
    assert json.loads(path.read_text())
    assert not list(tmp_path.glob(f".*{UNFINISHED}")), "the next one clears up"


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    cli = home(tmp_path, 4000)
    writing = subprocess.Popen(
        [CXTOP, "snapshot", "--format", "jsonl", "-o", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=cli.environment,
        cwd=cli.home,
    )
    with writing as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        process.wait(60)
    assert process.returncode == exits.BROKEN_PIPE
    assert said == b""
