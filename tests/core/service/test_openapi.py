"""All that the service's own description allows is asked, and none of it is a fault."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from .support import inbound, service

PATIENCE_S = 60


async def asked(folder: Path, url: str, *options: str) -> tuple[int, str]:
    """Schemathesis' exit code and report for the document at `url`."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{url}/openapi.json",
        "--no-color",
        "--seed=7",
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.timeout(PATIENCE_S + 30)
async def test_schemathesis_finds_no_fault_of_the_service(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        await running.call(inbound())
        code, report = await asked(
            tmp_path,
            running.url,
            "--phases=examples,coverage,fuzzing",
            "--max-examples=10",
            "--checks=not_a_server_error,content_type_conformance,response_schema_conformance",
        )
        document = (await running.client.get("/openapi.json")).json()
    assert code == 0, report
    assert {"/health", "/metrics", "/healthz"} <= document["paths"].keys()
