"""Reading exchanges back from where their lines lie, and noticing when they are not there."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec

from ..capture.record import (
    UNREADABLE,
    BodyPart,
    FailurePart,
    Head,
    Line,
    decode_line,
    exchange_of,
)
from ..errors import LineError
from ..models.exchanges import Body, BodyKind, Exchange
from ..store.filter.tree import millis, took
from ..store.finding import IndexRow
from ..store.logs import Log
from ..store.places import Place, neighbours
from .content import READ, Content

_MOST_OPEN = 16
_MOST_UNPACKED = 2
# What a gzipped log unpacks to at most; a bomb ends there.
_LARGEST_UNPACKED = 2 * 1024**3


class Missing(StrEnum):
    """Why an exchange's line cannot be shown."""

    GONE = "gone"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Absent:
    """An exchange whose line is not to be had: `state`, and a sentence about why."""

    state: Missing
    why: str


class _Size(msgspec.Struct):
    size: int = 0


class Brief(Head):
    """The head of a line, and how large the bodies were, in bytes."""

    request: _Size | None = None
    response: _Size | None = None


_briefs = msgspec.json.Decoder(Brief)


class Payloads:
    """Reads lines; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, Content] = OrderedDict()
        self._unpacked: OrderedDict[tuple[str, int, int], BinaryIO] = OrderedDict()

    def close(self) -> None:
        """Let go of every file."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].close()
            while self._unpacked:
                self._unpacked.popitem()[1].close()

    def exchange(self, row: IndexRow, log: Log | None) -> Exchange | Absent:
        """The whole exchange of a row."""
        line = self.line(row, log)
        if isinstance(line, Absent):
            return line
        try:
            return decode_line(line)
        except LineError as error:
            return Absent(Missing.UNREADABLE, str(error))

    def brief(self, row: IndexRow, log: Log | None) -> Brief | Absent:
        """The head of a row's line."""
        return self.checked(row, log)[0]

    def line(self, row: IndexRow, log: Log | None) -> bytes | Absent:
        """The line of a row as it stands in its log, without its newline."""
        found, line = self.checked(row, log)
        return found if isinstance(found, Absent) else line

    def lines(self, places: Sequence[Place], logs: Mapping[int, Log]) -> list[bytes]:
        """What lies at these places, unchecked; nothing where it cannot be read.

        Neighbours are read together, so this is the way to read many.
        """
        found: list[bytes] = []
        for some in neighbours(places, READ):
            first, last = some[0], some[-1]
            log = logs.get(first.log)
            size = last.offset + last.length - first.offset
            data = b"" if log is None else self.span(log, first.offset, size)
            for place in some:
                start = place.offset - first.offset
                found.append(data[start : start + place.length])
        return found

    def exchanges(
        self, rows: Sequence[IndexRow], logs: Mapping[int, Log]
    ) -> list[Exchange | Absent]:
        """The whole exchanges of several rows, in this order; for neighbours, the way to read
        many."""
        lines = self.lines([Place(*row[:4]) for row in rows], logs)
        return [
            _exchange(line, row) or self.exchange(row, logs.get(row.log))
            for row, line in zip(rows, lines, strict=True)
        ]

    def span(self, log: Log, offset: int, length: int) -> bytes:
        """What lies there, unchecked; nothing where it cannot be read."""
        try:
            return self._read(log, offset, length)
        except OSError:
            return b""

    def briefs(self, rows: Sequence[IndexRow], logs: Mapping[int, Log]) -> list[Brief | Absent]:
        """The heads of several rows' lines."""
        return [brief for brief, _ in self.checked_all(rows, logs)]

    def checked_all(
        self, rows: Sequence[IndexRow], logs: Mapping[int, Log]
    ) -> list[tuple[Brief | Absent, bytes]]:
        """As `checked` for several rows, in their order. Neighbours are read together."""
        found: dict[int, tuple[Brief | Absent, bytes]] = {}
        by_row = {row.row: row for row in rows}
        places = [Place(row.row, *row[1:4]) for row in rows]
        places.sort(key=lambda place: place[1:])
        for some in neighbours(places, READ):
            start, end = some[0].offset, some[-1].offset + some[-1].length
            log = logs.get(some[0].log)
            path = "" if log is None else log.path
            data = self._got(log, start, end - start)
            for row, _, offset, length in some:
                line = data
                if isinstance(data, bytes):
                    line = data[offset - start : offset - start + length]
                found[row] = _checked(by_row[row], path, line)
        return [found[row.row] for row in rows]

    def checked(self, row: IndexRow, log: Log | None) -> tuple[Brief | Absent, bytes]:
        """The head of a row's line, and the line; nothing if it is not there."""
        data = self._got(log, row.offset, row.length)
        return _checked(row, "" if log is None else log.path, data)

    def _got(self, log: Log | None, offset: int, length: int) -> bytes | Absent:
        """What lies there, which may be less."""
        if log is None:
            return Absent(Missing.GONE, "Its log is not known any more.")
        try:
            return self._read(log, offset, length)
        except FileNotFoundError:
            return Absent(Missing.GONE, f"The log {log.path} is not there any more.")
        except OSError as error:
            why = f"The log {log.path} cannot be read: {error.strerror}."
            return Absent(Missing.GONE, why)

    def _read(self, log: Log, offset: int, length: int) -> bytes:
        with self._lock:
            content = self._content(log)
            if not content.packed:
                return content.read(offset, length)
            unpacked = self._unpack(log.path, content)
            unpacked.seek(offset)
            return unpacked.read(length)

    def _content(self, log: Log) -> Content:
        content = self._opened.pop(log.path, None)
        if content is not None and (content.device, content.inode) != (log.device, log.inode):
            content.close()
            content = None
        if content is None or not content.stat().st_nlink:
            if content is not None:
                content.close()
            content = Content(log.path)
        self._opened[log.path] = content
        while len(self._opened) > _MOST_OPEN:
            self._opened.popitem(last=False)[1].close()
        return content

    def _unpack(self, path: str, content: Content) -> BinaryIO:
        found = content.stat()
        key = path, found.st_size, found.st_mtime_ns
        unpacked = self._unpacked.pop(key, None)
        if unpacked is None:
            unpacked = TemporaryFile()  # noqa: SIM115 - it is kept open
            place = 0
            while place < _LARGEST_UNPACKED and (data := content.read(place, READ)):
                unpacked.write(data)
                place += len(data)
        self._unpacked[key] = unpacked
        while len(self._unpacked) > _MOST_UNPACKED:
            self._unpacked.popitem(last=False)[1].close()
        return unpacked


