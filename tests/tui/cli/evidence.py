"""A home with something to hand over, and the command in this process."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.config import load
from cxtop.core.store import Store
from cxtop.tui.cli.command import run

from ..captured import log_of
from ..stage import RUNS, a_call, errors_of
from .support import Cli, Done

ENV = {
    "CXTOP_BASE_URL": "http://127.0.0.1:9",
    "CXTOP_CLIENT_ID": "me",
    "CXTOP_CLIENT_SECRET": "hush",
}


@dataclass
class Here:
    """The command in this process, with a home that holds runs and exchanges."""

    cli: Cli
    capsys: pytest.CaptureFixture[str]

    @property
    def folder(self) -> Path:
        return self.cli.home

    def __call__(self, *arguments: str) -> Done:
        self.capsys.readouterr()
        code = run(arguments)
        told = self.capsys.readouterr()
        return Done(code, told.out, told.err)


async def keep(path: Path) -> None:
    """Runs with their failed records, and a call."""
    async with await Store.open(path) as store:
        for known in RUNS:
            await store.save_run(known)
            await store.watch(known.run_id)
            await store.add_errors(known.run_id, errors_of(known.run_id, known.errors or 0))
        await store.save_call(a_call())


def home(folder: Path, exchanges: int) -> Cli:
    """The command with a home; its platform is not there, and is not needed."""
    captures = folder / "captures"
    log_of(captures, exchanges)
    return Cli(folder, {**ENV, "CXTOP_CAPTURES": str(captures)})


def here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **more: Any
) -> Here:
    cli = home(folder, more.get("exchanges", 24))
    for name in set(os.environ) - set(cli.environment):
        monkeypatch.delenv(name)
    for name, value in cli.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    settings = load({})
    assert settings.profile is not None
    asyncio.run(keep(settings.paths.store_file(settings.profile.name)))
    return Here(cli, capsys)
