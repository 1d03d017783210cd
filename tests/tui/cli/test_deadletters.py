"""cxtop deadletters as a process, with a real webhook; see tests/core/live for the rules."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.config import ADHOC_NAME, load
from cxtop.core.models import DeadLetter, LetterState
from cxtop.core.store import Store, deadletters

from .support import Cli


class Hook:
    """A webhook that answers with `status` and remembers what came."""

    def __init__(self) -> None:
        self.status = 200
        self.came: list[Any] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.came.append(json.loads(body))
                self.send_response(hook.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?sig=hush-hush"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def home_with(folder: Path, *letters: DeadLetter) -> Cli:
    cli = Cli(folder, {"CXTOP_BASE_URL": "http://127.0.0.1:9", "CXTOP_ACCESS_TOKEN": "t"})
    assert cli("deadletters", "list").code == 0
    path = load({}, env=cli.environment, cwd=folder).paths.store_file(ADHOC_NAME)

    async def fill() -> None:
        async with await Store.open(path) as store:
            for letter in letters:
                await store.writer.submit(
                    lambda c, letter=letter: deadletters.put(c, letter, store.redactor)
                )

    asyncio.run(fill())
    return cli


def a_letter(number: int, **more: Any) -> DeadLetter:
    known: dict[str, Any] = {
        "error_id": f"error-{number}",
        "action_id": "run \x1b[31m",
        "error_code": "BAD_ROW",
        "timestamp": datetime(2026, 3, 4, tzinfo=UTC),
    }
    return DeadLetter.model_validate({**known, **more})


def test_list_deliver_and_discard(tmp_path: Path, hook: Hook) -> None:
    done = a_letter(3, state=LetterState.DELIVERED, attempts=1, last_answer="200 OK")
    cli = home_with(tmp_path, a_letter(1), a_letter(2), done)
    listed = cli("deadletters", "list")
    assert len(listed.out.splitlines()) == 3
    assert "\x1b" not in listed.out
    assert "2 waiting · 1 delivered · 0 discarded" in listed.err
    assert "dead_letter_webhook" in listed.err

    told = cli("deadletters", "list", "--json", "--state", "waiting").json
    assert [letter["error_id"] for letter in told["letters"]] == ["error-2", "error-1"]
    assert (told["waiting"], told["delivered"]) == (2, 1)

    without = cli("deadletters", "deliver")
    assert without.code == 2
    assert "CXTOP_DEAD_LETTER_WEBHOOK" in without.err

    cli.env["CXTOP_DEAD_LETTER_WEBHOOK"] = hook.url
    hook.status = 503
    refused = cli("deadletters", "deliver", "error-1", "--json")
    assert refused.code == 4
    assert refused.json["ok"] is False
    (letter,) = refused.json["letters"]
    assert (letter["state"], letter["attempts"]) == ("waiting", 1)
    assert letter["last_answer"] == "503 Service Unavailable"

    hook.status = 200
    delivered = cli("deadletters", "deliver")
    assert delivered.code == 0
    assert "2 of 2 delivered" in delivered.err
    assert [letter["error_id"] for letter in hook.came] == ["error-1", "error-1", "error-2"]
    assert cli("deadletters", "deliver", "error-3").code == 0
    assert "hush" not in listed.out + listed.err + refused.out + delivered.out + delivered.err


def test_discarding_needs_a_reason_and_a_letter(tmp_path: Path) -> None:
    cli = home_with(tmp_path, a_letter(1))
    assert cli("deadletters", "discard", "error-1").code == 2
    assert cli("deadletters", "discard", "error-1", "--reason", " ").code == 2
    unknown = cli("deadletters", "discard", "nobody", "--reason", "x")
    assert unknown.code == 2
    assert "no dead letter nobody" in unknown.err
    gone = cli("deadletters", "discard", "error-1", "--reason", "fixed by hand", "--json")
    assert gone.code == 0
    assert (gone.json["state"], gone.json["reason"]) == ("discarded", "fixed by hand")
    again = cli("deadletters", "discard", "error-1", "--reason", "x")
    assert again.code == 2
    assert "discarded already" in again.err
