import socket

from cxtop.core.capture import CaptureLog
from cxtop.core.simulator.calling import Calling
from cxtop.core.simulator.listening import listening
from cxtop.core.simulator.service import create_service


async def test_what_keeps_an_answer_away_is_a_complaint(tmp_path):
    with CaptureLog(tmp_path, "s") as log:
        service = create_service(log, pace=0.001)
        async with (
            listening(service) as url,
            Calling(url, credential="c", timeout_s=0.1) as calling,
        ):
            body = b'{"variables": {"customerId": "CRM-1"}}'
            late = await calling.post("/crm/lookup", body, {"x-request-id": "r"})
            there = await calling.get("/healthz")
    assert (late.status, late.trouble.code) == (0, "UPSTREAM_TIMEOUT")
    assert "within 100 ms" in late.trouble.message
    assert (there.status, there.trouble) == (200, None)
    assert there.request_id


async def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with Calling(url, credential="c", timeout_s=1) as calling:
        reply = await calling.post("/crm/lookup", b"{}", {})
    assert reply.trouble.code == "UPSTREAM_UNREACHABLE"
