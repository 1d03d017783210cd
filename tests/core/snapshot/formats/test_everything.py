"""What holds for every format."""

from __future__ import annotations

import asyncio
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats import FORMATS
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.store import Store

from ...capture.test_secrets import CANARY, CARD, HEADERS, JWT, NESTED
from .support import LOG, NOW, RUN, body, evidence_of, exchange, no_progress, written

SECRETS = tuple(text.encode() for text in (CANARY, JWT, CARD))
# As the log of a service would have it that knows of no secrets.
OPEN = tuple(
    exchange(
        number,
        url=f"https://ann:{CANARY}@crm.example/x?token={CANARY}",
        request=body(NESTED),
        request_headers=tuple(HEADERS),
        response=body({"echo": NESTED, "note": f"password={CANARY}"}),
        response_headers=(("set-cookie", f"PHPSESSID={CANARY}; Path=/"),),
    )
    for number in range(3)
)


def contents(name: str, data: bytes) -> bytes:
    """What a reader sees of a file."""
    if name != "cxsnap":
        return data
    with zipfile.ZipFile(BytesIO(data)) as packed:
        return b"".join(packed.read(member) for member in packed.namelist())


@pytest.mark.parametrize("strictness", [Strictness.STRICT, Strictness.DEFAULT])
@pytest.mark.parametrize("name", FORMATS)
async def test_no_secret_is_in_any_format(
    name: str, strictness: Strictness, tmp_path: Path
) -> None:
    scope = Scope(title=f"what has password={CANARY}")
    async with evidence_of(tmp_path, OPEN, scope) as evidence:
        data = contents(name, await written(name, evidence, strictness))
    assert SECRETS[0] in (tmp_path / LOG).read_bytes()
    for secret in SECRETS:
        assert secret not in data
    assert b"[redacted" in data or name == "csv-errors"


@pytest.mark.parametrize("name", FORMATS)
async def test_nothing_to_tell_is_a_whole_file_too(name: str, tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.sqlite3") as store:
        data = await written(name, Evidence(store, at=NOW))
    assert data


@pytest.mark.parametrize("name", FORMATS)
async def test_how_far_it_is_is_told(name: str, evidence: Evidence) -> None:
    told: list[tuple[Part, int]] = []
    mask = Mask(Strictness.DEFAULT, REDACTOR)
    await FORMATS[name].write(evidence, mask, BytesIO(), lambda *how: told.append(how))
    counts = (await evidence.counts()).parts
    done = dict(told)
    assert set(done) <= FORMATS[name].holds
    assert all(done[part] == counts[part] for part in done)
    assert done.get(Part.EXCHANGES, 11) == 11


@pytest.mark.parametrize("name", ["json", "jsonl", "har", "md", "html"])
async def test_parts_that_are_not_meant_are_not_there(name: str, tmp_path: Path) -> None:
    scope = Scope(parts=frozenset((Part.EXCHANGES,)), title="exchanges alone")
    async with evidence_of(tmp_path, scope=scope) as evidence:
        data = await written(name, evidence)
    assert RUN.encode() not in data
    assert b"/hook" in data


@pytest.mark.parametrize("name", ["json", "csv-exchanges", "har", "html"])
async def test_memory_does_not_grow_with_what_is_written(name: str, tmp_path: Path) -> None:
    large = [
        exchange(number, response=body({"pad": ["x" * 40_000, number]}, size=40_000))
        for number in range(400)
    ]
    async with evidence_of(tmp_path, large) as evidence:
        with (tmp_path / "out").open("w+b") as out:
            tracemalloc.start()
            try:
                mask = Mask(Strictness.NONE, REDACTOR)
                await FORMATS[name].write(evidence, mask, out, no_progress)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert out.tell() > 12_000_000
    assert peak < 12_000_000


async def test_nothing_is_written_after_it_was_cancelled(tmp_path: Path) -> None:
    many = [exchange(number) for number in range(1500)]
    begun = asyncio.Event()
    async with evidence_of(tmp_path, many) as evidence:
        mask = Mask(Strictness.DEFAULT, REDACTOR)
        with (tmp_path / "out").open("wb") as out:
            writing = asyncio.create_task(
                FORMATS["har"].write(evidence, mask, out, lambda *_: begun.set())
            )
            await begun.wait()
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            there = out.tell()
        assert (tmp_path / "out").stat().st_size == there
    assert b"]}}" not in (tmp_path / "out").read_bytes()


async def test_a_fault_in_writing_is_told(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with (tmp_path / "out").open("rb") as closed_to_writing:
        mask = Mask(Strictness.DEFAULT, REDACTOR)
        with pytest.raises(OSError, match="write"):
            await FORMATS["jsonl"].write(evidence, mask, closed_to_writing, no_progress)
