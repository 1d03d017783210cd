"""The app on a simulated platform, for screens that ask it to do something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from cxtop.core.config import Paths, Profile, Settings
from cxtop.core.live import Monitor, open_monitor
from cxtop.core.simulator.serve import Announcement
from cxtop.tui.app import CxtopApp, Launch


def settings_of(told: Announcement, folder: Path, **changes: object) -> Settings:
    fields = {
        "name": "simulated",
        "platform": told.platform,
        "base_url": told.url,
        "client_id": told.client_id,
        "client_secret": SecretStr(told.client_secret),
        "retry": {"base_s": 0.001, "cap_s": 0.002, "attempts": 2},
    }
    profile = Profile.model_validate(fields | changes)
    paths = Paths(folder / "config.toml", folder, folder / "state", folder / "data")
    return Settings(paths, profile=profile)


def app_on(told: Announcement, folder: Path, **changes: object) -> CxtopApp:
    settings = settings_of(told, folder, **changes)

    @asynccontextmanager
    async def open_it(_name: str) -> AsyncIterator[Monitor]:
        async with open_monitor(settings) as monitor:
            yield monitor

    return CxtopApp(Launch(open=open_it, profile="simulated"))
