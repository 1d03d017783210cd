"""cxtop proxy: in front of a real service."""

from __future__ import annotations

import json
import signal
import stat
import urllib.error
import urllib.request

from .captures import upstream
from .support import Cli


def post(url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_what_passes_is_captured_without_secrets(alone: Cli) -> None:
    with (
        upstream() as service,
        alone.start("proxy", "--upstream", service, "--listen", "127.0.0.1:0") as process,
    ):
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["upstream"] == service
        body = json.dumps({"flowExecutionId": "exec-1", "password": "canary-1"}).encode()
        assert post(f"{told['url']}/orders", body, X_Request_ID="req-1") == (201, body)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "Ctrl+C ends it" in err
    (line,) = alone("tail", "--full").lines
    assert (line["request_id"], line["status"], line["service"]) == ("req-1", 201, "proxy")
    assert line["flow_execution_id"] == "exec-1"
    logs = list((alone.home / "data" / "captures").glob("*.jsonl"))
    assert len(logs) == 1
    assert b"canary" not in logs[0].read_bytes()
    assert stat.S_IMODE(logs[0].stat().st_mode) == 0o600


def test_a_log_of_its_own_and_names_that_the_config_calls_secret(alone: Cli) -> None:
    (alone.home / "config.toml").write_text('[redact]\nnames = ["pet"]\n')
    with upstream() as service:
        arguments = ("--upstream", service, "--listen", "127.0.0.1:0", "--log", "mine.jsonl")
        with alone.start("proxy", *arguments, "--service", "crm") as process:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            assert post(url, b'{"pet": "canary-2"}')[0] == 201
            process.terminate()
            assert process.wait(20) == 0
    text = (alone.home / "mine.jsonl").read_text()
    assert "canary" not in text
    assert json.loads(text)["service"] == "crm"


def test_wrong_settings(alone: Cli) -> None:
    for arguments, said in (
        (["--upstream", "http://me:hush-1@x"], "bears a user or a password"),
        (["--upstream", "http://x", "--listen", "0.0.0.0:0"], "bearer token"),
    ):
        done = alone("proxy", *arguments)
        assert (done.code, done.out) == (2, "")
        assert "hush" not in done.err
        assert said in done.err


def test_other_machines_need_the_token(alone: Cli) -> None:
    alone.env["CXTOP_PROXY_TOKEN"] = "s3cret-of-the-tests"
    with (
        upstream() as service,
        alone.start("proxy", "--upstream", service, "--listen", "0.0.0.0:0") as process,
    ):
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"].replace("0.0.0.0", "127.0.0.1")
        assert post(url, b"{}")[0] == 401
        right = "Bearer s3cret-of-the-tests"
        assert post(url, b"{}", Proxy_Authorization=right)[0] == 201
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert "s3cret" not in out + err
