"""`/health` with captured exchanges, and with a real server for a platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..platforms.server import Asked, Reply, profile_for, serving
from .support import Running, inbound, service

PAYLOAD = "a-payload-that-nobody-may-count"


def fail(call: dict[str, Any]) -> dict[str, Any]:
    if call["variables"].get("fails"):
        return {"success": False, "error": {"code": "UPSTREAM_TIMEOUT", "message": PAYLOAD}}
    return {"success": True, "data": {"token": PAYLOAD}}


async def call_some(running: Running) -> None:
    """Two of the action's four executions fail."""
    for fails in (False, True, True, False):
        variables = {"fails": fails, "note": PAYLOAD}
        await running.call(inbound(variables=variables, metadata={"actionId": "crm"}))
    running.log.flush()
    await running.captures.catch_up()


async def test_figures_of_what_was_captured(tmp_path: Path) -> None:
    async with service(tmp_path, handler=fail) as running:
        await call_some(running)
        answer = await running.client.get("/health", params={"action_id": "crm"})
        told = answer.json()
        assert answer.status_code == 200
        assert (told["action_id"], told["interval"], told["source"]) == ("crm", "PT24H", "captures")
        assert (told["total_executions"], told["error_count"], told["error_rate"]) == (4, 2, 50.0)
        (code,) = told["top_error_codes"]
        assert (code["code"], code["count"]) == ("UPSTREAM_TIMEOUT", 2)
        assert told["last_updated"].startswith("20")
        assert PAYLOAD not in answer.text


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("", "action_id"),
        ("action_id=", "action_id"),
        ("action_id=%20", "id"),
        ("action_id=crm&interval=soon", "soon"),
        ("action_id=crm&interval=PT0S", "PT0S"),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(
    tmp_path: Path, question: str, names: str
) -> None:
    async with service(tmp_path) as running:
        answer = await running.client.get(f"/health?{question}")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, "INVALID_INPUT_FORMAT")
        assert names in error["message"]


async def test_the_platforms_own_figures_and_its_refusal(tmp_path: Path) -> None:
    replies = [
        Reply({"message": "no"}, 403),
        Reply({"data": [{"status": "ok", "executionCount": 9, "errorCount": 0}]}),
    ]

    def platform(asked: Asked) -> Reply:
        return replies.pop(0)

    async with (
        serving(platform) as server,
        service(tmp_path, profile=profile_for(server.url, platform="cxone")) as running,
    ):
        refused = await running.client.get("/health?action_id=crm")
        assert refused.status_code == 502
        assert "analytics:read" in refused.json()["error"]["message"]
        told = (await running.client.get("/health?action_id=crm")).json()
        assert (told["source"], told["total_executions"]) == ("analytics", 9)
        assert (await running.client.get("/health?action_id=crm")).json() == told
        assert len(server.asked) == 2


async def test_a_platform_that_is_not_there(tmp_path: Path) -> None:
    async with serving(lambda asked: Reply()) as server:
        gone = server.url
    async with service(tmp_path, profile=profile_for(gone, platform="cxone")) as running:
        answer = await running.client.get("/health?action_id=crm")
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "UPSTREAM_TIMEOUT")
