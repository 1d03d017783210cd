"""Following captures without a screen."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from cxtop.core.errors import SourceError
from cxtop.core.live import captures as module
from cxtop.core.live import open_captures
from cxtop.core.store.filter import EVERYTHING

from .support import BOUND_S, eventually, settings_for
from .test_correlation import exchange, write

FOREIGN = {
    "request_id": "foreign-1",
    "method": "POST",
    "url": "http://crm/x",
    "status_code": 200,
    "duration_ms": 1,
    "request_payload": {"pet": "canary-1"},
    "response_payload": {},
}


async def test_what_comes_is_followed_until_cancelled(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path)
    async with open_captures(settings) as captures:
        following = asyncio.create_task(captures.follow())
        write(settings, [exchange(1)])
        async with asyncio.timeout(BOUND_S):
            while not (await captures.library.count(EVERYTHING)).number:
                assert not following.done()
        following.cancel()
        await asyncio.wait([following])
        assert following.cancelled()


async def test_other_sources_than_the_settings_name(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path)
    write(settings, [exchange(1)])
    other = write(settings, [exchange(2)], "other.txt")
    async with open_captures(settings, sources=[str(other)]) as captures:
        assert await captures.catch_up() == 1
        assert len((await captures.correlate("req-2")).exchanges) == 1


async def test_foreign_logs_are_taken_over_without_what_the_settings_call_secret(
    tmp_path: Path,
) -> None:
    settings = settings_for(None, tmp_path)
    settings = replace(settings, redact=replace(settings.redact, names=("pet",)))
    log = tmp_path / "app.log"
    log.write_text(json.dumps(FOREIGN) + "\n")
    async with open_captures(settings, sources=[str(log)]) as captures:
        (found,) = (await captures.correlate("foreign-1")).exchanges
    assert "canary" not in found.model_dump_json()
    written = (path for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert all(b"canary" not in path.read_bytes() for path in written)


async def test_a_data_folder_that_cannot_be_written_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "app.log"
    log.write_text(json.dumps(FOREIGN) + "\n")
    (tmp_path / "data").write_text("a file where the folder should be")
    settings = settings_for(None, tmp_path)
    async with open_captures(settings, sources=[str(log)]) as captures:
        with pytest.raises(SourceError, match="cannot be taken over") as caught:
            await captures.catch_up()
        assert caught.value.why
        caplog.set_level(logging.WARNING, module.__name__)
        following = asyncio.create_task(captures.follow())
        await eventually(lambda: caplog.records)
        assert not following.done()
        following.cancel()
        await asyncio.wait([following])
