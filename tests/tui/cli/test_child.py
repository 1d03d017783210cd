"""The simulated platform as a child process."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from cxtop.core.errors import CxtopError
from cxtop.tui.cli.child import PREFIX, Simulator


async def test_it_serves_while_the_block_lasts() -> None:
    with Simulator(scenario="calm", seed=1, speed=1.0) as simulator:
        told = await simulator.announced()
        assert await simulator.announced() is told
        assert told.client_secret not in repr(told)
        assert "crm-import" in told.runs
        assert told.traffic_log.parent == simulator.folder
        async with asyncio.timeout(10):
            while not any(told.traffic_log.glob("*.jsonl")):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{told.url}/simulator/requests")
        assert answer.status_code == 200
    assert simulator.process.returncode == 0
    assert not simulator.folder.exists()


async def test_what_keeps_it_from_starting_is_told() -> None:
    nowhere = Simulator(scenario="nowhere", seed=1, speed=1.0)
    with nowhere as simulator, pytest.raises(CxtopError) as caught:
        await simulator.announced()
    assert "There is no scenario called 'nowhere'." in caught.value.why
    assert simulator.process.returncode == 2


async def test_a_child_that_does_not_listen_is_killed() -> None:
    with Simulator(scenario="calm", seed=1, speed=1.0) as simulator:
        await simulator.announced()
        simulator.process.send_signal(signal.SIGSTOP)
    assert simulator.process.returncode == -signal.SIGKILL
    assert not simulator.folder.exists()


async def test_an_error_in_the_block_ends_it_too() -> None:
    simulator = Simulator(scenario="calm", seed=1, speed=1.0)
    with pytest.raises(ZeroDivisionError), simulator:
        raise ZeroDivisionError
    assert simulator.process.returncode is not None
    assert not simulator.folder.exists()


def test_the_folder_of_a_killed_demo_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}left"
    (left / "captures").mkdir(parents=True)
    (left / "lock").touch()
    with Simulator(scenario="calm", seed=1, speed=1.0, place=tmp_path) as simulator:
        assert simulator.folder.parent == tmp_path
        assert not left.exists()
    assert not list(tmp_path.iterdir())
