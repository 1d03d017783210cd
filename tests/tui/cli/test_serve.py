"""cxtop serve: the debug service as a process."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .captures import exchange, write
from .support import Cli

HANDLER = """
import time

def lookup(call):
    return {"name": call["variables"]["name"].upper()}

def stuck(call):
    time.sleep(600)
"""


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, named), timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@contextmanager
def serving(cli: Cli, *arguments: str) -> Iterator[tuple[Any, str]]:
    with cli.start("serve", "--listen", "127.0.0.1:0", *arguments) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            process.communicate(timeout=20)


def test_calls_are_answered_captured_and_correlated(alone: Cli) -> None:
    (alone.home / "handlers.py").write_text(HANDLER)
    # What others captured is told, too.
    write(alone.home / "data" / "captures" / "crm.jsonl", [exchange(1, flow_execution_id="exec-1")])
    call = {"flowExecutionId": "exec-1", "variables": {"name": "ada"}}
    with serving(alone, "--handler", "handlers:lookup") as (process, url):
        answer = ask(f"{url}/dataaction/webhook", call, X_Request_ID="req-9")
        assert answer == (200, {"success": True, "data": {"name": "ADA"}})
        status, told = ask(f"{url}/debug/correlate/req-9")
        assert status == 200
        assert {each["request_id"] for each in told["exchanges"]} == {"req-1", "req-9"}
        assert told["trace"]["state"] == "no_platform"
        assert ask(f"{url}/healthz")[1]["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    lines = alone("tail").lines
    assert {line["request_id"] for line in lines} == {"req-1", "req-9"}


def test_a_second_signal_does_not_wait_for_a_handler_that_hangs(alone: Cli) -> None:
    (alone.home / "handlers.py").write_text(HANDLER)
    with serving(alone, "--handler", "handlers:stuck", "--log", "mine.jsonl") as (process, url):
        with pytest.raises(OSError, match="timed out"):
            urllib.request.urlopen(
                f"{url}/dataaction/webhook", b'{"flowExecutionId": "e"}', timeout=0.3
            )
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
        assert process.wait(5) == 0
    assert json.loads((alone.home / "mine.jsonl").read_text())["outcome"] == "disconnected"


def test_wrong_settings(alone: Cli) -> None:
    for arguments, said in (
        (["--handler", "no_such_module:f"], "cannot be imported"),
        (["--listen", "0.0.0.0:0"], "Set CXTOP_SERVE_TOKEN"),
    ):
        done = alone("serve", *arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


def test_a_port_that_is_taken_and_a_token(alone: Cli) -> None:
    alone.env["CXTOP_SERVE_TOKEN"] = "s3cret-of-the-tests"
    with serving(alone) as (_, url):
        assert ask(f"{url}/healthz")[0] == 401
        assert ask(f"{url}/healthz", Authorization="Bearer s3cret-of-the-tests")[0] == 200
        done = alone("serve", "--listen", url.removeprefix("http://"))
    assert done.code == 2
    assert "cannot listen on" in done.err
