"""cxtop watch: the polls, and the code that tells the end."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.models import WaitReason
from cxtop.core.store import Store

from .support import CXTOP, Cli, client, platform, write_config

KEYS = {
    "run_id", "platform", "status", "raw_status", "progress", "processed", "total",
    "errors", "warnings", "polled_at",
}  # fmt: skip


def test_a_run_that_failed_is_code_1(cli: Cli) -> None:
    done = cli("watch", "crm-import")
    assert done.code == 1
    assert done.err == ""
    [poll] = done.lines
    assert poll.keys() >= KEYS
    assert poll["run_id"] == "crm-import"
    assert (poll["status"], poll["raw_status"]) == ("FAILED", "failed")
    assert (poll["processed"], poll["total"], poll["errors"]) == (730, 1000, 270)
    assert poll["progress"] == 0.73
    assert poll["polled_at"].endswith("Z")


def test_runs_that_complete_are_code_0(cli: Cli) -> None:
    done = cli("watch", "contact-import", "contact-import", "order-sync", "--interval", "1")
    assert done.code == 0
    last = {poll["run_id"]: poll["status"] for poll in done.lines}
    assert last == {"contact-import": "COMPLETED", "order-sync": "COMPLETED"}


def test_the_other_dialect(cli: Cli) -> None:
    cli.env["CXTOP_PLATFORM"] = "cxone"
    done = cli("watch", "case-push", "--interval", "1")
    assert done.code == 0
    assert {poll["platform"] for poll in done.lines} == {"cxone"}


def test_an_object_a_poll_until_the_end(tmp_path: Path) -> None:
    with platform("calm", "--speed", "60") as told:
        done = Cli(tmp_path, client(told))("watch", "contact-import", "--interval", "1", "--json")
    assert done.code == 0
    progress = [poll["progress"] for poll in done.lines]
    assert len(progress) >= 3
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert any(poll["rate"] and poll["eta_s"] is not None for poll in done.lines[1:-1])


def test_once_asks_once(tmp_path: Path) -> None:
    with platform("calm") as told:
        done = Cli(tmp_path, client(told))("watch", "contact-import", "crm-import", "--once")
    assert done.code == 5
    assert sorted(poll["status"] for poll in done.lines) == ["FAILED", "RUNNING"]


def test_a_timeout_is_code_5(tmp_path: Path) -> None:
    with platform("calm") as told:
        cli = Cli(tmp_path, client(told))
        done = cli("watch", "contact-import", "--interval", "1", "--timeout", "2")
    assert done.code == 5
    assert done.lines
    assert "After 2 s not every run is at its end." in done.err


def test_the_configuration_is_code_2(alone: Cli) -> None:
    done = alone("watch", "crm-import")
    assert done.code == 2
    assert "There is no profile yet." in done.err
    assert "cxtop config init" in done.err


def test_a_wrong_secret_is_code_3(cli: Cli) -> None:
    cli.env["CXTOP_CLIENT_SECRET"] = "certainly-not-the-secret"
    done = cli("watch", "crm-import", "order-sync")
    assert done.code == 3
    assert done.out == ""
    assert done.err.count("The platform gave no token") == 1
    assert "Check the client id and its secret" in done.err


def test_a_missing_permission_is_code_3(cli: Cli) -> None:
    done = cli("watch", "forbidden-run")
    assert done.code == 3
    assert "data:actions:read" in done.err


def test_an_unknown_id_is_code_4_and_the_others_are_watched_on(cli: Cli) -> None:
    done = cli("watch", "no-such-run", "crm-import")
    assert done.code == 4
    assert "no-such-run" in done.err
    assert [poll["run_id"] for poll in done.lines] == ["crm-import"]


def test_a_page_in_place_of_json_is_code_4(cli: Cli) -> None:
    done = cli("watch", "html-run", "--interval", "1")
    assert done.code == 4
    assert "an HTML page with the title “Scheduled maintenance”" in done.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "refuses the connection"),
        ("https://nowhere.invalid", "cannot be resolved"),
    ],
)
def test_a_host_that_is_not_there_is_code_4(alone: Cli, url: str, said: str) -> None:
    write_config(
        alone.home,
        f'[profiles.x]\nbase_url = "{url}"\nclient_id = "c"\nclient_secret = "hush-hush-hush"\n'
        "[profiles.x.retry]\nattempts = 1\n",
    )
    done = alone("watch", "crm-import")
    assert done.code == 4
    assert said in done.err
    assert "hush" not in done.err


def test_an_interrupt_is_code_130(tmp_path: Path) -> None:
    with platform("calm") as told, Cli(tmp_path, client(told)).start(
        "watch", "contact-import", "--interval", "1"
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "RUNNING"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_terminating_is_code_143(tmp_path: Path) -> None:
    with platform("calm") as told, Cli(tmp_path, client(told)).start(
        "watch", "contact-import", "--interval", "1"
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert err == ""


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    with platform("calm") as told, Cli(tmp_path, client(told)).start(
        "watch", "contact-import", "--interval", "1"
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 141
        assert process.stderr.read() == ""


def test_an_id_is_one_segment_whatever_it_holds(cli: Cli, calm: dict[str, Any]) -> None:
    import urllib.request

    done = cli("watch", "../../x?y=1#z")
    assert done.code == 4
    with urllib.request.urlopen(f"{calm['url']}/simulator/requests", timeout=10) as answer:
        paths = [seen["raw_path"] for seen in json.load(answer)]
    assert "/api/v2/data-actions/..%2F..%2Fx%3Fy%3D1%23z/status" in paths


def test_a_store_that_cannot_be_had_is_told(cli: Cli) -> None:
    state = cli.home / "state"
    state.write_text("a file where a folder should be")
    done = cli("watch", "crm-import")
    assert done.code == 74
    assert "The store" in done.err


async def test_through_a_storm(tmp_path: Path) -> None:
    with platform("storm", "--speed", "3", "--seed", "3") as told:
        cli = Cli(tmp_path, client(told))
        good = cli.start("watch", "storm-import", "storm-sync", "--interval", "1")
        bad = cli.start("watch", "storm-import", "storm-push", "--interval", "1")
        with good, bad:
            out, err = good.communicate(timeout=100)
            out_too, err_too = bad.communicate(timeout=100)
    assert (good.returncode, bad.returncode) == (0, 1), err + err_too
    ends = {poll["run_id"]: poll["status"] for poll in map(json.loads, out.splitlines())}
    assert ends == {"storm-import": "COMPLETED", "storm-sync": "COMPLETED"}
    assert json.loads(out_too.splitlines()[-1])["status"] in ("COMPLETED", "FAILED")
    assert "Traceback" not in err + err_too
    async with await Store.open(tmp_path / "state" / "stores" / "environment.sqlite3") as store:
        calls = await store.calls(limit=1000)
    attempts = [attempt for call in calls for attempt in call.attempts]
    told = [one for one in attempts if one.wait_reason is WaitReason.RETRY_AFTER]
    assert {one.status for one in told} & {429}
    for one in told:
        said = one.rate_limit["retry-after"]
        assert one.wait_s is not None
        # The other form is a date, at most 3 s ahead of the Date header, itself up to 1 s old.
        assert one.wait_s == float(said) if said[0].isdigit() else 0 <= one.wait_s <= 4


def test_it_ends_with_its_pipeline(cli: Cli) -> None:
    done = subprocess.run(
        ["sh", "-c", "cxtop errors crm-import --jsonl | head -n 1"],
        env={**cli.environment, "PATH": f"{Path(CXTOP).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["run_id"] == "crm-import"
    assert done.stderr == ""
