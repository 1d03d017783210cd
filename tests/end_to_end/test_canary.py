"""A secret that goes through a captured service is in no file of cxtop's and on no screen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from ..core.capture.serving import serving
from ..core.capture.test_secrets import CANARY, HEADERS, NESTED, application
from ..tui.cli.support import Cli
from ..tui.cli.terminal import terminal


async def exchanged(log: Path) -> None:
    """Calls with the secret in every place, through a service that captures to `log`."""
    from cxtop.core.capture import CaptureMiddleware

    app = application()
    app.add_middleware(CaptureMiddleware, log=log)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for _ in range(3):
            await client.post(f"/reflect?token={CANARY}", json=NESTED, headers=HEADERS)


def looked_at(cli: Cli) -> bytes:
    """What the terminal gets when the exchanges are listed and the last is looked at closely."""
    with terminal(cli, "monitor") as it:
        it.until(lambda text: "1 Runs" in text)
        it.send("2")
        it.until(lambda text: "/reflect" in text and "3 exchanges" in text)
        it.send("\r")
        it.until(lambda text: "what it is" in text and "[redacted" in text)
        for view in ("headers", "raw"):
            it.send("m")
            it.until(lambda text: "View of the" in text)
            it.send("\x1b[B" if view == "raw" else "\x1b[F")
            it.send("\r")
            it.until(lambda text: "View of the" not in text)
        it.send("\x03")
        assert it.ended() == 0
    return it.raw


def test_a_secret_is_nowhere(tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    asyncio.run(exchanged(captures))
    cli = Cli(
        tmp_path,
        {
            "CXTOP_BASE_URL": "http://127.0.0.1:9",
            "CXTOP_ACCESS_TOKEN": "another-secret-of-ours",
            "CXTOP_CAPTURES": str(captures),
        },
    )
    raw = looked_at(cli)
    assert CANARY.encode() not in raw
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".jsonl", ".sqlite3"}
    for path in files:
        kept = path.read_bytes()
        assert CANARY.encode() not in kept, path
        assert b"another-secret-of-ours" not in kept, path
