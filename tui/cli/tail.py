"""cxtop tail: captured exchanges, and what comes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_captures

if TYPE_CHECKING:
    from ...core.sources import Library, Listed
    from ...core.store.filter import Filter

    Show = Callable[[Library, Sequence[Listed]], Awaitable[None]]
    Opened = tuple[Library, Callable[[], Awaitable[int]]]

AT_ONCE = 500
LAST = 10
LOOK_S = 0.1


@click.command(
    "tail",
    epilog=epilog(
        "cxtop tail --follow",
        "cxtop tail captures/ app.jsonl --filter 'status:5xx since:10m'",
        "cxtop tail --json --filter 'code:TIMEOUT' | jq -r .request_id",
        "cxtop tail --full --filter id:5f3ac21e | jq .response.value",
        "cxtop tail capture.har --filter 'body:\"deadline exceeded\" not path:/healthz'",
    ),
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes; the last 10 first.")
@click.option("-n", "--last", type=click.IntRange(0), metavar="N", help="Only the last N.")
@click.option("--filter", "text", metavar="FILTER", default="", help="Only what this lets through.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object each, also on a terminal.")
@click.option("--full", is_flag=True, help="JSON with headers and bodies.")
@with_captures
def command(
    paths: tuple[str, ...],
    follow: bool,
    last: int | None,
    text: str,
    as_json: bool,
    full: bool,
    flags: Flags,
) -> int:
    """Print captured exchanges in the order in which they were read.

    PATHs are capture logs, other loggers' JSON lines, HAR files, folders and patterns; without
    one it is the capture logs of the profile. An aligned line each on a terminal, otherwise one
    JSON object a line with at least id, at, request_id, request_id_source, method, url, status,
    duration_ms and outcome.

    The fields of FILTER: status, code, method, path, id, request, flow, conversation, trace,
    action, route, service, outcome, ms, since, until, body. Terms must all hold; | means either,
    not (or -) turns one round.
    """
    from .filters import parsed
    from .running import run_async

    wanted = parsed(text)
    show = _show(as_json=as_json or full or not sys.stdout.isatty(), full=full)
    if last is None and follow:
        last = LAST
    return run_async(_tail(paths, flags, wanted, show, follow=follow, last=last))


async def _tail(
    paths: tuple[str, ...],
    flags: Flags,
    wanted: Filter,
    show: Show,
    *,
    follow: bool,
    last: int | None,
) -> int:
    if not follow:
        need_files(paths)
    opening = _of_paths(paths, flags) if paths else _of_profile(flags)
    async with opening as (library, catch_up):
        tail = _Tail(library, wanted, show)
        reading = asyncio.ensure_future(catch_up())
        try:
            while not reading.done() and last is None:
                await asyncio.wait([reading], timeout=LOOK_S)
                await tail.print_new()
            await reading
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        if last is not None:
            await tail.print_last(last)
        await tail.print_new()
        while follow:
            await asyncio.sleep(LOOK_S)
            await catch_up()
            await tail.print_new()
        _tell_end(library, tail, paths)
    return exits.OK


class _Tail:
    """Prints what a filter lets through, each once."""

    def __init__(self, library: Library, wanted: Filter, show: Show) -> None:
        self._library = library
        self._wanted = wanted
        self._show = show
        self._through = 0
        self.printed = 0

    async def print_new(self) -> None:
        """What has come since the last look, the oldest first."""
        _, newest = await self._library.index.bounds()
        while self._through < newest:
            numbers, reached = await self._library.numbers(
                self._wanted,
                first=self._through + 1,
                last=newest,
                limit=AT_ONCE,
                descending=False,
            )
            await self._print(numbers)
            self._through = newest if reached is None else reached

    async def print_last(self, count: int) -> None:
        """The last `count` of those that are there."""
        _, newest = await self._library.index.bounds()
        found: list[int] = []
        below: int | None = newest + 1
        while below is not None and len(found) < count:
            numbers, below = await self._library.numbers(
                self._wanted, first=1, last=below - 1, limit=count - len(found), descending=True
            )
            found += numbers
        found.reverse()
        for start in range(0, len(found), AT_ONCE):
            await self._print(found[start : start + AT_ONCE])
        self._through = newest

    async def _print(self, numbers: Sequence[int]) -> None:
        if numbers:
            rows = await self._library.listed(numbers)
            self.printed += len(rows)
            await self._show(self._library, rows)


def _show(*, as_json: bool, full: bool) -> Show:
    from ...core.models import Exchange
    from .exchanges import Lines, as_object, as_whole_object
    from .output import json_text

    lines = Lines.for_terminal()

    async def show(library: Library, rows: Sequence[Listed]) -> None:
        for row in rows:
            if full and isinstance(exchange := await library.payload(row.number), Exchange):
                text = json_text(as_whole_object(exchange))
            else:
                text = json_text(as_object(row)) if as_json else lines.line(row)
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    return show


def need_files(paths: tuple[str, ...]) -> None:
    """Raises SourceError for a path that leads to nothing."""
    from ...core.errors import SourceError
    from ...core.sources.patterns import Patterns

    for path in paths:
        if not any(_exists(each) for each in (path, *Patterns([path]).paths())):
            raise SourceError(
                f"There is no file or folder {path}.",
                fix="Check the path.",
            )


def _exists(path: str) -> bool:
    from pathlib import Path

    return Path(path).expanduser().exists()


@asynccontextmanager
async def _of_paths(paths: tuple[str, ...], flags: Flags) -> AsyncIterator[Opened]:
    """The exchanges in these files alone, with an index that lasts as long as the command."""
    import tempfile
    from pathlib import Path

    from ...core.config import load
    from ...core.config.redaction import redactor_of
    from ...core.sources import Library
    from ...core.store import Store

    redactor = redactor_of(load(flags))
    with tempfile.TemporaryDirectory(prefix="cxtop-tail-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with (
            await Store.open(folder / "index.sqlite3", redactor=redactor) as store,
            Library.open(
                store,
                paths,
                data_dir=folder,
                follow=False,
                full_text=False,
                tell=_tell,
                redactor=redactor,
            ) as library,
        ):
            yield library, library.catch_up


@asynccontextmanager
async def _of_profile(flags: Flags) -> AsyncIterator[Opened]:
    from ...core.config import load
    from ...core.live import open_captures

    async with open_captures(load(flags), tell=_tell) as captures:
        yield captures.library, captures.catch_up


def _tell(sentence: str) -> None:
    exits.narrate(f"▲ {sentence}")


def _tell_end(library: Library, tail: _Tail, paths: tuple[str, ...]) -> None:
    from .. import words

    bad = library.progress.bad
    if bad:
        exits.narrate(f"▲ {words.plural(bad, 'line')} could not be read as exchanges.")
    if not tail.printed and sys.stderr.isatty():
        where = "in these files" if paths else "captured yet, or none that the filter lets through"
        exits.narrate(f"· There are no exchanges {where}.")
