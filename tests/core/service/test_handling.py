"""Finding and running the user's handler."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.service import load_handler
from cxtop.core.service.handling import BusyError, HandlerTimeoutError, Handling

MODULE = """
class Group:
    @staticmethod
    def inner(call):
        return 2

def lookup(call):
    return 1

number = 5
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"handlers_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def test_it_is_found_by_its_name(module: str, tmp_path: Path) -> None:
    assert load_handler(f"{module}:lookup", folder=tmp_path)({}) == 1
    assert load_handler(f"{module}:Group.inner")({}) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "names no handler"),
        ("module", "names no handler"),
        (":f", "names no handler"),
        ("{module}:nothing", "has no function nothing"),
        ("{module}:number", "has no function number"),
        ("{module}:Group.outer.deep", "has no function Group.outer.deep"),
        ("no_such_module_here:f", "cannot be imported"),
    ],
)
def test_a_name_that_leads_nowhere(module: str, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_handler(name.format(module=module), folder=tmp_path)
    assert caught.value.fix


def test_a_module_that_fails_says_why(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("1 / 0")
    with pytest.raises(ConfigError, match="cannot be imported") as caught:
        load_handler(f"{module}:lookup", folder=tmp_path)
    assert "ZeroDivisionError" in caught.value.why


async def test_threads_that_do_not_end_are_counted_and_limited() -> None:
    release = threading.Event()

    def stuck(call: dict[str, Any]) -> str:
        assert release.wait(10)
        return "late"

    handling = Handling(stuck, limit_s=0.05, most=2)
    for _ in range(2):
        with pytest.raises(HandlerTimeoutError, match=r"0\.05 s"):
            await handling.answer({})
    with pytest.raises(BusyError):
        await handling.answer({})
    release.set()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await handling.answer({}) == {"success": True, "data": "late"}
                break
            except BusyError:
                await asyncio.sleep(0.005)


def test_a_thread_that_outlives_the_loop_disturbs_nobody() -> None:
    release, ended = threading.Event(), threading.Event()

    def stuck(call: dict[str, Any]) -> None:
        assert release.wait(10)
        ended.set()

    async def give_up() -> None:
        with pytest.raises(HandlerTimeoutError):
            await Handling(stuck, limit_s=0.01, most=1).answer({})

    asyncio.run(give_up())
    release.set()
    assert ended.wait(10)
