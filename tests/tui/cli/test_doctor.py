"""cxtop doctor: each line fine, or what to do."""

from __future__ import annotations

from .support import Cli, write_config


def states(cli: Cli, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = cli("doctor", "--json", *arguments)
    assert done.json["ok"] is (done.code == 0)
    return done.code, {check["name"]: check for check in done.json["checks"]}


def test_all_is_well(cli: Cli) -> None:
    code, checks = states(cli)
    assert code == 0
    assert {name: check["state"] for name, check in checks.items()} == {
        "configuration": "ok",
        "DNS": "ok",
        "TLS": "skipped",
        "clock": "ok",
        "token": "ok",
        "run status": "ok",
        "run results": "ok",
        "rate budget": "ok",
        "store": "ok",
    }


def test_lines_for_people(cli: Cli) -> None:
    done = cli.process("doctor", "--run", "crm-import")
    assert done.code == 0
    assert "✔ token " in done.out
    assert "it answered for crm-import" in done.out
    assert "· TLS" in done.out


def test_a_run_that_is_not_there(cli: Cli) -> None:
    code, checks = states(cli, "--run", "nope")
    assert code == 4
    assert checks["run status"]["state"] == "failed"


def test_a_missing_permission_names_it(cli: Cli) -> None:
    code, checks = states(cli, "--run", "forbidden-run")
    assert code == 3
    assert "data:actions:read" in checks["run status"]["fix"]


def test_a_wrong_secret(cli: Cli) -> None:
    cli.env["CXTOP_CLIENT_SECRET"] = "certainly-not-the-secret"
    code, checks = states(cli)
    assert code == 3
    assert checks["token"]["state"] == "failed"
    assert checks["run status"]["state"] == "skipped"
    assert checks["store"]["state"] == "ok"


def test_no_secret_at_all(cli: Cli) -> None:
    write_config(cli.home, '[profiles.x]\nregion = "eu-west-1"\n')
    del cli.env["CXTOP_CLIENT_SECRET"]
    code, checks = states(cli)
    assert code == 2
    assert checks["configuration"]["state"] == "failed"
    assert checks["token"]["state"] == "failed"


def test_no_configuration(alone: Cli) -> None:
    code, checks = states(alone)
    assert code == 2
    assert checks["configuration"]["fix"]
    assert checks["token"]["state"] == "skipped"


def test_a_name_that_does_not_exist(cli: Cli) -> None:
    cli.env["CXTOP_BASE_URL"] = "https://nowhere.invalid"
    write_config(cli.home, '[profiles.x]\nregion = "eu-west-1"\n[profiles.x.retry]\nattempts = 1\n')
    code, checks = states(cli)
    assert code == 4
    assert checks["DNS"]["state"] == "failed"
    assert checks["TLS"]["state"] == "failed"
    assert checks["token"]["state"] == "failed"


def test_a_port_that_speaks_no_tls(cli: Cli) -> None:
    cli.env["CXTOP_BASE_URL"] = cli.env["CXTOP_BASE_URL"].replace("http://", "https://")
    write_config(cli.home, '[profiles.x]\nregion = "eu-west-1"\n[profiles.x.retry]\nattempts = 1\n')
    code, checks = states(cli)
    assert code == 4
    assert "secure connection" in checks["TLS"]["what"]


def test_a_store_that_is_no_store(cli: Cli) -> None:
    (cli.home / "state").write_text("a file")
    code, checks = states(cli)
    assert code == 74
    assert checks["store"]["state"] == "failed"
