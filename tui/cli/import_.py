"""cxtop import: takes in exchanges that something else has written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_profile
from .output import print_json

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.sources.following import Progress


@click.command(
    "import",
    epilog=epilog(
        "cxtop import session.har",
        "cxtop import /var/log/crm/app.jsonl.gz",
        "mitmdump -r flows.mitm --set hardump=flows.har && cxtop import flows.har",
        "cxtop import captures-of-yesterday/ --json",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object.")
@with_profile
def command(files: tuple[str, ...], as_json: bool, flags: Flags) -> int:
    """Take in HAR files, logs of the official SDK, other loggers' JSON lines, and capture logs.

    The kind is recognised by itself, also in gzip. Foreign files are written anew, without
    secrets, into the data folder, and can go then; capture logs stay where they are. What was
    taken in before does not count twice.
    """
    from ...core.config import load
    from .running import run_async

    told: list[str] = []
    progress = run_async(_import(load(flags), files, told))
    added, bad = progress.added, progress.bad
    if as_json:
        print_json({"added": added, "bad": bad, "notes": told})
    for sentence in told:
        exits.narrate(f"▲ {sentence}")
    from .. import words

    if bad:
        exits.narrate(f"▲ {words.plural(bad, 'line')} could not be read as exchanges.")
    if added:
        exits.narrate(f"✔ {words.plural(added, 'exchange')} taken in.")
    elif not progress.held_up:
        exits.narrate("· Nothing new: these hold no exchanges, or were taken in before.")
    if progress.held_up:
        return exits.STORE
    return exits.USAGE if told and not added else exits.OK


async def _import(settings: Settings, files: tuple[str, ...], told: list[str]) -> Progress:
    from ...core.live import open_captures
    from .tail import need_files

    need_files(files)
    told += await asyncio.to_thread(_without_exchanges, files)

    def tell(sentence: str) -> None:
        if sentence not in told:
            told.append(sentence)

    async with open_captures(settings, sources=files, tell=tell) as captures:
        await captures.catch_up()
        return captures.library.progress


def _without_exchanges(files: tuple[str, ...]) -> list[str]:
    """Sentences about files that hold nothing that is known."""
    from ...core.sources.content import Content
    from ...core.sources.patterns import Patterns
    from ...core.sources.recognise import LOOK, Kind, recognise

    told: list[str] = []
    for path in Patterns(files).paths():
        try:
            content = Content(path)
        except OSError as error:
            told.append(f"{path} cannot be read: {error.strerror}.")
            continue
        try:
            kind = recognise(content.read(0, LOOK), whole=False)
        finally:
            content.close()
        if kind in (None, Kind.UNKNOWN):
            told.append(f"{path} holds no exchanges in any form that is known. It is left out.")
    return told
