"""Bodies within bounds: long, endless, slow, compressed."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest

from cxtop.core.errors import NoAnswerError

from .server import GET, POST, Records, calling, drip, hang_up, reply, serving

TEXT = b'{"a": "' + b"x" * 5000 + b'"}'
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def bare_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


async def body_of(answer: bytes | list, **more: object) -> tuple[bytes, bool]:
    async with serving(answer) as server, calling(server, Records(), **more) as caller:
        got = await caller.send(POST)
    return got.body, got.truncated


async def test_a_body_as_long_as_allowed_is_whole_and_a_longer_one_is_cut():
    assert await body_of(reply(body=b"x" * 100), max_body=100) == (b"x" * 100, False)
    assert await body_of(reply(body=b"x" * 101), max_body=100) == (b"x" * 100, True)


async def test_an_endless_body_is_cut():
    endless = [CHUNKED, drip(b"1000\r\n" + b"y" * 0x1000 + b"\r\n")]
    assert await body_of(endless, max_body=100_000) == (b"y" * 100_000, True)


async def test_an_endless_refusal_is_cut_too_and_the_next_call_goes_on():
    endless = [CHUNKED.replace(b"200", b"401"), drip(b"1000\r\n" + b"y" * 0x1000 + b"\r\n")]
    records = Records()
    async with (
        serving(endless, reply()) as server,
        calling(server, records, max_body=100_000) as caller,
    ):
        await caller.send(GET)
    assert records.outcomes() == ["401", "200"]


async def test_a_body_that_only_drips_is_not_awaited_for_ever():
    slow = [CHUNKED, drip(b"1\r\nz\r\n", every_s=0.01)]
    records = Records()
    async with serving(slow) as server:
        timeouts = {"connect_s": 0.1, "read_s": 0.05}
        async with calling(server, records, timeouts=timeouts) as caller:
            with pytest.raises(NoAnswerError, match="too slowly"):
                await caller.send(POST)
    assert records.outcomes("submit") == ["AnswerTooSlow"]


@pytest.mark.parametrize(
    ("coding", "squeezed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("identity", TEXT),
    ],
)
async def test_compressed_bodies(coding: str, squeezed: bytes):
    answer = reply(body=squeezed, headers={"content-encoding": coding})
    assert await body_of(answer) == (TEXT, False)


async def test_no_body_at_all_where_a_coding_is_named():
    assert await body_of(reply(204, b"", headers={"content-encoding": "gzip"})) == (b"", False)


async def test_a_small_answer_cannot_become_a_huge_one():
    bomb = gzip.compress(b"0" * 50_000_000)
    answer = reply(body=bomb, headers={"content-encoding": "gzip"})
    assert await body_of(answer, max_body=1000) == (b"0" * 1000, True)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(TEXT, mtime=0)[:-20],
        b"no gzip at all",
        gzip.compress(TEXT, mtime=0)[:20] + b"\xff" * 2000,
    ],
)
async def test_what_cannot_be_inflated_is_a_broken_answer(body: bytes):
    records = Records()
    broken = reply(body=body, headers={"content-encoding": "gzip"})
    async with serving(broken, reply()) as server, calling(server, records) as caller:
        await caller.send(GET)
        assert records.outcomes() == ["DecodingError", "200"]
        server.script[""] = [broken]
        with pytest.raises(NoAnswerError, match="cannot be unpacked"):
            await caller.send(POST)


async def test_gzip_that_breaks_in_a_later_piece():
    squeezed = gzip.compress(bytes(range(256)) * 400, compresslevel=0)
    head = reply(body=b"", headers={"content-encoding": "gzip", "content-length": "999999"})
    broken = [head + squeezed[:30_000], drip(b"\xff" * 10_000)]
    records = Records()
    async with serving(broken, reply()) as server, calling(server, records) as caller:
        await caller.send(replace(GET, operation="x"))
    assert records.outcomes("x")[0] in ("DecodingError", "RemoteProtocolError")


async def test_a_body_without_length_ends_with_the_connection():
    assert await body_of([b"HTTP/1.0 200 OK\r\n\r\n{}", hang_up]) == (b"{}", False)
