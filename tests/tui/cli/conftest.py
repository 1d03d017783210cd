from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .support import Cli, client, platform


@pytest.fixture(scope="package")
def calm() -> Iterator[dict[str, Any]]:
    """A platform whose runs are at their ends after seconds; `crm-import` is from the start."""
    with platform("calm", "--speed", "200") as told:
        yield told


@pytest.fixture
def alone(tmp_path: Path) -> Cli:
    """The command without any platform."""
    return Cli(tmp_path)


@pytest.fixture
def cli(tmp_path: Path, calm: dict[str, Any]) -> Cli:
    """The command with the calm platform."""
    return Cli(tmp_path, client(calm))
