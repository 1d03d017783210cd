"""Capture logs and a small service for the tests of commands that deal in exchanges."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.models import Body, BodyKind, Exchange, Outcome, RequestIdSource

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def exchange(number: int, **fields: Any) -> Exchange:
    """Exchange number `number`; every tenth failed."""
    bad = number % 10 == 0
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "at": START + timedelta(seconds=number),
        "request_id": f"req-{number}",
        "request_id_source": RequestIdSource.HEADER,
        "method": "POST",
        "url": f"http://crm/orders/{number}?full=1",
        "status": 503 if bad else 200,
        "duration_ms": 12.5,
        "outcome": Outcome.SERVER_ERROR if bad else Outcome.OK,
        "code": "TIMEOUT" if bad else "",
        "response": Body(
            kind=BodyKind.JSON, content_type="application/json", size=9, value={"n": f"n{number}"}
        ),
    }
    return Exchange(**(values | fields))


def write(path: Path, exchanges: Iterable[Exchange]) -> Path:
    """Append to a capture log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.writelines(map(encode, exchanges))
    return path


def foreign(number: int) -> str:
    """A line of another logger, with the seven keys of contract §6."""
    told = {
        "event": "exchange",
        "level": "info",
        "timestamp": (START + timedelta(seconds=number)).isoformat(),
        "request_id": f"foreign-{number}",
        "method": "POST",
        "url": "http://crm/orders",
        "status_code": 200,
        "duration_ms": 5,
        "request_payload": {"password": "canary-1"},
        "response_payload": {"ok": True},
        "request_content_type": "application/json",
    }
    return json.dumps(told) + "\n"


class _Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@contextmanager
def upstream() -> Iterator[str]:
    """A real service that answers with what it was sent."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
