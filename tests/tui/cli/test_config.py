"""cxtop config."""

from __future__ import annotations

from .support import Cli, write_config

CANARY = "canary-7f3a9b2c-secret"


def test_path(alone: Cli) -> None:
    assert alone.process("config", "path").out == f"{alone.home}/config.toml\n"
    told = alone("config", "path", "--json", "--config", "other.toml").json
    assert told["config_file"] == f"{alone.home}/other.toml"
    assert told["log_file"] == str(alone.log())


def test_init_writes_a_profile_that_is_right(alone: Cli) -> None:
    done = alone(
        "config", "init", "acme", "--region", "eu_west_1", "--client-id", "c-1",
        "--secret-command", "printf secret",
    )  # fmt: skip
    assert (done.code, done.out) == (0, f"{alone.home}/config.toml\n")
    assert (alone.home / "config.toml").stat().st_mode & 0o777 == 0o600
    done = alone("config", "check")
    assert (done.code, done.err) == (0, "✔ The configuration is right.\n")
    shown = {one["setting"]: one for one in alone("config", "show", "--json").json}
    assert shown["region"]["value"] == "eu-west-1"
    assert shown["client_id"]["value"] == "c-1"
    assert "config.toml line" in shown["region"]["from"]


def test_init_needs_no_words(alone: Cli) -> None:
    done = alone("config", "init")
    assert done.code == 0
    assert "region is us-east-1" in done.err
    again = alone("config", "init")
    assert again.code == 2
    assert "exists already" in again.err
    assert alone("config", "init", "--replace", "--region", "eu-west-1").code == 0


def test_no_secret_is_ever_printed(alone: Cli) -> None:
    write_config(
        alone.home,
        f'[profiles.x]\nregion = "eu-west-1"\nclient_id = "c"\nclient_secret = "{CANARY}"\n',
    )
    alone.env["CXTOP_ACCESS_TOKEN"] = f"{CANARY}-token"
    for arguments in (["show"], ["show", "--json"], ["check"], ["check", "--json"]):
        done = alone("config", *arguments)
        assert done.code == 0
        assert "canary" not in done.out + done.err
    assert "(set, not shown)" in alone("config", "show").out


def test_check_tells_all_that_is_wrong(alone: Cli) -> None:
    done = alone("config", "check", "--json")
    assert done.code == 2
    assert done.json["ok"] is False
    assert len(done.json["problems"]) == 3
    assert alone("config", "check").err.count("✖") == 3
    assert "Nothing says where the platform is" in alone("config", "show").err


def test_a_wrong_value_names_its_line(alone: Cli) -> None:
    write_config(alone.home, '[profiles.x]\nregion = "eu-west-1"\ntoken_auth = "magic"\n')
    done = alone("config", "check")
    assert done.code == 2
    assert "line 3" in done.err
    assert "Allowed: basic, form." in done.err


def test_captures_are_written_with_their_full_path(alone: Cli) -> None:
    done = alone("config", "init", "acme", "--region", "eu-west-1", "--captures", "logs/*.jsonl")
    assert done.code == 0
    shown = {line["setting"]: line for line in alone("config", "show", "--json").json}
    assert shown["captures"]["value"] == f"{alone.home}/logs/*.jsonl"
    shown = {
        line["setting"]: line for line in alone("config", "show", "--json", "--captures", "x").json
    }
    assert (shown["captures"]["value"], shown["captures"]["from"]) == ("x", "--captures")
