"""Work that goes on beside what is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def driven(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Goes on with `work` as long as the block lasts; what it raised is raised at the end."""
    driving = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        driving.cancel()
        await asyncio.wait([driving])
        if not driving.cancelled():
            driving.result()
