"""cxtop schema: action schemas checked here and deployed on a real, simulated platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cxtop.tui.cli.command import run

from .support import Cli, client, platform

GOOD: dict[str, Any] = {
    "name": "inventory-sync",
    "description": "How much there is.",
    "input": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
    "output": {"type": "object"},
    "errorCodes": [{"code": "GONE", "message": "It is gone."}],
}
BAD = {**GOOD, "name": "", "errorCodes": [*GOOD["errorCodes"], *GOOD["errorCodes"]]}


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with platform("calm", "--platform", "cxone") as told:
        yield Cli(tmp_path_factory.mktemp("home"), client(told))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CXTOP_HOME", str(tmp_path))
    return tmp_path


def written(folder: Path, value: Any) -> str:
    file = folder / "schema.json"
    file.write_text(json.dumps(value))
    return str(file)


def test_a_good_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "check", written(home, GOOD)]) == 0
    assert capsys.readouterr().out == "✔ The schema is in order.\n"


def test_every_fault_with_its_path(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {**BAD, "output": {"properties": {"\x1b]52;": {"type": "strin"}}}}
    assert run(["schema", "check", written(home, broken)]) == 1
    out = capsys.readouterr().out
    assert "✖ $.name is empty\n" in out
    assert "✖ $.errorCodes[1].code is declared already at $.errorCodes[0]\n" in out
    assert "$.output.properties[" in out
    assert "\x1b" not in out


def test_faults_as_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(home, BAD)
    assert run(["schema", "check", file, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["file"], told["ok"]) == (file, False)
    assert told["faults"][0] == {"path": "$.name", "fault": "is empty"}


def test_what_is_no_json_at_all(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "x.json").write_text('{"name": ')
    assert run(["schema", "check", str(home / "x.json")]) == 2
    assert "truncated" in capsys.readouterr().err.lower()
    assert run(["schema", "check", str(home / "none.json")]) == 2


def test_it_is_deployed_and_then_replaced(cli: Cli) -> None:
    file = written(cli.home, GOOD)
    first = cli.process("schema", "deploy", file)
    assert (first.code, first.err) == (0, "")
    assert first.out == "✔ Deployed: inventory-sync, its id is inventory-sync.\n"
    again = cli("schema", "deploy", file, "--json").json
    assert again["created"] is False
    assert (again["id"], again["http_status"]) == ("inventory-sync", 200)


def test_one_with_faults_is_not_sent(cli: Cli) -> None:
    done = cli("schema", "deploy", written(cli.home, BAD))
    assert done.code == 1
    assert "nothing was sent" in done.err
    assert "✖ $.name is empty" in done.out


def test_what_the_platform_refuses(cli: Cli, tmp_path: Path) -> None:
    done = cli("schema", "deploy", written(cli.home, {**GOOD, "name": "forbidden-schema"}))
    assert done.code == 3
    assert "dataactions:write" in done.err
    other = Cli(tmp_path, {**cli.env, "CXTOP_PLATFORM": "genesys"})
    done = other("schema", "deploy", written(tmp_path, GOOD))
    assert done.code == 2
    assert "no call that deploys an action schema" in done.err
