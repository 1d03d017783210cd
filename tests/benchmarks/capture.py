"""What capturing costs: CPU and latency of a service bare, with the middleware, and with a
BaseHTTPMiddleware that logs JSON; and of the proxy before a small server.

    python -m tests.benchmarks.capture [--seconds 4] [--connections 32] [--rounds 2]

Needs wrk. Each service is a uvicorn process of its own; CPU is what the kernel charged it while it
was under load, per request. What counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

PAYLOAD: dict[str, Any] = {
    "flowExecutionId": "3f0c1de2-9a41-4a5b-8f2d-0b8a7f6f3c11",
    "conversationId": "7b1d8f64-2f0e-4a77-9d3b-6f9a1c2b3d4e",
    "variables": {f"field{n}": f"value number {n}" for n in range(22)} | {"password": "hunter2"},
    "metadata": {"actionId": "custom_-_lookup", "attempt": 1},
}
ANSWER = {
    "success": True,
    "data": {f"answer{n}": f"a value that was looked up, number {n}" for n in range(12)},
}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


class Measured(NamedTuple):
    requests: int
    cpu_us: float  # per request
    p50_ms: float
    p99_ms: float
    rss_mb: float


def service(kind: str, port: int, log: str) -> None:
    """Runs one of the services until it is told to stop."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def orders(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse(ANSWER)

    async def logged(request: Request, call_next: Any) -> Response:
        began = time.perf_counter()
        sent = await request.body()
        response = await call_next(request)
        got = b"".join([chunk async for chunk in response.body_iterator])
        line = {
            "request_id": request.headers.get("x-request-id", ""),
            "method": request.method,
            "url": str(request.url),
            "status_code": response.status_code,
            "duration_ms": (time.perf_counter() - began) * 1000,
            "request_headers": dict(request.headers),
            "request_payload": json.loads(sent),
            "response_payload": json.loads(got),
        }
        file.write(json.dumps(line) + "\n")
        return Response(got, response.status_code, dict(response.headers))

    app = Starlette(routes=[Route("/orders", orders, methods=["POST"])])
    if kind == "middleware":
        from cxtop.core.capture import CaptureMiddleware

        app.add_middleware(CaptureMiddleware, log=log)  # pyright: ignore[reportArgumentType]
    elif kind == "basehttp":
        file = Path(log).open("a")  # noqa: SIM115 - as long as the service lives
        app.add_middleware(BaseHTTPMiddleware, dispatch=logged)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def proxy(upstream: str, port: int, log: str) -> None:
    """Runs the proxy until it is told to stop."""
    import asyncio

    from cxtop.core.capture.proxy import run_proxy

    asyncio.run(run_proxy(upstream, f"127.0.0.1:{port}", log=log))


def measured(command: list[str], port: int, wrk: list[str], script: Path) -> Measured:
    """Starts `command`, loads it, and says what that took."""
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.capture", *command])
    try:
        url = f"http://127.0.0.1:{port}/orders"
        await_listening(port, process)
        subprocess.run([*wrk, "-d1", "-s", str(script), url], check=True, capture_output=True)
        before = cpu_s(process.pid)
        out = subprocess.run(
            [*wrk, "--latency", "-s", str(script), url], check=True, capture_output=True, text=True
        ).stdout
        used = cpu_s(process.pid) - before
        rss = rss_mb(process.pid)
    finally:
        process.terminate()
        process.wait(20)
    found = re.search(r"(\d+) requests in", out)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if found is None or bad is not None:
        raise SystemExit(f"wrk got no good answers from {command}:\n{out}")
    count = int(found[1])
    return Measured(count, used / count * 1e6, latency(out, 50), latency(out, 99), rss)


def await_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    import socket

    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("The service did not start.")


def latency(out: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([0-9.]+)(us|ms|s)", out)
    if found is None:
        return float("nan")
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def median(runs: list[Measured]) -> Measured:
    return sorted(runs, key=lambda run: run.cpu_us)[len(runs) // 2]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed.")
    wrk = ["wrk", "-t1", f"-c{chosen.connections}", f"-d{chosen.seconds}"]
    results: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        body = json.dumps(PAYLOAD)
        script.write_text(
            'wrk.method = "POST"\n'
            f"wrk.body = [[{body}]]\n"
            'wrk.headers["Content-Type"] = "application/json"\n'
            'wrk.headers["Authorization"] = "Bearer abcdefghijklmnop"\n'
        )
        say(f"request {len(body)} bytes, answer {len(json.dumps(ANSWER))} bytes")
        for _ in range(chosen.rounds):
            for kind in ("bare", "middleware", "basehttp"):
                port = free_port()
                log = str(Path(folder) / f"{kind}.jsonl")
                run = measured(["service", kind, str(port), log], port, wrk, script)
                results.setdefault(kind, []).append(run)
        proxied(results, chosen.rounds, wrk, script, Path(folder))
    table(results)


def proxied(
    results: dict[str, list[Measured]], rounds: int, wrk: list[str], script: Path, folder: Path
) -> None:
    """The proxies, before one upstream that is much faster than they are."""
    upstream = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.capture", "upstream", str(upstream)]
    )
    try:
        await_listening(upstream, server)
        url = f"http://127.0.0.1:{upstream}"
        for _ in range(rounds):
            port = free_port()
            log = str(folder / "proxy.jsonl")
            run = measured(["proxy", url, str(port), log], port, wrk, script)
            results.setdefault("proxy", []).append(run)
    finally:
        server.terminate()
        server.wait(20)


def answer_all(port: int) -> None:
    """A server that answers whatever it gets, at once."""
    import asyncio

    body = json.dumps(ANSWER).encode()
    reply = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.got = b""

        def data_received(self, data: bytes) -> None:
            self.got += data
            while True:
                head, sign, rest = self.got.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                needed = int(length[1]) if length else 0
                if not sign or len(rest) < needed:
                    return
                self.got = rest[needed:]
                self.transport.write(reply)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answering, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


def table(results: dict[str, list[Measured]]) -> None:
    bare = median(results["bare"]).cpu_us
    say(f"{'':12} {'req':>7} {'CPU µs':>8} {'÷ bare':>7} {'p50 ms':>7} {'p99 ms':>7} {'MB':>6}")
    for kind, runs in results.items():
        m = median(runs)
        say(
            f"{kind:12} {m.requests:7d} {m.cpu_us:8.0f} {m.cpu_us / bare:7.2f} "
            f"{m.p50_ms:7.1f} {m.p99_ms:7.1f} {m.rss_mb:6.0f}"
        )
    ours = median(results["middleware"]).cpu_us - bare
    theirs = median(results["basehttp"]).cpu_us - bare
    say(
        f"overhead: {ours:.0f} µs a request; BaseHTTPMiddleware {theirs:.0f} µs, "
        f"{theirs / ours:.1f} times as much"
    )


if __name__ == "__main__":
    role = sys.argv[1] if len(sys.argv) > 1 else ""
    if role == "service":
        service(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    elif role == "proxy":
        proxy(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    elif role == "upstream":
        answer_all(int(sys.argv[2]))
    else:
        main()
