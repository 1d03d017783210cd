from __future__ import annotations

import pytest

from cxtop.core.capture.hops import end_to_end, upgrade_asked


def test_headers_of_the_connection_stay_behind() -> None:
    headers = [
        (b"Host", b"h"),
        (b"Connection", b"close, X-Mine"),
        (b"X-Mine", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Proxy-Authorization", b"Bearer t"),
        (b"Proxy-Authenticate", b"x"),
        (b"TE", b"trailers"),
        (b"Trailer", b"X-T"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"Accept", b"a"),
        (b"accept", b"b"),
    ]
    assert end_to_end(headers, b"host") == [("Accept", "a"), ("accept", "b")]


def test_a_caller_cannot_name_away_what_frames_the_message() -> None:
    headers = [(b"Connection", b"Content-Length, content-type"), (b"Content-Length", b"3")]
    assert end_to_end(headers) == [("Content-Length", "3")]
    assert end_to_end(headers, b"content-length") == []


def test_values_of_any_bytes_can_be_written_again() -> None:
    assert end_to_end([(b"A", "ü".encode()), (b"B", b"\xfc")]) == [("A", "ü"), ("B", "ü")]


@pytest.mark.parametrize(
    ("value", "asked"),
    [(b"websocket", True), (b"h2c", False), (b"h2c, websocket", True), (b"", False)],
)
def test_upgrades(value: bytes, asked: bool) -> None:
    assert upgrade_asked([(b"Upgrade", value)]) is asked
    assert not upgrade_asked([(b"Accept", value)])
