"""HTML: one page that needs nothing but itself, for whoever has only a browser.

The summary and its charts are plain HTML. The tables are drawn by a script of the page's own from
data that lie in it as inert JSON; the content security policy allows that script and the style by
their hashes, and forbids all else: no request, no other script, no form.

The data come before what is seen, so that the page can be written while the evidence is read.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, BinaryIO

from ....models import Model
from ...scope import EVERY_PART, Part
from ..heading import heading
from ..pouring import Progress, finished, pour
from ..summary import Summary
from ..wordings import amount
from .markup import Markup, element, island
from .sections import body_of
from .tables import TABLES, Cell, Table
from .traffic import TRAFFIC

if TYPE_CHECKING:
    from ...evidence import Evidence
    from ...masking import Mask

MOST_ROWS = 20_000
"""How many records of a part a page holds, of exchanges the newest; the other formats hold all."""

_BUDGET = 64 * 1024 * 1024
_LONGEST = 65_536
_SHORTEST = 1_000
_ROWS_AN_ISLAND = 200
_STYLE = "page.css"
_SCRIPT = "page.js"

SHOWN: Mapping[Part, Table] = {part: {**TABLES, **TRAFFIC}[part] for part in Part}


class HtmlFormat:
    """One self-contained page."""

    name = "html"
    suffix = ".html"
    title = "HTML, a page for any browser"
    holds = EVERY_PART

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most = most_rows

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the page to `out`: its head and data, then what is seen of them at once."""
        head = heading(evidence, mask)
        summary = Summary()
        out.write(beginning(str(head["title"])).encode())
        counts = await evidence.counts()
        room = Room(_BUDGET)
        described: dict[str, Any] = {}
        for part in Part:
            if part not in evidence.scope.parts:
                continue
            islands = Islands(part, counts.parts.get(part, 0), out, room, self._most)

            def take(record: Model, islands: Islands = islands) -> None:
                summary.add(record)
                islands.add(record)

            await pour(evidence, part, mask, take, progress)
            await finished(islands.end)
            if islands.seen:
                described[part.value] = islands.described()

        def close() -> None:
            out.write(island(described, id="tables").encode())
            out.write(body_of(summary, head, evidence.missing).encode())
            out.write(f"{element('script', Markup(_asset(_SCRIPT)))}</body></html>\n".encode())

        await finished(close)


HTML = HtmlFormat()


class Room:
    """How much payload a page can still take."""

    def __init__(self, left: int) -> None:
        self.left = left

    def each(self, more: int) -> int:
        """How many characters a text may have while `more` records are still to come: one may
        take more than its share, as most take less."""
        share = 8 * max(0, self.left) // max(1, more)
        return max(_SHORTEST, min(_LONGEST, share))


class Islands:
    """The data of one part, written while they come: many rows in one island, details in one
    each, so that only those are read that somebody unfolds."""

    def __init__(
        self, part: Part, expected: int, out: BinaryIO, room: Room, most: int = MOST_ROWS
    ) -> None:
        self.seen = 0
        self._part = part
        self._table = SHOWN[part]
        self._expected = expected
        self._most = most
        # The newest exchanges come last.
        self._skipped = max(0, expected - most) if part is Part.EXCHANGES else 0
        self._out = out
        self._room = room
        self._rows: list[list[Cell]] = []
        self._kept = 0

    def add(self, record: Model) -> None:
        """Write a record, unless the page holds as many as it can."""
        self.seen += 1
        if self.seen <= self._skipped or self._kept >= self._most:
            return
        longest = self._room.each(min(self._most, max(1, self._expected - self.seen)))
        told = island(self._table.told(record, longest), data_of=self._part.value)
        self._room.left -= len(told)
        self._out.write(told.encode())
        self._rows.append(self._table.row(record))
        self._kept += 1
        if len(self._rows) >= _ROWS_AN_ISLAND:
            self.end()

    def end(self) -> None:
        """Write the rows that are left."""
        if self._rows:
            self._out.write(island(self._rows, data_rows=self._part.value).encode() + b"\n")
            self._rows = []

    def described(self) -> dict[str, Any]:
        """The table as the script reads it."""
        left_out = self.seen - self._kept
        beyond = ""
        if left_out:
            noun = self._table.title.lower()
            which = "newest" if self._part is Part.EXCHANGES else "first"
            beyond = (
                f"This page holds the {which} {amount(self._kept)} of {amount(self.seen)} {noun}; "
                "the other formats hold all of them."
            )
        return {**self._table.described(), "count": self._kept, "beyond": beyond}


def beginning(title: str) -> Markup:
    """The page up to its data."""
    policy = (
        f"default-src 'none'; script-src '{_hash(_SCRIPT)}'; style-src '{_hash(_STYLE)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} – cxtop" if title else "Evidence – cxtop"),
        element("style", Markup(_asset(_STYLE))),
    )
    return Markup(f'<!doctype html>\n<html lang="en">{head}<body>\n')


@cache
def _asset(name: str) -> str:
    return files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")


def _hash(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()
