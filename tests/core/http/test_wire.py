"""What one attempt sends, and how the client is opened and closed."""

from __future__ import annotations

import httpx
import pytest

from cxtop import core
from cxtop.core.http.budget import BudgetMeter
from cxtop.core.http.journal import Journal
from cxtop.core.http.request import Request
from cxtop.core.http.wire import Wire, prepare, url_of

from .server import GET, POST, Records, a_profile, calling, reply, serving


async def test_closing_twice_or_before_opening_does_no_harm():
    wire = Wire(a_profile("http://127.0.0.1:1"), BudgetMeter())
    await wire.close()
    await wire.open()
    await wire.close()
    await wire.close()


async def test_what_every_request_says_of_itself():
    async with serving() as server, calling(server, Records()) as caller:
        await caller.send(GET)
        await caller.send(POST)
    for seen in server.seen:
        assert seen.headers["user-agent"] == f"cxtop/{core.__version__}"
        assert seen.headers["accept"] == "application/json"
        assert seen.headers["accept-encoding"] == "gzip, deflate"
    assert "content-type" not in server.api()[0].headers
    assert server.api()[1].headers["content-type"] == "application/json"


async def test_a_request_cannot_put_its_own_token_or_ids_in_place():
    own = {"Authorization": "Bearer own", "X-Request-ID": "own", "Accept": "text/csv"}
    async with serving() as server, calling(server, Records()) as caller:
        await caller.send(Request("x", "GET", "/x", headers=own))
    [seen] = server.api()
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["x-request-id"] != "own"
    assert seen.headers["accept"] == "text/csv"


async def test_connections_are_kept_and_no_environment_proxy_is_asked_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with serving(reply()) as server, calling(server, Records()) as caller:
        for _ in range(3):
            await caller.send(GET)
    assert len(server.api()) == 3
    assert server.connections == 1


def test_parameters_without_a_value_are_left_out():
    request = Request("x", "GET", "/x", params={"a": 1, "b": None, "c": "ü&"})
    assert str(url_of(request, "https://h/x")) == "https://h/x?a=1&c=%C3%BC%26"
    only_none = Request("x", "GET", "/x", params={"b": None})
    assert str(url_of(only_none, "https://h/x")) == "https://h/x"


def test_what_is_ready_for_sending_shows_no_secret():
    request = Request("x", "POST", "/x", form={"client_secret": "canary"})
    journal = Journal(request, "https://h:8443/x", lambda call: None)
    sending = prepare(request, httpx.URL("https://h:8443/x"), journal)
    assert sending.content == b"client_secret=canary"
    assert "canary" not in repr(sending)
    assert sending.host == "h:8443"
