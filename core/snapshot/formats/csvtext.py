"""CSV for spreadsheets: one table a file, failed records or exchanges.

RFC 4180 in UTF-8, with the byte order mark by which spreadsheets know that. Text that a
spreadsheet would take for a formula has a `'` in front. What is longer than a cell of a
spreadsheet can be is cut, with a "…" at its end.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast

from ...models import Exchange, Model, RecordError
from ...text import clip, csv_cell
from ..scope import Part
from .harentry import body_text
from .jsontext import encode
from .pouring import Progress, pour

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

BOM = b"\xef\xbb\xbf"

# Spreadsheets hold 32,767 units of UTF-16 in a cell, and most signs are one.
_CELL = 32_767

ERRORS = ("run_id", "record_id", "code", "message", "status", "record", "extra")
EXCHANGES = (
    "at",
    "id",
    "service",
    "request_id",
    "flow_execution_id",
    "conversation_id",
    "method",
    "url",
    "route",
    "action",
    "status",
    "duration_ms",
    "outcome",
    "code",
    "request_size",
    "request_body",
    "response_size",
    "response_body",
    "failure",
)


class CsvFormat:
    """A table of one part, a column a field."""

    suffix = ".csv"

    def __init__(self, part: Part, title: str, columns: tuple[str, ...]) -> None:
        self.name = f"csv-{part.value}"
        self.title = title
        self.holds = frozenset((part,))
        self._part = part
        self._columns = columns

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the table to `out`, a row at a time."""
        cells = _error_cells if self._part is Part.ERRORS else _exchange_cells
        writer = csv.writer(_Utf8(out), lineterminator="\r\n")
        out.write(BOM)
        writer.writerow(self._columns)

        def row(record: Model) -> None:
            writer.writerow([cell(value) for value in cells(record)])

        await pour(evidence, self._part, mask, row, progress)


CSV_ERRORS = CsvFormat(Part.ERRORS, "CSV: failed records", ERRORS)
CSV_EXCHANGES = CsvFormat(Part.EXCHANGES, "CSV: exchanges", EXCHANGES)


class _Utf8:
    """A text file over a binary one that belongs to somebody else, so it is never closed."""

    def __init__(self, out: BinaryIO) -> None:
        self._write: Callable[[bytes], object] = out.write

    def write(self, text: str) -> None:
        self._write(text.encode())


def cell(value: object) -> str:
    """`value` as a cell, no longer than one can be."""
    text = csv_cell(value)
    # A sign beyond the first plane takes two units.
    if 2 * len(text) <= _CELL or len(text.encode("utf-16-le")) <= 2 * _CELL:
        return text
    return clip(text, _CELL if text.isascii() else _CELL // 2)


def _error_cells(record: Model) -> list[object]:
    error = cast(RecordError, record)
    cells = [getattr(error, name) for name in ERRORS[:-2]]
    extra = encode(error.extra).decode() if error.extra else ""
    return [*cells, _json(error.record), extra]


def _exchange_cells(record: Model) -> list[object]:
    exchange = cast(Exchange, record)
    failure = exchange.failure
    told = {
        "at": exchange.at.isoformat().replace("+00:00", "Z"),
        "request_size": exchange.request.size,
        "request_body": body_text(exchange.request),
        "response_size": exchange.response.size,
        "response_body": body_text(exchange.response),
        "failure": "" if failure is None else f"{failure.type}: {failure.message}",
    }
    return [told[name] if name in told else getattr(exchange, name) for name in EXCHANGES]


def _json(value: object) -> object:
    return value if value is None or isinstance(value, str) else encode(value).decode()
