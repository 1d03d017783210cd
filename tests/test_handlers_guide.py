"""The guide's own code, run as it stands there, and the example service that it names."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from cxtop.core.capture.handler import STANDARD_CODES

from .core.capture.serving import captured, serving
from .core.platforms.server import Reply
from .core.platforms.server import serving as answering
from .examples.inventory import create_app
from .examples.warehouse import create_warehouse

GUIDE = Path(__file__).parent.parent / "docs" / "handlers.md"
UPSTREAM = "http://127.0.0.1:9000"
SYNC, RESERVE = "/dataaction/inventory-sync", "/dataaction/inventory-reserve"


async def call(url: str, path: str, **variables: Any) -> dict[str, Any]:
    body = {"flowExecutionId": "e-1", "variables": variables}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
        return (await client.post(path, json=body)).json()


async def test_the_guides_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert UPSTREAM in code
    module = ModuleType("snippet_of_the_guide")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    found = {"A": Reply({"sku": "A", "quantity": 2}), "B": Reply({}, 404)}
    async with answering(lambda asked: found[asked.query["sku"]]) as warehouse:
        # Only the port is another's to choose.
        exec(compile(code.replace(UPSTREAM, warehouse.url), str(GUIDE), "exec"), module.__dict__)
        async with serving(module.app) as url:
            lacking = await call(url, SYNC)
            assert lacking["error"]["details"]["missing"] == ["$.variables.sku"]
            good = await call(url, SYNC, sku="A")
            assert good == {"success": True, "data": {"sku": "A", "quantity": 2}}
            unknown = await call(url, SYNC, sku="B")
            assert unknown["error"]["code"] == "UNKNOWN_ARTICLE"
            await module.inventory_sync.aclose()
    assert [len(each.attempts) for each in captured(tmp_path / "captures")] == [0, 1, 1]


def test_the_guide_explains_every_standard_code() -> None:
    text = GUIDE.read_text()
    assert all(f"`{code}`" in text for code in STANDARD_CODES)


async def test_the_example_service_with_its_warehouse(tmp_path: Path) -> None:
    async with (
        serving(create_warehouse(("down", "good", "half"))) as warehouse,
        serving(create_app(tmp_path, warehouse)) as url,
    ):
        stock = await call(url, SYNC, sku="LAMP-7")
        assert stock["data"] == {"sku": "LAMP-7", "quantity": 42, "warehouse": "north"}
        half = await call(url, RESERVE, sku="LAMP-7", quantity=2, order="A-1")
        assert half["error"]["code"] == "DESERIALIZATION_FAILURE"
        nothing = await call(url, SYNC, sku="NO-SUCH")
        assert nothing["error"]["code"] == "UNKNOWN_ARTICLE"
        short = await call(url, RESERVE, sku="DESK-2", quantity=9, order="A-2")
        assert short["error"]["code"] == "OUT_OF_STOCK"
    first = captured(tmp_path)[0]
    assert [attempt.outcome for attempt in first.attempts] == ["503", "200"]
