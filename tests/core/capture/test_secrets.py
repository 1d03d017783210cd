"""A secret that is put into every place is in no byte of the log."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from cxtop.core.capture import CaptureMiddleware
from cxtop.core.capture.proxy import Proxy
from cxtop.core.models import BodyKind

from .serving import captured, serving, written

CANARY = "canary-5eaf00d-do-not-keep"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLWNhbmFyeQ"
CARD = "4111 1111 1111 1111"
NESTED = {
    "user": "ann",
    "password": CANARY,
    "deep": [{"client_secret": CANARY}, {"session": {"id": CANARY}}],
    "note": f"Authorization: Bearer {CANARY}",
    "packed": json.dumps({"api_key": CANARY}),
    "jwt": JWT,
    "card": CARD,
    "link": f"https://ann:{CANARY}@h/?token={CANARY}",
}
HEADERS = [
    ("Authorization", f"Bearer {CANARY}"),
    ("Cookie", f"sessionid={CANARY}; theme=dark"),
    ("X-Api-Key", CANARY),
    ("Referer", f"https://h/?access_token={CANARY}"),
    ("X-Odd", f"password={CANARY}"),
]
ANSWER_HEADERS = {
    "Set-Cookie": f"PHPSESSID={CANARY}; Path=/",
    "Location": f"https://h/cb?code=1&refresh_token={CANARY}",
    "X-Auth": CANARY,
}


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/reflect")
    async def reflect(request: Request) -> Any:
        body = await request.body()
        kind = request.headers.get("content-type", "")
        headers = {**ANSWER_HEADERS, "Content-Type": kind}
        if "content-encoding" in request.headers:
            headers["Content-Encoding"] = request.headers["content-encoding"]
        return Response(body, headers=headers)

    @app.post("/boom")
    async def boom(request: Request) -> Any:
        raise RuntimeError(f"no entry for password={CANARY}")

    @app.post("/stream")
    async def stream() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            for letter in f'{{"token": "{CANARY}"}}':
                yield letter.encode()
                await asyncio.sleep(0)

        return StreamingResponse(pieces(), media_type="application/json")

    return app


def bodies() -> list[tuple[bytes, dict[str, str]]]:
    plain = json.dumps(NESTED).encode()
    form = urlencode({"grant_type": "x", "client_secret": CANARY}).encode()
    part = (
        '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + CANARY + "\r\n--b--\r\n"
    )
    return [
        (plain, {"Content-Type": "application/json"}),
        (plain[:-1], {"Content-Type": "application/json"}),
        (plain.decode().encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
        (gzip.compress(plain), {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        (plain, {"Content-Type": "application/json", "Content-Encoding": "br"}),
        (form, {"Content-Type": "application/x-www-form-urlencoded"}),
        (part.encode(), {"Content-Type": "multipart/form-data; boundary=b"}),
        (f"<a><password>{CANARY}</password></a>".encode(), {"Content-Type": "text/xml"}),
        (f"\x00password={CANARY}\n\x00".encode(), {"Content-Type": "application/octet-stream"}),
        (plain + b" " * 3000, {"Content-Type": "application/json"}),
    ]


def nowhere(folder: Path) -> None:
    """Asserts that no byte of the log betrays a secret."""
    log = written(folder)
    secrets = (CANARY, JWT, JWT.rpartition(".")[2], CARD, CARD.replace(" ", ""))
    assert [secret for secret in secrets if secret.encode() in log] == []
    for exchange in captured(folder):
        for body in (exchange.request, exchange.response):
            if body.kind is BodyKind.BASE64:
                assert CANARY.encode() not in b64decode(body.value)


async def call_everything(url: str) -> int:
    count = 0
    async with httpx.AsyncClient(base_url=url) as client:
        for raw, kind in bodies():
            for target in ("/reflect", "/boom", "/stream"):
                answer = await client.send(
                    client.build_request(
                        "POST",
                        f"{target}?password={CANARY}&q=https%3A%2F%2Fh%3Ftoken%3D{CANARY}",
                        content=raw,
                        headers=[*HEADERS, *kind.items()],
                    ),
                    stream=True,
                )
                assert [piece async for piece in answer.aiter_raw()]
                await answer.aclose()
                count += 1
    return count


@pytest.mark.parametrize("max_body", [1_000_000, 700])
async def test_the_middleware_writes_no_secret(
    tmp_path: Path, max_body: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "cxtop.capture")
    app = application()
    app.add_middleware(CaptureMiddleware, log=f"{tmp_path}/", max_body=max_body)
    async with serving(app) as url:
        count = await call_everything(url)
    assert len(captured(tmp_path)) == count
    assert b"ann" in written(tmp_path)
    nowhere(tmp_path)


async def test_the_proxy_writes_no_secret(tmp_path: Path) -> None:
    async with (
        serving(application()) as upstream,
        Proxy(upstream, "127.0.0.1:0", log=f"{tmp_path}/") as proxy,
    ):
        count = await call_everything(proxy.url)
    assert len(captured(tmp_path)) == count
    nowhere(tmp_path)
