from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cxtop.core.capture import CaptureLog
from cxtop.core.capture.proxy import Proxy, ProxyLimits, run_proxy
from cxtop.core.errors import CaptureError, ConfigError
from cxtop.core.models import BodyKind, Exchange, Outcome, RequestIdSource

from .serving import captured, until, written

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Act = Callable[[Reader, Writer], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Upstream:
    """A server on a raw socket. `act` answers each connection; heads and bodies are kept."""

    def __init__(self, act: Act | bytes) -> None:
        self.act = act
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.url = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def handle(self, reader: Reader, writer: Writer) -> None:
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                if isinstance(self.act, bytes):
                    self.bodies.append(await body_of(self.heads[-1], reader))
                    writer.write(self.act)
                    await writer.drain()
                else:
                    await self.act(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> list[str]:
        """The values of one header of the last request."""
        return values(self.heads[-1], name)


async def body_of(head: bytes, reader: Reader) -> bytes:
    if values(head, "transfer-encoding") == ["chunked"]:
        whole = b""
        while size := int(await reader.readline(), 16):
            whole += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return whole
    length = values(head, "content-length")
    return await reader.readexactly(int(length[0])) if length else b""


def values(head: bytes, name: str) -> list[str]:
    pairs = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")]
    return [value for key, _, value in pairs if key.lower() == name]


@asynccontextmanager
async def upstream(act: Act | bytes = OK) -> AsyncIterator[Upstream]:
    made = Upstream(act)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[Reader, Writer]]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def call(url: str, request: bytes) -> tuple[bytes, bytes]:
    """The head and the body of the answer to a raw `request`."""
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"HEAD"):
            return head, b""
        return head, await body_of(head, reader)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.jsonl"


async def only(path: Path, log: CaptureLog | None = None) -> Exchange:
    if log is not None:
        await until(lambda: log.stats.seen > 0)
        log.flush()
    (exchange,) = captured(path)
    return exchange


async def test_a_call_passes_and_is_captured(path: Path) -> None:
    answer = (
        b"HTTP/1.1 201 Fine\r\nContent-Type: application/json\r\nX-Two: 1\r\nX-Two: 2\r\n"
        b'Content-Length: 11\r\nServer: theirs\r\n\r\n{"id": "a"}'
    )
    async with (
        upstream(answer) as service,
        Proxy(service.url, "127.0.0.1:0", log=path, service="edge") as proxy,
    ):
        head, body = await call(
            proxy.url,
            b"POST /a%2Fb//c/../d?x=%20&x=2&password=p HTTP/1.1\r\nHost: outside\r\n"
            b"X-Request-ID: r-1\r\nAccept: a\r\nAccept: b\r\nContent-Type: application/json\r\n"
            b"Content-Length: 15\r\n\r\n" + b'{"name": "ann"}',
        )
    assert head.startswith(b"HTTP/1.1 201 Fine\r\n")
    assert values(head, "x-two") == ["1", "2"]
    assert values(head, "server") == ["theirs"]
    assert values(head, "x-request-id") == ["r-1"]
    assert body == b'{"id": "a"}'
    assert service.heads[-1].startswith(b"POST /a%2Fb//c/../d?x=%20&x=2&password=p HTTP/1.1\r\n")
    assert service.bodies == [b'{"name": "ann"}']
    assert service.header("host") == [service.url.removeprefix("http://")]
    assert service.header("accept") == ["a", "b"]
    assert service.header("x-request-id") == ["r-1"]
    assert service.header("user-agent") == service.header("accept-encoding") == []
    seen = await only(path)
    assert (seen.service, seen.method, seen.status) == ("edge", "POST", 201)
    assert seen.url == f"{service.url}/a%2Fb//c/../d?x=%20&x=2&password=[redacted]"
    assert (seen.request_id, seen.request_id_source) == ("r-1", RequestIdSource.HEADER)
    assert seen.request.value == {"name": "ann"}
    assert seen.response.value == {"id": "a"}
    assert seen.outcome is Outcome.OK
    assert seen.duration_ms is not None


