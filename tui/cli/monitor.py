"""cxtop monitor: the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from ...core.errors import ConfigError
from . import exits
from .haste import uncollected
from .options import Flags, epilog, with_captures

if TYPE_CHECKING:
    from ...core.config import Choice, Settings
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
@uncollected()
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

    settings = opening.choice.settings
    result = show(
        Launch(
            open=opening.monitor,
            profile=opening.choice.name,
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
        from ...core.config import choose

        self._flags = flags
        self.choice = choose(flags)

    @asynccontextmanager
    async def monitor(self, name: str) -> AsyncIterator[Monitor]:
        """The monitor of the profile `name`; see `Launch.open`."""
        from ..app import Refusal

        # In a thread, because these imports take longer than a frame of the screen may.
        try:
            settings = await asyncio.to_thread(self._load, name)
        except ConfigError as error:
            # What cxtop was started with is refused as any command does; another profile, which
            # was chosen in the app, is told in its place.
            if name == self.choice.name:
                raise Refusal(error) from error
            raise
        live = await asyncio.to_thread(_load_live)
        async with live.open_monitor(settings) as monitor:
            yield monitor

    def words(self, name: str) -> str:
        """What the profile speaks to: `genesys · eu-west-1`."""
        try:
            return self._choose(name).place
        except ConfigError:
            # What is wrong with it is told when it is chosen.
            return ""

    def _choose(self, name: str) -> Choice:
        from ...core.config import ADHOC_NAME, choose

        if name == self.choice.name:
            return self.choice
        kept = {key: self._flags.get(key) for key in ("config", "theme", "captures")}
        return choose(kept if name == ADHOC_NAME else {**kept, "profile": name})

    def _load(self, name: str) -> Settings:
        from ...core.config import complete

        return complete(self._choose(name))

    async def make_profile(self, fields: Mapping[str, str]) -> str:
        """Try what the form holds, then write the profile; see `Launch.make_profile`."""
        from .profiles import make_profile

        return await make_profile(self.choice.settings.paths, fields)


def _load_live():
    from ...core import live

    return live
