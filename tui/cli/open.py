"""cxtop open: the app on a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import exits
from .options import epilog

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.live import Monitor


@click.command(
    "open",
    epilog="\n\n".join(
        (
            epilog("cxtop open crm.cxsnap"),
            "\b\nExit codes:\n"
            "  0    all is well\n"
            "  2    usage or configuration\n"
            "  4    the file is damaged, newer than this cxtop, or no snapshot",
        )
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--theme", metavar="NAME", help="The colours, such as cxtop-dark or cxtop-light.")
@click.option("--config", type=click.Path(dir_okay=False), help="Another config file.")
def command(file: Path, theme: str | None, config: str | None) -> int:
    """Open a snapshot in the app: the same screens, read only.

    Nothing is asked of a platform and nothing is written: times are as they were when the
    snapshot was made. Keys and colours are those of your config file.
    """
    exits.need_terminal("cxtop diff compares two snapshots without one.")
    from ...core.config import load
    from ...core.snapshot.bundle import Bundle

    settings = load({"config": config, "theme": theme})
    with Bundle.open(file) as bundle:
        manifest = bundle.manifest
    from ..app import Launch
    from ..themes import DEFAULT
    from .face import show

    opening = _Opening(file, settings)
    made = manifest.made_at
    result = show(
        Launch(
            open=lambda _name: opening.monitor(),
            profile=manifest.profile or file.stem,
            platform=lambda _name: manifest.platform,
            opening="Opening the snapshot …",
            keymap=settings.keymap,
            theme=settings.theme or DEFAULT,
            now=lambda: made,
            exhibit=made,
        ),
        opening,
    )
    return result if isinstance(result, int) else exits.OK


class _Opening:
    """Reads the whole snapshot before the app appears, so that a damaged one is refused first."""

    def __init__(self, file: Path, settings: Settings) -> None:
        self._file = file
        self._settings = settings
        self._stack = AsyncExitStack()
        self._monitor: Monitor | None = None

    async def __aenter__(self) -> None:
        from ...core.snapshot.exhibit import open_exhibit
        from .evidencebar import EvidenceBar

        with EvidenceBar.for_terminal() as bar:
            exhibit = open_exhibit(
                self._file,
                base=self._settings,
                progress=lambda done, total: bar.tell("reading", done, total),
            )
            self._monitor = await self._stack.enter_async_context(exhibit)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def monitor(self) -> AsyncIterator[Monitor]:
        """The monitor over the snapshot."""
        assert self._monitor is not None, "the app runs within the opening"
        yield self._monitor
