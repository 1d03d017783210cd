from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cxtop.core.snapshot.evidence import Evidence

from .support import evidence_of


@pytest.fixture
async def evidence(tmp_path: Path) -> AsyncIterator[Evidence]:
    async with evidence_of(tmp_path) as found:
        yield found
