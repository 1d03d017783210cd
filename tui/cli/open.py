"""cxtop open: the app on a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.errors import SnapshotError, StoreError
from . import exits
from .options import epilog

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.live import Monitor


_OPENING = "Opening the snapshot …"


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
            opening=_OPENING,
            so_far=opening.so_far,
            keymap=settings.keymap,
            theme=settings.theme or DEFAULT,
            now=lambda: made,
            exhibit=made,
        )
    )
    return result if isinstance(result, int) else exits.OK


class _Opening:
    """Reads the whole snapshot while the app says how far that is; one that turns out to be
    damaged is refused, and nothing of it was shown."""

    def __init__(self, file: Path, settings: Settings) -> None:
        self._file = file
        self._settings = settings
        self._done = self._total = 0

    def so_far(self) -> str:
        """How much is read, in words; nothing at first."""
        if not self._total:
            return ""
        if self._done < self._total:
            return f"Reading the snapshot: {self._done:,} of {self._total:,} records …"
        return f"Sorting the {self._total:,} records of the snapshot …"

    @asynccontextmanager
    async def monitor(self) -> AsyncIterator[Monitor]:
        """The monitor over the snapshot. Raises Refusal for a file that cannot be shown."""
        from ...core.snapshot.exhibit import open_exhibit
        from ..app import Refusal

        async with AsyncExitStack() as stack:
            exhibit = open_exhibit(self._file, base=self._settings, progress=self._count)
            try:
                monitor = await stack.enter_async_context(exhibit)
            except (SnapshotError, StoreError) as error:
                raise Refusal(error) from error
            yield monitor

    def _count(self, done: int, total: int) -> None:
        self._done, self._total = done, total
