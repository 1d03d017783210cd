"""Why no answer came: names, refusals, TLS, timeouts, each in words."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from cxtop.core.errors import NoAnswerError, UnreachableError
from cxtop.core.http.faults import fault_of
from cxtop.core.http.request import Request

from .certificates import self_signed
from .server import GET, POST, Records, a_token, calling, reply, serving

QUICK = {"base_s": 0.001, "attempts": 2}


async def test_a_name_that_cannot_be_resolved():
    records = Records()
    url = "https://nothing..invalid"
    async with calling(url, records, a_token(), retry=QUICK) as caller:
        with pytest.raises(UnreachableError) as caught:
            await caller.send(POST)
    assert caught.value.what == "The name nothing..invalid cannot be resolved."
    assert caught.value.call_id == records.last("submit").call_id
    assert records.outcomes("submit") == ["ConnectError"] * 2


async def test_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    context, trusted = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with (
        serving(reply(), tls=context) as server,
        calling(server, Records(), a_token()) as caller,
    ):
        assert (await caller.send(GET)).status == 200


async def test_a_certificate_that_is_not_trusted_is_not_tried_again(tmp_path: Path):
    context, _ = self_signed(tmp_path)
    records = Records()
    async with (
        serving(reply(), tls=context) as server,
        calling(server, records, a_token()) as caller,
    ):
        with pytest.raises(UnreachableError, match="is not trusted") as caught:
            await caller.send(GET)
    assert "self" in caught.value.why
    assert "SSL_CERT_FILE" in caught.value.fix
    assert len(records.last().attempts) == 1
    assert server.seen == []


async def test_a_server_that_speaks_no_tls():
    async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(reply(400))
        await writer.drain()
        writer.close()

    records = Records()
    plain = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        async with calling(f"https://127.0.0.1:{port}", records, a_token(), retry=QUICK) as caller:
            with pytest.raises(UnreachableError, match="No secure connection") as caught:
                await caller.send(POST)
    assert "may not speak TLS" in caught.value.fix
    assert records.outcomes("submit") == ["ConnectError"] * 2


async def test_a_header_that_cannot_be_sent():
    records = Records()
    request = Request("submit", "POST", "/x", headers={"x-note": "a\r\nb: c"})
    async with serving() as server, calling(server, records) as caller:
        with pytest.raises(UnreachableError, match="cannot be sent"):
            await caller.send(request)
    assert server.api() == []
    assert records.outcomes("submit") == ["LocalProtocolError"]


@pytest.mark.parametrize(
    ("error", "unsent", "kind", "says"),
    [
        (httpx.ConnectTimeout(""), True, UnreachableError, "accept a connection in time"),
        (httpx.PoolTimeout(""), True, UnreachableError, "accept a connection in time"),
        (httpx.WriteTimeout(""), False, NoAnswerError, "did not answer in time"),
        (httpx.ProxyError("502 Bad Gateway"), False, UnreachableError, "proxy"),
        (httpx.ConnectError("odd"), True, UnreachableError, "not reachable. odd."),
        (httpx.ReadError(""), False, NoAnswerError, "broke off"),
    ],
)
def test_faults_that_no_server_here_can_bring_about(
    error: httpx.RequestError, unsent: bool, kind: type[Exception], says: str
):
    fault = fault_of(error, "api.test")
    assert fault.unsent is unsent
    assert not fault.lasting
    raised = fault.as_error("call-1")
    assert type(raised) is kind
    assert says in str(raised)
    assert raised.call_id == "call-1"


def test_the_innermost_reason_is_told_even_from_a_group_or_a_ring():
    error = httpx.ConnectError("outer")
    inner = OSError("All attempts failed")
    error.__cause__ = inner
    inner.__cause__ = ExceptionGroup("several", [ConnectionRefusedError(111, "refused")])
    inner.__cause__.__context__ = error
    assert fault_of(error, "api.test").what == "api.test refuses the connection."
