"""What is different between one side of two exchanges."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...core.diffing import Kind, compare
from ...core.errors import ViewError
from ...core.models import BodyKind, Exchange
from .. import words
from ..ink import Line, Tone
from .headers import reason
from .jsontext import written
from .lazylines import FixedLines, Lines
from .payload import json_of, looks_like_json, text_of
from .pretty import Pretty
from .raw import Raw
from .side import Side

MOST = 5_000
"""How many differences of a body are listed, and how many lines of it are compared as text."""

_SLOWER = 0.2  # the share by which a duration differs to be worth telling
_SHORT = 300  # characters of a value in a row
_EVER_NEW = frozenset(
    (
        "age",
        "content-length",
        "date",
        "etag",
        "expires",
        "last-modified",
        "set-cookie",
        "traceparent",
        "x-correlation-id",
        "x-request-id",
    )
)


@dataclass(frozen=True)
class Difference:
    """One row: where (`status`, a header's name, a JSON path), what became of it, both values.

    `part` is `fact`, `header` or `body`. Values of a body are JSON values, all others words.
    `minor` ones differ between any two exchanges.
    """

    number: int
    part: str
    where: str
    kind: Kind
    before: Any = None
    after: Any = None
    minor: bool = False

    @property
    def shown_before(self) -> str:
        """The value before, short; nothing for what was added."""
        return "" if self.kind is Kind.ADDED else self._shown(self.before)

    @property
    def shown_after(self) -> str:
        """The value after, short; nothing for what is gone."""
        return "" if self.kind is Kind.GONE else self._shown(self.after)

    def _shown(self, value: Any) -> str:
        if self.kind is Kind.MOVED:
            return f"[{value}]"
        if self.part == "body" and self.where.startswith("$"):
            return written(value, _SHORT)[0]
        return str(value)[:_SHORT]


@dataclass(frozen=True)
class Differences:
    """All rows of one side, and what is to be said about how they were found."""

    rows: tuple[Difference, ...] = ()
    note: str = ""


def differences(before: Side, after: Side) -> Differences:
    """What is different, facts first, then headers, then the body. Pure; may take its time."""
    facts = list(_facts(before.exchange, after.exchange, before.which))
    headers = sorted(_headers(before, after), key=lambda row: row.minor)
    body, note = _bodies(before, after)
    rows = (*facts, *headers, *body)
    return Differences(
        tuple(
            Difference(i, row.part, row.where, row.kind, row.before, row.after, row.minor)
            for i, row in enumerate(rows)
        ),
        note,
    )


def _row(
    part: str, where: str, before: Any, after: Any, *, minor: bool = False
) -> Difference | None:
    """The row for two values of which `None` or nothing means that there is none."""
    if before == after:
        return None
    kind = Kind.CHANGED
    if before in (None, ""):
        kind = Kind.ADDED
    elif after in (None, ""):
        kind = Kind.GONE
    return Difference(0, part, where, kind, before, after, minor)


def _facts(before: Exchange, after: Exchange, which: str) -> Iterator[Difference]:
    rows: tuple[Difference | None, ...]
    if which == "request":
        rows = (
            _row("fact", "method", before.method, after.method),
            _row("fact", "url", before.url, after.url),
            _row("fact", "action", before.action, after.action),
        )
    else:
        rows = (
            _row("fact", "status", _status(before), _status(after)),
            _row("fact", "outcome", before.outcome.value, after.outcome.value),
            _row("fact", "code", before.code, after.code),
            _row("fact", "exception", _failure(before), _failure(after)),
            _duration(before.duration_ms, after.duration_ms),
        )
    return (row for row in rows if row is not None)


def _status(exchange: Exchange) -> str:
    if exchange.status is None:
        return "no answer"
    return f"{exchange.status} {reason(exchange.status)}".rstrip()


def _failure(exchange: Exchange) -> str:
    failure = exchange.failure
    return f"{failure.type}: {failure.message}" if failure is not None else ""


def _duration(before: float | None, after: float | None) -> Difference | None:
    if before is not None and after is not None:
        if abs(before - after) <= _SLOWER * max(before, after):
            return None
        return _row("fact", "duration", words.span(before / 1000), words.span(after / 1000))
    old, new = (words.span(None if each is None else each / 1000) for each in (before, after))
    return _row("fact", "duration", old, new)


def _headers(before: Side, after: Side) -> Iterator[Difference]:
    olds, news = _joined(before.headers), _joined(after.headers)
    for name in dict.fromkeys((*olds, *news)):
        old, new = olds.get(name), news.get(name)
        if old == new:
            continue
        kind = Kind.ADDED if old is None else Kind.GONE if new is None else Kind.CHANGED
        yield Difference(0, "header", name, kind, old, new, name in _EVER_NEW)


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        made[key] = f"{made[key]}, {value}" if key in made else value
    return made


def _bodies(before: Side, after: Side) -> tuple[list[Difference], str]:
    if before.body.kind is BodyKind.NONE or after.body.kind is BodyKind.NONE:
        row = _row("body", "body", _told(before), _told(after))
        return [row] if row is not None else [], ""
    try:
        values = json_of(before.body), json_of(after.body)
    except ViewError:
        return _texts(before, after)
    found = compare(*values, limit=MOST)
    notes = []
    if found.by_position:
        notes.append("arrays compared by position")
    if found.cut:
        notes.append(f"the first {MOST:,} differences")
    rows = [
        Difference(0, "body", change.place, change.kind, change.before, change.after)
        for change in found.changes
    ]
    return rows, ", ".join(notes)


def _texts(before: Side, after: Side) -> tuple[list[Difference], str]:
    old, new = text_of(before.body, whole=True).text, text_of(after.body, whole=True).text
    if old == new and before.body.kind is after.body.kind:
        return [], ""
    kind = Kind.CHANGED if _told(before) == _told(after) else Kind.TYPE_CHANGED
    row = Difference(0, "body", "body", kind, _flat(old), _flat(new))
    return [row], "the bodies are not both JSON"


def _flat(text: str) -> str:
    return " ".join(text[: _SHORT * 2].split())


def _told(side: Side) -> str:
    """What a body is, in words; nothing where there is none."""
    body = side.body
    if body.kind is BodyKind.NONE:
        return f"{body.size:,} bytes, not kept" if body.size else ""
    if looks_like_json(side):
        return "JSON"
    return side.media_type or body.kind.value


# as text


def unified(before: Side, after: Side) -> Lines:
    """Both sides as text, line by line, as `diff -u` tells it. Pure; may take its time."""
    olds, cut = _as_text(before)
    news, also = _as_text(after)
    rows: list[Line] = [
        _painted(line) for line in islice(difflib.unified_diff(olds, news, lineterm=""), 2, None)
    ]
    foot: list[Line] = []
    if cut or also:
        foot = [(), ((f"… only the first {MOST:,} lines were compared", "accent"),)]
    return FixedLines(rows, cut=bool(foot), foot=foot)


def _as_text(side: Side) -> tuple[list[str], bool]:
    """Headers and body in lines, the body pretty where it can be."""
    exchange = side.exchange
    first = f"{exchange.method} {exchange.url}" if side.which == "request" else _status(exchange)
    made = [first, *(f"{name}: {value}" for name, value in side.headers), ""]
    if side.body.kind is BodyKind.NONE:
        return made, False
    view = Pretty() if looks_like_json(side) else Raw()
    lines = view.lines(side)
    made += ["".join(text for text, _ in line) for line in islice(lines, MOST)]
    return made, len(lines) > MOST


def _painted(line: str) -> Line:
    tones: dict[str, Tone] = {"+": "good", "-": "bad", "@": "accent"}
    return ((line, tones.get(line[:1], "")),)
