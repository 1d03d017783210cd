"""cxtop monitor: the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_captures

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.live import Monitor


@click.command(
    "monitor",
    epilog=epilog(
        "cxtop monitor",
        "cxtop crm-backfill loyalty-sync",
        "cxtop monitor --profile acme --theme cxtop-light",
        "cxtop monitor watch     (a run that is called like a command)",
    ),
)
@click.argument("run_ids", metavar="[ID]...", nargs=-1)
@click.option("--theme", metavar="NAME", help="The colours, such as cxtop-dark or cxtop-light.")
@with_captures
def command(run_ids: tuple[str, ...], theme: str | None, flags: Flags) -> int:
    """Open the app, watching these runs too.

    Bare cxtop [ID...] is short for this. Runs that were watched before are watched on. Without
    any profile, the app helps to make one.
    """
    exits.need_terminal("cxtop watch ID prints progress without one.")
    opening = _Opening({**flags, "theme": theme})
    from ..app import Launch
    from ..themes import DEFAULT
    from .face import show

    settings = opening.settings
    result = show(
        Launch(
            open=opening.monitor,
            profile=settings.profile.name if settings.profile else None,
            profiles=settings.profiles,
            platform=opening.words,
            runs=run_ids,
            keymap=settings.keymap,
            theme=settings.theme or DEFAULT,
            missing=settings.missing,
            make_profile=opening.make_profile,
        )
    )
    if result == "demo":
        from .demo import play

        return play(scenario="busy", seed=1, speed=1.0)
    return result if isinstance(result, int) else exits.OK


class _Opening:
    """Opens the monitors of profiles, with the flags that cxtop was started with."""

    def __init__(self, flags: Flags) -> None:
        from ...core.config import load

        self._flags = flags
        self.settings = load(flags)
        self._begun = self.settings.profile.name if self.settings.profile else None

    @asynccontextmanager
    async def monitor(self, name: str) -> AsyncIterator[Monitor]:
        """The monitor of the profile `name`."""
        # In a thread, because these imports take longer than a frame of the screen may.
        live = await asyncio.to_thread(_load_live)
        settings = await asyncio.to_thread(self._load, name)
        async with live.open_monitor(settings) as monitor:
            yield monitor

    def words(self, name: str) -> str:
        """What the profile speaks to: `genesys · eu-west-1`."""
        from ...core.config import api_base
        from ...core.errors import ConfigError

        try:
            profile = self._load(name).profile
        except ConfigError:
            # What is wrong with it is told when it is chosen.
            return ""
        if profile is None:
            return ""
        place = profile.region or api_base(profile).partition("://")[2]
        return f"{profile.platform} · {place}"

    def _load(self, name: str) -> Settings:
        from ...core.config import ADHOC_NAME, load

        if name == self._begun:
            return self.settings
        kept = {key: self._flags.get(key) for key in ("config", "theme", "captures")}
        return load(kept if name == ADHOC_NAME else {**kept, "profile": name})

    async def make_profile(self, fields: Mapping[str, str]) -> str:
        """Try what the form holds, then write the profile; see `Launch.make_profile`."""
        from .profiles import make_profile

        return await make_profile(self.settings.paths, fields)


def _load_live():
    from ...core import live

    return live
