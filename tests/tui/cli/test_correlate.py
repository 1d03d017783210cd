"""cxtop correlate: everything that belongs to a request."""

from __future__ import annotations

from typing import Any

from .captures import exchange, write
from .support import Cli


def test_without_a_profile_what_was_captured_is_told(alone: Cli) -> None:
    log = alone.home / "data" / "captures" / "a.jsonl"
    odd = exchange(3, url="/\x1b[2J", flow_execution_id="exec-1")
    write(log, [exchange(1, flow_execution_id="exec-1"), exchange(2), odd])
    done = alone.process("correlate", "req-1", "--json")
    assert done.code == 0
    told = done.json
    assert told["request_id"] == "req-1"
    assert [each["request_id"] for each in told["exchanges"]] == ["req-1", "req-3"]
    assert told["exchanges"][0]["response"]["value"] == {"n": "n1"}
    assert told["trace"]["state"] == "no_platform"
    assert told["links"][0] == {
        "kind": "exchange",
        "id": f"{1:032x}",
        "key": "request_id",
        "value": "req-1",
        "certainty": "certain",
        "run_id": "",
    }
    shown = alone("correlate", "exec-1")
    assert shown.code == 0
    assert "/orders/1" in shown.out
    assert "certain by flow_execution_id exec-1" in shown.out
    assert "cxtop config init" in shown.out
    assert "␛[2J" in shown.out
    assert "\x1b" not in shown.out


def test_nothing_known_is_code_1(alone: Cli) -> None:
    done = alone("correlate", "nowhere\x1b[2J")
    assert done.code == 1
    assert "Exchanges: none" in done.out
    assert "\x1b" not in done.out


def test_with_a_platform_its_trace_is_asked_for(cli: Cli) -> None:
    write(cli.home / "x.jsonl", [exchange(1, flow_execution_id="no-such-execution")])
    told = cli("correlate", "req-1", "--captures", "x.jsonl", "--json").json
    assert told["trace"]["state"] == "not_found"
    assert told["trace"]["execution_id"] == "no-such-execution"
    assert len(told["exchanges"]) == 1


def failed_record(cli: Cli) -> dict[str, Any]:
    return cli("errors", "crm-import", "--json").json["groups"][0]["samples"][0]


def test_failed_records_and_runs_are_told(cli: Cli) -> None:
    record = failed_record(cli)
    told = cli("correlate", record["record_id"], "--json")
    assert told.code == 0
    assert record["record_id"] in [each["record_id"] for each in told.json["record_errors"]]
    assert told.json["runs"][0]["run_id"] == "crm-import"
    shown = cli("correlate", record["record_id"])
    assert f"crm-import / {record['record_id']}" in shown.out
    assert "Runs: 1" in shown.out
