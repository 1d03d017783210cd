"""cxtop errors: groups, lines and CSV."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from .support import CXTOP, Cli, client, platform


def test_groups_as_json(cli: Cli) -> None:
    done = cli.process("errors", "crm-import", "--json")
    assert done.code == 0
    told = done.json
    assert told.keys() == {"run_id", "total", "groups"}
    assert (told["run_id"], told["total"]) == ("crm-import", 270)
    counts = [group["count"] for group in told["groups"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 270
    for group in told["groups"]:
        assert group.keys() == {"code", "count", "samples"}
        assert len(group["samples"]) == min(3, group["count"])
        assert {sample["code"] for sample in group["samples"]} == {group["code"]}


def test_groups_for_people(cli: Cli) -> None:
    done = cli("errors", "crm-import")
    assert done.code == 0
    assert done.out.startswith("crm-import   270 failed records\n")
    assert "VALIDATION_ERROR" in done.out
    assert "█" in done.out
    assert " %" in done.out


def test_every_record_as_lines(cli: Cli) -> None:
    done = cli("errors", "crm-import", "--jsonl")
    assert done.code == 0
    assert len({record["record_id"] for record in done.lines}) == len(done.lines) == 270


def test_one_code(cli: Cli) -> None:
    groups = {
        group["code"]: group for group in cli("errors", "crm-import", "--json").json["groups"]
    }
    code = "TIMEOUT"
    lines = cli("errors", "crm-import", "--jsonl", "--code", code).lines
    assert {record["code"] for record in lines} == {code}
    assert len(lines) == groups[code]["count"]
    one = cli("errors", "crm-import", "--json", "--code", code).json
    assert one["total"] == groups[code]["count"]
    assert [group["code"] for group in one["groups"]] == [code]
    assert cli("errors", "crm-import", "--json", "--code", "NONE").json["groups"] == []


def test_every_record_as_csv(cli: Cli) -> None:
    done = subprocess.run(
        [CXTOP, "errors", "crm-import", "--csv"],
        env=cli.environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    text = done.stdout.decode()
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 270
    assert list(rows[0]) == ["run_id", "record_id", "code", "status", "message", "record"]
    assert isinstance(json.loads(rows[0]["record"]), dict)


def test_what_platforms_tell_with_the_status(cli: Cli) -> None:
    cli.env["CXTOP_PLATFORM"] = "cxone"
    told = cli("errors", "case-push", "--json").json
    assert told["total"] == sum(group["count"] for group in told["groups"]) > 0


def test_a_run_that_goes_on_is_told(tmp_path: Path) -> None:
    with platform("calm") as told:
        done = Cli(tmp_path, client(told))("errors", "contact-import", "--json")
    assert done.code == 0
    assert "contact-import is running: these are its failed records so far." in done.err
    assert done.json["total"] > 0


@pytest.mark.parametrize(("run_id", "code"), [("forbidden-run", 3), ("nope", 4), ("html-run", 4)])
def test_what_cannot_be_had(cli: Cli, run_id: str, code: int) -> None:
    done = cli("errors", run_id, "--json")
    assert done.code == code
    assert done.out == ""
    assert done.err.startswith("✖ ")


HOSTILE = ("[/etc/x]", "escapes", "bidi", "../../x?y=1#z", "huge")


def test_what_is_hostile_stays_text(tmp_path: Path) -> None:
    csv.field_size_limit(10_000_000)
    with platform("hostile", "--speed", "1000") as told:
        cli = Cli(tmp_path, client(told))
        for run_id in HOSTILE:
            for form in ([], ["--jsonl"]):
                done = cli("errors", run_id, *form)
                assert done.code == 0
                assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(done.out + done.err)
            done = cli("errors", run_id, "--csv")
            rows = list(csv.reader(io.StringIO(done.out, newline="")))
            assert len(rows) > 1
            assert not any(cell[:1] in "=+-@\t" for row in rows for cell in row if cell)
