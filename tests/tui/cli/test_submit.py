"""cxtop submit: a run is started, and followed where that is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .support import Cli, client, platform, write_config


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with platform("calm", "--platform", "cxone", "--speed", "20") as told:
        yield Cli(tmp_path_factory.mktemp("home"), client(told))


def body(cli: Cli, kind: str) -> str:
    (cli.home / "run.json").write_text(json.dumps({"actionType": kind, "payload": {}}))
    return "run.json"


def test_the_id_is_all_that_stdout_gets(cli: Cli) -> None:
    done = cli.process("submit", body(cli, "order"))
    assert done.code == 0
    assert done.out.startswith("order-")
    assert done.err == f"✔ Submitted: {done.out}"


def test_one_object_and_a_key_of_ones_own(cli: Cli) -> None:
    done = cli("submit", body(cli, "id-in-header"), "--json", "--idempotency-key", "mine")
    assert (done.code, done.json["id_from"], done.json["http_status"]) == (0, "header", 202)
    assert done.json["run_id"].startswith("id-in-header")
    assert done.json["idempotency_key"] == "mine"


def test_an_answer_that_names_no_run_is_shown(cli: Cli) -> None:
    done = cli("submit", body(cli, "id-nowhere"))
    assert (done.code, done.out) == (4, "")
    assert '"status":"queued"' in done.err
    assert "5ecret" not in done.err


def test_it_is_watched_to_its_end(cli: Cli) -> None:
    done = cli("submit", body(cli, "fails"), "--watch", "--json", "--interval", "1")
    assert done.code == 1, done.err
    submitted, *polls = done.lines
    assert {poll["run_id"] for poll in polls} == {submitted["run_id"]}
    assert polls[-1]["status"] == "FAILED"


def test_a_body_that_cannot_be_sent(cli: Cli, tmp_path: Path) -> None:
    (cli.home / "bad.json").write_text('{"payload": {}}')
    done = cli("submit", "bad.json")
    assert (done.code, done.out) == (2, "")
    assert "$.actionType" in done.err
    other = Cli(tmp_path, {**cli.env, "CXTOP_PLATFORM": "genesys"})
    assert other("submit", str(cli.home / body(cli, "order"))).code == 2


def test_a_failed_one_is_submitted_again_and_followed(tmp_path: Path, cli: Cli) -> None:
    again = Cli(tmp_path, cli.env)
    write_config(
        tmp_path,
        '[profiles.x.recovery]\nbase_s = 0.1\n[profiles.x.recovery.directives]\n"*" = "RETRY"\n',
    )
    run = body(again, "fails-once")
    done = again("submit", run, "--watch", "--json", "--interval", "1")
    assert done.code == 0, done.err
    submitted, *polls = done.lines
    runs = list(dict.fromkeys(poll["run_id"] for poll in polls))
    assert runs[0] == submitted["run_id"]
    assert len(runs) == 2
    ends = {poll["run_id"]: poll["status"] for poll in polls}
    assert list(ends.values()) == ["FAILED", "COMPLETED"]


def test_one_that_is_buried_ends_the_watch(tmp_path: Path, cli: Cli) -> None:
    again = Cli(tmp_path, cli.env)
    write_config(tmp_path, '[profiles.x.recovery.directives]\n"*" = "DEAD_LETTER"\n')
    done = again("submit", body(again, "fails"), "--watch", "--json", "--interval", "1")
    assert done.code == 1, done.err
    listed = again("deadletters", "list", "--json")
    assert done.lines[0]["run_id"] in listed.out


RETRY = '[profiles.x.recovery]\nbase_s = 0.1\n[profiles.x.recovery.directives]\n"*" = "RETRY"\n'


def test_watch_follows_what_was_submitted_through_its_recovery(tmp_path: Path, cli: Cli) -> None:
    again = Cli(tmp_path, cli.env)
    write_config(tmp_path, RETRY)
    run_id = again("submit", body(again, "fails-once-here")).out.strip()
    looked = again("watch", run_id, "--only-look", "--interval", "1")
    assert (looked.code, looked.err) == (1, "")
    done = again("watch", run_id, "--interval", "1")
    assert done.code == 0, done.err
    ends = {poll["run_id"]: poll["status"] for poll in done.lines}
    assert list(ends.values()) == ["FAILED", "COMPLETED"]
    second = list(ends)[1]
    assert f"▲ {run_id}: {second} runs in its place, attempt 1 of 5." in done.err
    assert f"✔ {run_id}: recovered." in done.err
    later = again("watch", run_id, "--interval", "1")
    assert later.code == 0
    assert [poll["run_id"] for poll in later.lines] == [run_id, second]
