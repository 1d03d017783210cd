"""Requests, and ids as one segment of a path."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import RequestError
from cxtop.core.http import Request, segment

from .server import GET, POST, Records, calling, reply, serving


@pytest.mark.parametrize(
    ("identifier", "encoded"),
    [
        ("../../x?y=1#z", "..%2F..%2Fx%3Fy%3D1%23z"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("%2e", "%252e"),
        ("\ud800", "%ED%A0%80"),
        ("a b/ü\\;", "a%20b%2F%C3%BC%5C%3B"),
        ("line\r\nX-Evil: 1", "line%0D%0AX-Evil%3A%201"),
    ],
)
async def test_an_id_never_changes_the_path(identifier: str, encoded: str):
    assert segment(identifier) == encoded
    request = replace(GET, path=f"/api/v2/data-actions/{segment(identifier)}/status")
    async with serving(reply()) as server, calling(server, Records()) as caller:
        await caller.send(request)
    assert server.targets() == [f"/api/v2/data-actions/{encoded}/status"]
    assert all("x-evil" not in seen.headers for seen in server.seen)


@given(st.text(min_size=1))
@settings(max_examples=100)
def test_a_segment_is_plain_and_can_be_read_back(identifier: str):
    encoded = segment(identifier)
    assert encoded not in (".", "..")
    assert encoded.isascii()
    assert not set(encoded) & set("/?#\\ \r\n;")
    assert unquote_to_bytes(encoded) == identifier.encode("utf-8", "surrogatepass")


def test_an_empty_id_is_refused():
    with pytest.raises(RequestError, match="empty id"):
        segment("")


def test_what_may_be_sent_twice():
    assert GET.repeatable
    assert Request("x", "head", "/").repeatable
    assert not POST.repeatable
    assert replace(POST, idempotent=True).repeatable
    assert replace(POST, headers={"idempotency-KEY": "k"}).repeatable
    assert not Request("x", "DELETE", "/", idempotent=True).repeatable
    assert not Request("x", "PUT", "/").repeatable


def test_its_text_holds_no_body_and_no_header():
    request = Request(
        "x", "POST", "/", json="canary", form={"a": "canary"}, headers={"b": "canary"}
    )
    assert "canary" not in repr(request)
