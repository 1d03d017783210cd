"""Records on their way to whoever writes them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cxtop.core.models import Model
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.pouring import finished, pour
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part

from .support import ERRORS, no_progress


async def test_records_come_in_order(evidence: Evidence) -> None:
    taken: list[Model] = []
    mask = Mask(Strictness.NONE, REDACTOR)
    assert await pour(evidence, Part.ERRORS, mask, taken.append, no_progress) == len(ERRORS)
    assert taken == list(ERRORS)


async def test_what_is_cancelled_is_finished_first() -> None:
    began, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert go_on.wait(10)
        done.set()

    working = asyncio.create_task(finished(work))
    await asyncio.to_thread(began.wait, 10)
    working.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await working
    assert done.is_set()


async def test_a_fault_of_what_was_cancelled_troubles_nobody() -> None:
    began, go_on = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert go_on.wait(10)
        raise OSError("the disk is full")

    working = asyncio.create_task(finished(work))
    await asyncio.to_thread(began.wait, 10)
    working.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await working
