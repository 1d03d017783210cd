"""cxtop execute: what the answer of an action is, for people and for programs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .support import CXTOP, Cli, client, platform

FIELDS = {"action_id", "outcome", "message", "hint", "token_state", "result", "http_status"}


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with platform("calm") as told:
        yield Cli(tmp_path_factory.mktemp("home"), client(told))


@pytest.mark.parametrize(
    ("action", "code", "outcome", "status"),
    [
        ("ok", 0, "ok", 200),
        ("stringified-2", 0, "stringified_result", 200),
        ("errors", 1, "action_errors", 200),
        ("forbidden", 1, "forbidden", 403),
    ],
)
def test_one_object_and_the_exit_code(
    cli: Cli, action: str, code: int, outcome: str, status: int
) -> None:
    done = cli("execute", action, "--json")
    assert done.code == code, done.err
    told = done.json
    assert told.keys() >= FIELDS
    assert (told["action_id"], told["outcome"], told["http_status"]) == (action, outcome, status)
    assert bool(told["hint"]) == (outcome != "ok")
    if outcome == "forbidden":
        assert "data:action:execute" in told["hint"]
    assert not done.err
    log = cli.home / "data" / "captures" / "executed.jsonl"
    assert told["exchange_id"] in log.read_text()


def test_a_token_that_has_expired(cli: Cli) -> None:
    done = cli("execute", "token-expired", "--expect", "token", "--json")
    assert (done.code, done.json["token_state"]) == (0, "TOKEN_EXPIRED")
    assert done.json["directive"] == "REFRESH_TOKEN"
    assert done.json["result"]["token"].startswith("cgy-")
    shown = cli("execute", "token-expired", "--expect", "token")
    assert "TOKEN_EXPIRED" in shown.out
    assert "cgy-" not in shown.out + shown.err
    assert "The exchange is kept" in shown.err


def test_a_schema_in_a_file(cli: Cli) -> None:
    (cli.home / "wanted.json").write_text('{"properties": {"points": {"type": "string"}}}')
    done = cli("execute", "ok", "--expect", "wanted.json")
    assert done.code == 1
    assert "$.result.points" in done.out
    assert "expected string, found integer" in done.out


def test_the_input_comes_from_a_file_from_stdin_or_as_it_stands(cli: Cli) -> None:
    (cli.home / "input.json").write_text('{"n": 1}')
    assert cli("execute", "echo", "--input", "input.json", "--json").json["result"] == {"n": 1}
    piped = subprocess.run(
        [CXTOP, "execute", "echo", "--input", "-", "--json"],
        input='{"n": 3}',
        env=cli.environment,
        cwd=cli.home,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(piped.stdout)["result"] == {"n": 3}


def test_an_input_that_cannot_be_sent(cli: Cli) -> None:
    done = cli("execute", "ok", "--input", '{"a": x}', "--json")
    assert (done.code, done.out) == (2, "")
    assert "line 1, column 7" in done.err


def test_the_schema_of_the_action_checks_the_input_unless_it_is_not_to(cli: Cli) -> None:
    folder = cli.home / "schemas"
    folder.mkdir()
    (folder / "echo.json").write_text('{"input": {"required": ["phone"]}}')
    try:
        assert "$.phone" in cli("execute", "echo").err
        assert cli("execute", "echo", "--no-check").code == 0
    finally:
        (folder / "echo.json").unlink()


def test_without_an_answer_there_is_no_outcome(cli: Cli, tmp_path: Path) -> None:
    denied = Cli(tmp_path, {**cli.env, "CXTOP_CLIENT_SECRET": "wrong-secret"})("execute", "ok")
    assert (denied.code, denied.out) == (3, "")
    other = Cli(tmp_path, {**cli.env, "CXTOP_PLATFORM": "cxone"})("execute", "ok")
    assert (other.code, other.out) == (2, "")
    assert "cxtop submit" in other.err


def test_each_thing_is_told_once_to_people(cli: Cli) -> None:
    token = cli("execute", "raw-token")
    assert token.code == 0
    assert "cgy-" not in token.out + token.err
    page = cli("execute", "html")
    assert page.out.count("Scheduled maintenance") == 1
    refused = cli("execute", "errors")
    assert "The CRM did not answer within 5 s.\n" in refused.out
    assert refused.out.count("UPSTREAM_TIMEOUT") == 1