def _exchange(line: bytes, row: IndexRow) -> Exchange | None:
    """The exchange in a line with its newline, `None` where it is not that of the row."""
    if len(line) != row.length or not line.endswith(b"\n"):
        return None
    try:
        found = _lines.decode(line)
        return exchange_of(found) if _is_of(found, row) else None
    except (*UNREADABLE, LineError):
        return None


def _checked(row: IndexRow, path: str, data: bytes | Absent) -> tuple[Brief | Absent, bytes]:
    """What lies at a row's place in the log at `path`, seen as the line that it was made from."""
    if isinstance(data, Absent):
        return data, b""
    if len(data) == row.length and data.endswith(b"\n"):
        line = data[:-1]
        try:
            brief = _briefs.decode(line)
            if _is_of(brief, row):
                return brief, line
        except UNREADABLE:
            pass  # it is another line, or none; said below
    return Absent(Missing.CHANGED, f"The log {path} holds something else there now."), b""


def _is_of(brief: Head, row: IndexRow) -> bool:
    """Whether this is the line that the row was made from."""
    if brief.at.tzinfo is None or millis(brief.at) != row.at or took(brief.duration_ms) != row.took:
        return False
    shape = row.shape
    return not shape.shape or (
        brief.status == shape.status
        and brief.method == shape.method
        and brief.outcome.value == shape.outcome
        and brief.code == shape.code
    )


class _RawBody(msgspec.Struct):
    kind: BodyKind = BodyKind.NONE
    value: msgspec.Raw = msgspec.Raw(b"")


class _Bodies(msgspec.Struct):
    request: _RawBody | None = None
    response: _RawBody | None = None
    failure: FailurePart | None = None


_lines = msgspec.json.Decoder(Line)
_bodies = msgspec.json.Decoder(_Bodies)


def indexed_text(line: bytes) -> str:
    """What the full text takes of a line: at least every token of `texts_of_line`.

    Where nothing is escaped JSON is taken as it stands: its signs part tokens.
    """
    try:
        found = _bodies.decode(line)
        texts: list[str] = []
        for body in (found.request, found.response):
            if body is None or body.kind not in (BodyKind.JSON, BodyKind.TEXT):
                continue
            raw = bytes(body.value)
            if b"\\" in raw:
                return "\n".join(texts_of_line(line))
            texts.append(raw.decode())
    except UNREADABLE:
        return ""
    if found.failure is not None:
        texts.append(f"{found.failure.type} {found.failure.message}")
    return "\n".join(texts)


def texts_of_line(line: bytes) -> list[str]:
    """The texts of the bodies in a line; none if it cannot be read."""
    try:
        return texts_of(_lines.decode(line))
    except UNREADABLE:
        return []


def texts_of(exchange: Exchange | Line) -> list[str]:
    """The texts of an exchange's bodies and of its failure, as the full text has them."""
    texts = [_text(exchange.request), _text(exchange.response)]
    if exchange.failure is not None:
        texts.append(f"{exchange.failure.type} {exchange.failure.message}")
    return [text for text in texts if text]


def _text(body: Body | BodyPart | None) -> str:
    if body is None:
        return ""
    if body.kind is BodyKind.TEXT:
        return str(body.value)
    if body.kind is not BodyKind.JSON:
        return ""
    if isinstance(body.value, str):
        return body.value
    pieces: list[str] = []
    _collect(body.value, pieces)
    return " \n ".join(pieces)


def _collect(value: object, pieces: list[str]) -> None:
    """Names and values of a JSON value, in order."""
    # Bodies were decoded by a decoder that refuses deep nesting.
    if isinstance(value, dict):
        for name, item in value.items():
            pieces.append(str(name))
            _collect(item, pieces)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, pieces)
    elif value is not None:
        pieces.append("true" if value is True else "false" if value is False else str(value))
