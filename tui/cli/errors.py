"""cxtop errors: the failed records of a run, in groups or one by one."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import json_text, print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Profile, Settings
    from ...core.models import ErrorGroup, RecordError
    from ...core.store import Store

SAMPLES = 3
COLUMNS = ("run_id", "record_id", "code", "status", "message", "record")
_BAR_WIDTH = 20


@click.command(
    "errors",
    epilog=epilog(
        "cxtop errors crm-backfill",
        "cxtop errors crm-backfill --json | jq '.groups[0]'",
        "cxtop errors crm-backfill --jsonl --code TIMEOUT > timeouts.jsonl",
        "cxtop errors crm-backfill --csv > failed.csv",
        codes=True,
    ),
)
@click.argument("run_id", metavar="ID")
@click.option("--json", "form", flag_value="json", help="The groups as one JSON object.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Every record, a JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Every record as CSV (RFC 4180).")
@click.option("--code", metavar="CODE", help="Only the records with this error code.")
@with_profile
def command(run_id: str, form: str | None, code: str | None, flags: Flags) -> None:
    """Fetch the failed records of a run.

    Without an option: how many there are of each code, with up to 3 samples. They are fetched
    page by page, and kept in the store, so that a later call fetches only what is new. Secrets
    in records are masked.
    """
    settings, profile = load_profile(flags)
    from .running import run_async

    run_async(_errors(settings, profile, run_id, form, code))


async def _errors(
    settings: Settings, profile: Profile, run_id: str, form: str | None, code: str | None
) -> None:
    from ...core.live import fetch_errors, open_session

    async with open_session(settings) as session:
        telling = _Telling(run_id)
        run, walked = await fetch_errors(
            session.link,
            session.store,
            run_id,
            page_size=profile.poll.page_size,
            on_page=telling.page,
        )
        telling.end()
        if not run.status.terminal:
            word = run.status.value.lower()
            exits.narrate(f"▲ {run_id} is {word}: these are its failed records so far.")
        if walked.total is not None and walked.kept < walked.total:
            exits.narrate(f"▲ The platform counts {walked.total}, but gave {walked.kept}.")
        if form in ("jsonl", "csv"):
            await _records(session.store, run_id, form, code)
        else:
            await _groups(session.store, run_id, form, code)


class _Telling:
    """Says on a terminal how far the fetching is."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._shown = False
        self._terminal = sys.stderr.isatty()

    def page(self, kept: int) -> None:
        from ...core.text import safe

        if self._terminal:
            self._shown = True
            sys.stderr.write(f"\r\x1b[K{safe(self._run_id)}: {kept:,} failed records …")
            sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


async def _groups(store: Store, run_id: str, form: str | None, code: str | None) -> None:
    groups = await store.error_groups(run_id, samples=SAMPLES)
    if code is not None:
        groups = [group for group in groups if group.code == code]
    total = sum(group.count for group in groups)
    if form == "json":
        shown = [
            {
                "code": group.code,
                "count": group.count,
                "samples": [_plain(sample) for sample in group.samples],
            }
            for group in groups
        ]
        print_json({"run_id": run_id, "total": total, "groups": shown}, indent=2)
    else:
        _print_groups(run_id, total, groups)


def _print_groups(run_id: str, total: int, groups: list[ErrorGroup]) -> None:
    from ...core.text import clip, safe
    from .. import words

    print_line(f"{safe(run_id)}   {words.plural(total, 'failed record')}")
    wide = max((len(safe(group.code)) for group in groups), default=0)
    for group in groups:
        part = group.count / total
        bar = "█" * max(1, round(part * _BAR_WIDTH))
        code = f"{safe(group.code):<{wide}}"
        print_line(f"\n{code}   {group.count:>8,}   {words.share(part):>5}   {bar}".rstrip())
        for sample in group.samples:
            line = f"{safe(sample.record_id)}   {safe(sample.message)}"
            print_line(f"    {clip(line, 160)}")


async def _records(store: Store, run_id: str, form: str, code: str | None) -> None:
    write = _as_line if form == "jsonl" else _csv()
    # What was asked for while the run was read is in the store by now; few are in memory.
    async for record in store.errors(run_id, code=code):
        write(record)
    sys.stdout.flush()


def _as_line(record: RecordError) -> None:
    sys.stdout.write(f"{json_text(_plain(record))}\n")


def _csv():
    from ...core.text import csv_cell, safe

    # A file gets what the record holds; a terminal must not be driven by it.
    guard = safe if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(COLUMNS)

    def write(record: RecordError) -> None:
        writer.writerow([guard(csv_cell(getattr(record, name))) for name in COLUMNS])

    return write


def _plain(record: RecordError) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in COLUMNS}
    return plain | ({"extra": record.extra} if record.extra else {})
