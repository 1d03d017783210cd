"""Running a command's coroutine so that whatever it opened is closed, however it ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from . import exits

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. SIGTERM cancels it as SIGINT does; then it raises SystemExit."""

    async def supervised() -> T:
        task = asyncio.current_task()
        assert task is not None
        terminated = False

        def end() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, end)
        try:
            return await work
        except asyncio.CancelledError:
            if terminated:
                raise SystemExit(exits.TERMINATED) from None
            raise
        finally:
            loop.remove_signal_handler(signal.SIGTERM)

    return asyncio.run(supervised())