async def test_a_missing_id_is_the_flow_execution_or_new(path: Path) -> None:
    body = b'{"flowExecutionId": "flow-1"}'
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    async with upstream() as service, Proxy(service.url, "127.0.0.1:0", log=path) as proxy:
        got, _ = await call(proxy.url, head % len(body) + b"\r\n" + body)
        assert service.header("x-request-id") == values(got, "x-request-id") == ["flow-1"]
        got, _ = await call(proxy.url, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        made = service.header("x-request-id")
        assert made == values(got, "x-request-id")
        assert UUID(made[0])
    exchanges = captured(path)
    assert [e.request_id for e in exchanges] == ["flow-1", made[0]]
    assert exchanges[0].request_id_source is RequestIdSource.BODY
    assert dict(exchanges[1].request_headers)["x-request-id"] == made[0]


async def test_the_upstreams_path_stands_before_the_calls(path: Path) -> None:
    async with (
        upstream() as service,
        Proxy(f"{service.url}/base/", "127.0.0.1:0", log=path) as proxy,
    ):
        await call(proxy.url, b"GET /x#y HTTP/1.1\r\nHost: h\r\n\r\n")
        assert service.heads[-1].startswith(b"GET /base/x%23y HTTP/1.1")
        # What a forward proxy is sent goes to the one upstream all the same.
        await call(proxy.url, b"GET http://evil.example/z?q HTTP/1.1\r\nHost: h\r\n\r\n")
        assert service.heads[-1].startswith(b"GET /base/z?q HTTP/1.1")
        await call(proxy.url, b"GET //evil.example/z HTTP/1.1\r\nHost: h\r\n\r\n")
        assert service.heads[-1].startswith(b"GET /base//evil.example/z HTTP/1.1")


async def test_headers_of_the_connection_stay_on_it(path: Path) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Theirs\r\nX-Theirs: 1\r\n"
        b"Keep-Alive: timeout=9\r\nContent-Length: 2\r\n\r\n{}"
    )
    async with upstream(answer) as service, Proxy(service.url, "127.0.0.1:0", log=path) as proxy:
        head, _ = await call(
            proxy.url,
            b"GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Mine, close\r\nX-Mine: 1\r\n"
            b"Upgrade: h2c\r\nTE: trailers\r\n\r\n",
        )
    for name in ("x-mine", "upgrade", "te"):
        assert service.header(name) == []
    assert values(head, "x-theirs") == values(head, "keep-alive") == []
    assert values(head, "content-type") == []
    assert values(head, "server") == []


async def test_chunks_pass_in_both_directions_as_they_come(path: Path) -> None:
    gate = asyncio.Event()

    async def act(reader: Reader, writer: Writer) -> None:
        assert await reader.readexactly(8) == b"3\r\none\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nONE\r\n")
        assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"
        await gate.wait()
        writer.write(b"3\r\nTWO\r\n0\r\n\r\n")

    async with (
        upstream(act) as service,
        Proxy(service.url, "127.0.0.1:0", log=path) as proxy,
        asyncio.timeout(10),
        connected(proxy.url) as (reader, writer),
    ):
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"3\r\none\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert values(head, "transfer-encoding") == ["chunked"]
        assert await reader.readexactly(8) == b"3\r\nONE\r\n"
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        gate.set()
        assert await reader.readexactly(13) == b"3\r\nTWO\r\n0\r\n\r\n"
    seen = await only(path)
    assert (seen.request.value, seen.response.value) == ("onetwo", "ONETWO")


