"""cxtop notify test: whether the webhooks take a notice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .support import Cli, write_config


@contextmanager
def hook(status: int, answer: bytes) -> Iterator[tuple[str, list[Any]]]:
    """A webhook in a thread, as the command is a process of its own."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", got
        finally:
            server.shutdown()
            thread.join()


def config(home: Path, slack: str, webhook: str) -> None:
    write_config(
        home,
        '[profiles.p]\nregion = "us-east-1"\nclient_id = "a"\nclient_secret = "hush-0"\n'
        f'slack_webhook_url = "{slack}"\n[profiles.p.notify]\nwebhooks = ["{webhook}"]\n',
    )


def test_every_webhook_is_tried_and_its_answer_told(alone: Cli) -> None:
    with hook(200, b"ok") as (good, got), hook(404, b"no_service") as (bad, _):
        config(alone.home, f"{good}/services/hush-1", f"{bad}/hush-2")
        done = alone.process("notify", "test")
        as_json = alone("notify", "test", "--json")
    assert done.code == as_json.code == 4
    assert "✔ the Slack webhook at 127.0.0.1 took it" in done.out
    assert "✖ the webhook at 127.0.0.1 did not take it: 404 Not Found: no_service" in done.out
    assert "hush" not in done.out + done.err + as_json.out
    assert as_json.json["ok"] is False
    assert [one["ok"] for one in as_json.json["webhooks"]] == [True, False]
    assert got[0]["blocks"][0]["text"]["text"] == "Genesys Data Action Alert: TEST"


def test_all_is_well(alone: Cli) -> None:
    with hook(200, b"ok") as (good, got):
        config(alone.home, f"{good}/services/x", f"{good}/y")
        assert alone("notify", "test").code == 0
    assert len(got) == 2


def test_without_a_webhook_it_says_where_to_name_one(alone: Cli) -> None:
    write_config(alone.home, '[profiles.p]\nregion = "us-east-1"\n')
    done = alone("notify", "test")
    assert done.code == 2
    assert "[profiles.p.notify]" in done.err
