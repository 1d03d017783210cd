"""cxtop retries: what the store knows of calls that were tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cxtop.core.capture.record import encode
from cxtop.core.store import Store

from ..captured import log_of, tried
from ..retried import CALLS
from .support import Cli


@pytest.fixture
def known(tmp_path: Path) -> Cli:
    """The command with a store that holds retried calls, and a platform that is not there."""
    cli = Cli(
        tmp_path,
        {
            "CXTOP_BASE_URL": "http://127.0.0.1:9",
            "CXTOP_CLIENT_ID": "me",
            "CXTOP_CLIENT_SECRET": "hush",
        },
    )

    async def keep() -> None:
        (path,) = (tmp_path / "state").rglob("*.sqlite3")
        async with await Store.open(path) as store:
            for one in CALLS:
                await store.save_call(one)

    assert "No call needed a second attempt." in cli.process("retries").out
    asyncio.run(keep())
    return cli


def test_every_attempt_is_told_with_its_wait(known: Cli) -> None:
    done = known("retries")
    assert done.code == 0
    assert "run results   survey-push   5 attempts   ✖ gave up: 502 bad gateway" in done.out
    assert "backoff 800 ms" in done.out
    assert "Retry-After 8.4 s" in done.out
    assert "Attempt 5 of 5 failed too." in done.out
    assert "3f6a0c9e-7a11-4a52-9d3b-000000000003" in done.out
    assert "\x1b" not in done.out


def test_as_json(known: Cli) -> None:
    told = known("retries", "--json").json
    assert told["run_id"] is None
    assert told["calls"][0]["call_id"] == "loyalty-sync"
    first = told["calls"][0]
    assert first["tries"] == 3
    assert first["waited_s"] == pytest.approx(11.76)
    assert first["attempts"][0]["wait_reason"] == "retry-after"
    assert first["attempts"][0]["rate_limit"]["inin-ratelimit-allowed"] == "300"


def test_of_one_run(known: Cli) -> None:
    told = known("retries", "survey-push", "--json").json
    assert [call["run_id"] for call in told["calls"]] == ["survey-push"]
    assert len(known("retries", "--json", "--limit", "2").json["calls"]) == 2
    assert known("retries", "nope").out == "No call of nope needed a second attempt.\n"


def test_attempts_of_captured_handlers_are_read_from_their_logs(known: Cli) -> None:
    log = log_of(known.home / "captures", 2)
    with log.open("ab") as file:
        file.write(encode(tried(4)))
    env = {**known.env, "CXTOP_CAPTURES": str(log.parent)}
    done = Cli(known.home, env)("retries")
    assert done.code == 0, done.err
    assert "inventory › GET /stock   3 attempts   ✔ 200" in done.out
    assert f"exchange {tried(4).id}" in done.out
    assert "Retry-After 2 s" in done.out
    (call,) = [one for one in known("retries", "--json").json["calls"] if one["service"]]
    assert (call["service"], call["exchange_id"]) == ("inventory", tried(4).id)
    assert call["tries"] == 3


def test_without_a_profile(alone: Cli) -> None:
    assert alone("retries").code == 2
