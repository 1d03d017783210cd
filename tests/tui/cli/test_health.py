"""cxtop health, against a simulated platform over HTTP and captured exchanges."""

import json
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from cxtop.core.models import Outcome
from cxtop.tui.cli.command import cxtop

from .captures import exchange, write
from .support import write_config


@pytest.fixture
def run(cli, monkeypatch):
    """The command within this process, with the environment of the calm platform."""
    return _runner(cli, monkeypatch)


@pytest.fixture
def run_alone(alone, monkeypatch):
    """The same without any platform."""
    return _runner(alone, monkeypatch)


def _runner(cli, monkeypatch):
    monkeypatch.chdir(cli.home)

    def go(*arguments: str, **env: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in {**cli.environment, "CXTOP_PLATFORM": "cxone", **env}.items():
                patch.setenv(name, value)
            return CliRunner().invoke(cxtop, arguments, standalone_mode=False)

    return go


def did(calm, action_id):
    with urlopen(f"{calm['url']}/simulator/actions") as answer:
        return json.load(answer)[action_id]


def test_the_real_command_says_what_the_platform_did(cli, calm):
    cli.env["CXTOP_PLATFORM"] = "cxone"
    done = cli("health", "crm-import", "--json")
    assert done.code == 1
    (told,) = done.json["actions"]
    truth = did(calm, "crm-import")
    assert (told["executions"], told["errors"]) == (truth["executions"], truth["errors"])
    assert (told["error_rate"], told["threshold"], told["above"]) == (36.99, 5, True)
    codes = {code or "UNKNOWN_ERROR": count for code, count in truth["codes"].items()}
    assert {share["code"]: share["count"] for share in told["codes"]} == codes
    assert told["source"] == "analytics"
    assert done.err == ""


@pytest.mark.parametrize(("threshold", "code"), [("36.98", 1), ("36.99", 0), ("100", 0), ("0", 1)])
def test_the_exit_code_is_for_cron(run, threshold, code):
    done = run("health", "crm-import", "--threshold", threshold)
    assert done.return_value == code
    assert ("✖ crm-import" in done.stdout) is (code == 1)


def test_a_table_for_people(run):
    done = run("health", "crm-import", "repeating-pages", "nobody-called-this")
    head, ill, well, silent = done.stdout.splitlines()
    assert head.split()[:3] == ["ACTION", "ERROR", "RATE"]
    assert ill.split()[:8] == ["✖", "crm-import", "36.99", "%", "5", "%", "730", "270"]
    assert ill.endswith("VALIDATION_ERROR 97, DUPLICATE_RECORD 71")
    assert well.startswith("✔ repeating-pages")
    assert silent.startswith("· nobody-called-this")
    assert "From the platform's analytics, of the last 24 h." in done.stderr
    assert "▲ repeating-pages: The platform named a page for the second time" in done.stderr
    assert done.return_value == 1


@pytest.mark.parametrize("form", ["md", "txt"])
def test_a_report_to_hand_on(run, form):
    done = run("health", "crm-import", "case-push", "--report", form, "--threshold", "99")
    text = done.stdout
    assert "is within the threshold of 99 %" in text
    assert text.count("What to look at next") == 2
    assert text.startswith("# Health of `crm-import`" if form == "md" else "Health of crm-import")
    assert done.stderr == ""
    assert done.return_value == 0


def test_what_cannot_be_known_goes_before_what_was_seen(run):
    done = run("health", "crm-import", "forbidden-run", "html-run", "--json")
    assert done.return_value == 3
    told = json.loads(done.stdout)["actions"]
    assert [one["above"] for one in told] == [True, None, None]
    assert "analytics:read" in told[1]["error"]["fix"]
    assert "forbidden-run: " in done.stderr
    assert run("health", "html-run").return_value == 4
    assert run("health", "html-run", "--report", "md").stdout == ""


def test_what_is_wrong_is_said_before_anything_is_asked(run):
    for arguments, said in (
        (("crm-import", "--interval", "24h"), "is no duration"),
        (("crm-import", "--threshold", "101"), "101"),
        (("crm-import", "--json", "--report", "md"), "not both"),
        ((), "No action is followed and none is captured"),
    ):
        done = run("health", *arguments)
        assert said in str(done.exception)


def captured(home):
    """Exchanges of the last minutes: every tenth failed; another action that went well."""
    now = datetime.now(UTC)
    exchanges = [
        exchange(
            number,
            at=now - timedelta(seconds=number),
            action="crm-lookup" if number % 2 == 0 else "orders",
            request_id=f"canary-{number}",
        )
        for number in range(1, 101)
    ]
    odd = exchange(200, at=now, action="\x1b]52;c;x\x07", outcome=Outcome.NOT_JSON)
    return write(home / "captures.jsonl", [*exchanges, odd])


def test_without_a_profile_captures_tell(run_alone, alone):
    log = captured(alone.home)
    done = run_alone("health", "--captures", str(log), "--interval", "PT1H", "--json")
    told = {one["action_id"]: one for one in json.loads(done.stdout)["actions"]}
    assert done.return_value == 1
    lookup, orders = told["crm-lookup"], told["orders"]
    assert (lookup["executions"], lookup["errors"], lookup["error_rate"]) == (50, 10, 20.0)
    assert [(share["code"], share["count"]) for share in lookup["codes"]] == [("TIMEOUT", 10)]
    assert (lookup["source"], lookup["p95_ms"]) == ("captures", 12.5)
    assert (orders["executions"], orders["errors"], orders["above"]) == (50, 0, False)
    assert "canary" not in done.stdout + done.stderr
    assert "\x1b" not in run_alone("health", "--captures", str(log)).stdout


def test_a_profile_says_which_actions_and_thresholds(run_alone, alone):
    captured(alone.home)
    write_config(
        alone.home,
        'default_profile = "acme"\n[profiles.acme]\nregion = "us-east-1"\n'
        'captures = ["captures.jsonl"]\n[profiles.acme.health]\n'
        'actions = ["mine"]\ninterval = "PT1H"\n[profiles.acme.health.thresholds]\n'
        '"crm-lookup" = 25\n',
    )
    env = {"CXTOP_PLATFORM": "genesys"}
    done = run_alone("health", "crm-lookup", "orders", **env)
    assert done.return_value == 0
    assert "From captured exchanges, of the last 1 h." in done.stderr
    everything = json.loads(run_alone("health", "--json", **env).stdout)["actions"]
    assert [one["action_id"] for one in everything][:3] == ["mine", "crm-lookup", "orders"]


def test_a_threshold_of_its_own_counts_before_the_profile(run_alone, alone):
    log = captured(alone.home)
    done = run_alone("health", "crm-lookup", "--captures", str(log), "--threshold", "20")
    assert done.return_value == 0
    assert "crm-lookup" in done.stdout