@pytest.mark.parametrize(
    ("request_line", "answer", "length"),
    [
        (b"HEAD /", b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", ["77"]),
        (b"GET /", b"HTTP/1.1 204 No Content\r\n\r\n", []),
        (b"GET /", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", []),
    ],
)
async def test_answers_without_a_body(
    path: Path, request_line: bytes, answer: bytes, length: list[str]
) -> None:
    async with (
        upstream(answer) as service,
        Proxy(service.url, "127.0.0.1:0", log=path) as proxy,
        asyncio.timeout(10),
        connected(proxy.url) as (reader, writer),
    ):
        for _ in range(2):
            writer.write(request_line + b" HTTP/1.1\r\nHost: h\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert values(head, "content-length") == length
    assert [e.outcome for e in captured(path)] == [Outcome.OK] * 2
    assert captured(path)[0].response.size == 0


async def test_a_caller_of_http_1_0_gets_a_body_that_ends_with_the_connection(path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    async with (
        upstream(answer) as service,
        Proxy(service.url, "127.0.0.1:0", log=path) as proxy,
        asyncio.timeout(10),
        connected(proxy.url) as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await reader.read(-1)).endswith(b"\r\n\r\nabc")


async def test_a_body_is_asked_for_when_the_service_takes_it(path: Path) -> None:
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=path) as proxy,
        asyncio.timeout(10),
        connected(proxy.url) as (reader, writer),
    ):
        writer.write(
            b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert service.bodies == [b"abc"]
    assert service.header("expect") == []


async def test_packed_answers_pass_packed(path: Path) -> None:
    import gzip

    packed = gzip.compress(b'{"token": "canary"}')
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        b"Content-Length: %d\r\n\r\n" % len(packed)
    ) + packed
    async with upstream(answer) as service, Proxy(service.url, "127.0.0.1:0", log=path) as proxy:
        _, body = await call(
            proxy.url,
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: %d\r\n\r\n" % len(packed) + packed,
        )
    assert body == packed
    assert service.bodies == [packed]
    assert (await only(path)).response.value == {"token": "[redacted]"}


async def test_a_service_that_is_down_is_a_sentence(path: Path) -> None:
    async with upstream() as gone:
        pass
    async with Proxy(gone.url, "127.0.0.1:0", log=path) as proxy:
        head, body = await call(
            proxy.url, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
        )
    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"could not be reached" in body
    seen = await only(path)
    assert (seen.status, seen.outcome) == (502, Outcome.UNREACHABLE)
    assert seen.code == "UPSTREAM_UNREACHABLE"
    assert seen.failure is not None
    assert "Connect" in seen.failure.type
    assert values(head, "x-request-id") == [seen.request_id]


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_a_service_that_breaks_off_before_it_answers(path: Path, answer: bytes) -> None:
    async def act(reader: Reader, writer: Writer) -> None:
        writer.write(answer)
        raise ConnectionError

    async with upstream(act) as service, Proxy(service.url, "127.0.0.1:0", log=path) as proxy:
        head, _ = await call(proxy.url, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 ")
    seen = await only(path)
    assert (seen.outcome, seen.code) == (Outcome.UNREACHABLE, "UPSTREAM_BROKEN")


async def test_a_service_that_breaks_off_in_the_middle_breaks_the_callers_answer(
    path: Path,
) -> None:
    async def act(reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        raise ConnectionError

    async with upstream(act) as service, Proxy(service.url, "127.0.0.1:0", log=path) as proxy:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await call(proxy.url, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    seen = await only(path)
    assert (seen.status, seen.outcome) == (200, Outcome.UNREACHABLE)
    assert seen.response.value == "half"
    assert seen.failure is not None


async def test_a_service_that_is_silent_is_given_up(path: Path) -> None:
    async def act(reader: Reader, writer: Writer) -> None:
        await asyncio.Event().wait()

    limits = ProxyLimits(read_s=0.1)
    async with (
        upstream(act) as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
    ):
        head, body = await call(proxy.url, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 504 ")
    assert b"did not answer in time" in body
    assert (await only(path)).outcome is Outcome.UNREACHABLE


async def test_a_caller_who_leaves_ends_the_call_to_the_service(path: Path) -> None:
    left = asyncio.Event()

    async def act(reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        assert await reader.read() == b""
        left.set()

    log = CaptureLog(path)
    async with upstream(act) as service, Proxy(service.url, "127.0.0.1:0", log=log) as proxy:
        async with asyncio.timeout(10):
            async with connected(proxy.url) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                await reader.readuntil(b"half")
            await left.wait()
        seen = await only(path, log)
    assert (seen.status, seen.outcome) == (200, Outcome.DISCONNECTED)


async def test_a_caller_who_leaves_in_its_own_body(path: Path) -> None:
    async def act(reader: Reader, writer: Writer) -> None:
        await reader.read()

    log = CaptureLog(path)
    async with upstream(act) as service, Proxy(service.url, "127.0.0.1:0", log=log) as proxy:
        async with connected(proxy.url) as (_, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf")
            await until(lambda: proxy.in_flight == 1)
        seen = await only(path, log)
    assert seen.outcome is Outcome.DISCONNECTED
    assert seen.request.truncated
    assert seen.request.size == 100000


@pytest.mark.parametrize(
    ("request_head", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", 501, "UPGRADE"),
        (b"POST / HTTP/1.1\r\nContent-Length: 999\r\n", 413, "BODY_TOO_LONG"),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 999\r\n", 413, "BODY_TOO"),
    ],
)
async def test_refusals_are_sentences(
    path: Path, request_head: bytes, status: int, code: str
) -> None:
    limits = ProxyLimits(request_bytes=100)
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
    ):
        head, body = await call(proxy.url, request_head + b"Host: h\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert code.encode() in body
        assert service.heads == []
    assert (await only(path)).code.startswith(code)


async def test_a_body_that_grows_too_long_is_refused(path: Path) -> None:
    limits = ProxyLimits(request_bytes=100)
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
    ):
        head, _ = await call(
            proxy.url,
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"ff\r\n" + b"x" * 255 + b"\r\n0\r\n\r\n",
        )
    assert head.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_stops_is_given_up(path: Path) -> None:
    limits = ProxyLimits(read_s=0.1)
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
    ):
        head, _ = await call(
            proxy.url,
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            b"Content-Length: 9\r\n\r\n{",
        )
    assert head.startswith(b"HTTP/1.1 408 ")
    assert (await only(path)).status == 408


async def test_headers_have_a_limit_and_what_broke_it_is_not_logged(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = ProxyLimits(header_bytes=1000)
    long = b"X-Api-Key: canary" + b"x" * 2000
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
    ):
        head, _ = await call(proxy.url, b"GET / HTTP/1.1\r\nHost: h\r\n" + long + b"\r\n\r\n")
    assert b" 400 " in head.partition(b"\r\n")[0]
    assert service.heads == []
    assert "canary" not in caplog.text


async def test_calls_beyond_the_limit_are_told_to_come_again(path: Path) -> None:
    gate = asyncio.Event()

    async def act(reader: Reader, writer: Writer) -> None:
        await gate.wait()
        writer.write(OK)

    limits = ProxyLimits(in_flight=2)
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    async with (
        upstream(act) as service,
        Proxy(service.url, "127.0.0.1:0", log=path, limits=limits) as proxy,
        asyncio.TaskGroup() as tasks,
    ):
        under_way = [tasks.create_task(call(proxy.url, request)) for _ in range(2)]
        await until(lambda: proxy.in_flight == 2)
        head, _ = await call(proxy.url, request)
        gate.set()
        answers = [await task for task in under_way]
    assert head.startswith(b"HTTP/1.1 503 ")
    assert values(head, "retry-after") == ["1"]
    assert all(answer.startswith(b"HTTP/1.1 200") for answer, _ in answers)


async def test_a_token_guards_and_is_not_passed_on(path: Path) -> None:
    log = CaptureLog(path)
    async with (
        upstream() as service,
        Proxy(service.url, "127.0.0.1:0", log=log, token="t0ken") as proxy,
    ):
        plain = b"GET / HTTP/1.1\r\nHost: h\r\n"
        head, body = await call(proxy.url, plain + b"\r\n")
        assert head.startswith(b"HTTP/1.1 401 ")
        assert values(head, "www-authenticate") == ["Bearer"]
        assert b"bearer token" in body
        wrong = plain + b"Authorization: Bearer t0kem\r\n\r\n"
        assert (await call(proxy.url, wrong))[0].startswith(b"HTTP/1.1 401 ")
        assert service.heads == []
        assert log.stats.seen == 0

        both = plain + b"Proxy-Authorization: Bearer t0ken\r\nAuthorization: Basic xyz\r\n\r\n"
        assert (await call(proxy.url, both))[0].startswith(b"HTTP/1.1 200 ")
        assert service.header("authorization") == ["Basic xyz"]
        assert service.header("proxy-authorization") == []
        own = plain + b"Authorization: Bearer t0ken\r\n\r\n"
        assert (await call(proxy.url, own))[0].startswith(b"HTTP/1.1 200 ")
        assert service.header("authorization") == []
    assert b"t0ken" not in written(path)


def test_other_machines_are_let_in_with_a_token_only(path: Path) -> None:
    with pytest.raises(ConfigError, match="lets other machines in"):
        Proxy("http://127.0.0.1:1", "0.0.0.0:0", log=path)
    Proxy("http://127.0.0.1:1", "0.0.0.0:0", log=path, token="t0ken")
    with pytest.raises(ConfigError, match="belongs to the capture log"):
        Proxy("http://127.0.0.1:1", log=CaptureLog(path), service="x")


async def test_an_address_that_is_taken_is_said(path: Path) -> None:
    async with upstream() as service:
        taken = Proxy(service.url, service.url.removeprefix("http://"), log=path)
        with pytest.raises(CaptureError, match="cannot listen"):
            await taken.__aenter__()


async def test_run_proxy_goes_on_until_it_is_told_to_stop(path: Path) -> None:
    stop = asyncio.Event()
    ready: asyncio.Queue[str] = asyncio.Queue()
    async with upstream() as service, asyncio.TaskGroup() as tasks:
        tasks.create_task(
            run_proxy(
                service.url,
                "[::1]:0",
                log=path,
                stop=stop,
                ready=lambda proxy: ready.put_nowait(proxy.url),
            )
        )
        url = await ready.get()
        assert url.startswith("http://[::1]:")
        stop.set()


PROXY = """
import asyncio, sys
from cxtop.core.capture.proxy import run_proxy

asyncio.run(run_proxy(
    sys.argv[1], "127.0.0.1:0", log=sys.argv[2], max_body=10_000,
    ready=lambda proxy: print(proxy.url, flush=True),
))
"""


@asynccontextmanager
async def running(service: Upstream, path: Path) -> AsyncIterator[tuple[str, Any]]:
    """A proxy in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROXY, service.url, str(path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip(), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_sigterm_lets_calls_finish_and_flushes(path: Path) -> None:
    gate = asyncio.Event()

    async def act(reader: Reader, writer: Writer) -> None:
        await gate.wait()
        writer.write(OK)

    async with upstream(act) as service, running(service, path) as (url, process):
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(call(url, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
            await until(lambda: len(service.heads) == 1)
            process.send_signal(signal.SIGTERM)
            gate.set()
        assert answer.result()[1] == b"{}"
        assert await process.wait() == 0
    assert (await only(path)).status == 200


async def test_a_long_stream_takes_no_memory(path: Path) -> None:
    """300 MB in each direction; every byte is compared."""
    block = bytes(range(256)) * 1024
    blocks = 1200
    length = blocks * len(block)

    async def act(reader: Reader, writer: Writer) -> None:
        for _ in range(blocks):
            assert await reader.readexactly(len(block)) == block
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
        for _ in range(blocks):
            writer.write(block)
            await writer.drain()

    async with upstream(act) as service, running(service, path) as (url, process):
        async with asyncio.timeout(60), connected(url) as (reader, writer):
            before = rss_mb(process.pid)
            writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % length)
            for _ in range(blocks):
                writer.write(block)
                await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(blocks):
                assert await reader.readexactly(len(block)) == block
            assert peak_mb(process.pid) - before < 25
        process.send_signal(signal.SIGTERM)
        await process.wait()
    seen = await only(path)
    assert seen.request.size == seen.response.size == length
    assert seen.request.kind is BodyKind.BASE64
    assert len(written(path)) < 50_000


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
