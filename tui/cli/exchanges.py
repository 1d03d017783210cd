"""An exchange as the command line shows it: an object for programs, a line for people."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...core.text import safe
from .. import words

if TYPE_CHECKING:
    from ...core.models import Exchange
    from ...core.sources import Listed

_RED, _YELLOW, _GREEN, _DIM, _END = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
_WIDE, _NARROW, _LEAST = 110, 70, 40
_ID = 36
_FIELDS = (
    "id",
    "at",
    "service",
    "request_id",
    "request_id_source",
    "flow_execution_id",
    "conversation_id",
    "traceparent",
    "method",
    "url",
    "route",
    "action",
    "status",
    "duration_ms",
    "outcome",
    "code",
)


def as_object(row: Listed) -> dict[str, Any]:
    """The head of an exchange as a JSON object."""
    told = {name: getattr(row, name) for name in _FIELDS}
    told |= {"request_size": row.request_size, "response_size": row.response_size}
    return told | ({"missing": row.missing} if row.missing else {})


def as_whole_object(exchange: Exchange) -> dict[str, Any]:
    """A whole exchange as a JSON object."""
    return exchange.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Lines:
    """Writes exchanges as aligned lines; with `colour`, good and bad are told by it too."""

    width: int
    colour: bool

    @classmethod
    def for_terminal(cls) -> Lines:
        """As wide as the terminal, in colour unless `NO_COLOR` is set or it cannot."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        colour = sys.stdout.isatty() and not plain
        return cls(max(_LEAST, shutil.get_terminal_size().columns), colour)

    def line(self, row: Listed | Exchange) -> str:
        """One line: time, status, duration, method, path, how it went, request id.

        Where it is narrow, what tells least is left out.
        """
        wide, narrow = self.width >= _WIDE, self.width < _NARROW
        tone = _tone(row)
        status = f"{row.status}" if row.status is not None else "–"
        parts = [self._in(_DIM, clock(row.at)), self._in(tone, f"{status:>3}")]
        room = self.width - 12 - 2 - 3 - 2
        if not narrow:
            took = words.span(None if row.duration_ms is None else row.duration_ms / 1000)
            parts += [f"{took:>8}", f"{safe(row.method) or '–':<6.6}"]
            room -= 8 + 2 + 6 + 2
        outcome = 24 if wide else 12 if narrow else 16
        room -= outcome + 2 + ((_ID + 2) if wide else 0)
        went = _cell(" ".join(filter(None, (row.outcome.value, safe(row.code)))), outcome)
        parts.append(_cell(safe(path_of(row)), max(4, room)))
        parts.append(went if row.outcome.good else self._in(tone, went))
        if wide:
            parts.append(self._in(_DIM, _cell(safe(row.request_id), _ID)))
        return "  ".join(parts).rstrip()

    def _in(self, tone: str, text: str) -> str:
        return f"{tone}{text}{_END}" if self.colour and tone else text


def _cell(text: str, width: int) -> str:
    """`text` exactly `width` columns wide, with "…" where something was cut off."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return f"{set_cell_size(text, width - 1)}…"


def path_of(row: Listed | Exchange) -> str:
    """The path of an exchange."""
    from ...core.store.filter.tree import path_of as of_url

    return of_url(row.url) if row.url else getattr(row, "path", "")


def clock(moment: datetime) -> str:
    """A time of day in the user's zone, to the millisecond."""
    return f"{moment.astimezone():%H:%M:%S}.{moment.microsecond // 1000:03d}"


def _tone(row: Listed | Exchange) -> str:
    if row.status is None or row.status >= 500:
        return _RED
    if row.status >= 400 or not row.outcome.good:
        return _YELLOW
    return _GREEN
