"""How a captured exchange looks as a row, and the rows of a list of any length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, overload

from .. import words
from ..ink import Line, Tone
from ..signs import outcome_sign
from .columns import Column

if TYPE_CHECKING:
    from ...core.sources import Listed, View

_KEPT = 2_000


class ExchangeRows(Sequence["Listed | None"]):
    """The rows of a view: those that were read, and `None` for those that were not yet.

    `ask` is called when a row was wanted that is not there; `read` then brings it and the rows
    around it. A bounded number of rows is kept. `gone` are the numbers of rows that were not to
    be had, as retention has dropped them since: they are not asked for again.
    """

    def __init__(self, view: View, ask: Callable[[], None]) -> None:
        self.view = view
        self._ask = ask
        self._kept: OrderedDict[int, Listed] = OrderedDict()
        self._wanted: list[int] = []
        self.gone: set[int] = set()

    def __len__(self) -> int:
        return len(self.view)

    @overload
    def __getitem__(self, index: int) -> Listed | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Listed | None]: ...
    def __getitem__(self, index: int | slice) -> Listed | Sequence[Listed | None] | None:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        numbers = self.view.numbers(index, index + 1)
        if not numbers:
            raise IndexError(index)
        row = self._kept.get(numbers[0])
        if row is None and numbers[0] not in self.gone:
            if not self._wanted:
                self._ask()
            self._wanted.append(index)
        return row

    async def read(self, around: int = 40) -> None:
        """Bring the rows that were wanted, and some on either side."""
        if not self._wanted:
            return
        first, last = min(self._wanted), max(self._wanted)
        if last - first > 4 * around:  # scrolled far between two readings: the newest place counts
            first = last = self._wanted[-1]
        self._wanted.clear()
        numbers = self.view.numbers(first - around, last + around + 1)
        rows = await self.view.rows(first - around, last + around + 1)
        self.keep(rows)
        self.gone |= set(numbers) - {row.number for row in rows}

    def keep(self, rows: Iterable[Listed]) -> None:
        """Remember these rows, and forget the ones remembered longest ago."""
        for row in rows:
            self._kept[row.number] = row
            self._kept.move_to_end(row.number)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _time(row: Listed, _width: int) -> Line:
    return ((row.at.astimezone().strftime("%H:%M:%S.%f")[:-3], "dim"),)


def _request_id(row: Listed, width: int) -> Line:
    return ((words.short_id(row.request_id or row.id, width), "" if row.request_id else "dim"),)


def _method(row: Listed, _width: int) -> Line:
    return ((row.method, "dim"),)


def _path(row: Listed, _width: int) -> Line:
    return ((row.path, ""),)


def _status(row: Listed, _width: int) -> Line:
    return ((words.NOTHING if row.status is None else str(row.status), status_tone(row.status)),)


def status_tone(status: int | None) -> Tone:
    """The tone of an HTTP status."""
    if status is None or status >= 500:
        return "bad"
    return "warn" if status >= 400 else "good" if status >= 200 else "dim"


def _took(row: Listed, _width: int) -> Line:
    took = None if row.duration_ms is None else row.duration_ms / 1000
    return ((words.span(took), "warn" if took and took > 3 else ""),)


def _size(row: Listed, _width: int) -> Line:
    return ((words.size(row.response_size), "dim"),)


def _action(row: Listed, _width: int) -> Line:
    return ((row.action, ""),)


def _outcome(row: Listed, _width: int) -> Line:
    if row.missing is not None:
        return ((f"· payload {row.missing.value}", "dim"),)
    sign, word, tone = outcome_sign(row.outcome)
    return ((f"{sign} {word}", tone), (f"  {row.code}" if row.code else "", "dim"))


def _service(row: Listed, _width: int) -> Line:
    return ((row.service, "dim"),)


def _flow(row: Listed, width: int) -> Line:
    return ((words.short_id(row.flow_execution_id, width), "dim"),)


EXCHANGE_COLUMNS: tuple[Column[Listed], ...] = (
    Column("time", "TIME", 12, _time),
    Column("id", "REQUEST ID", 10, _request_id, flex=1, widest=36, drop=4),
    Column("method", "METHOD", 6, _method, drop=3),
    Column("path", "PATH", 18, _path, flex=3, widest=60),
    Column("status", "STATUS", 6, _status, right=True),
    Column("took", "TOOK", 8, _took, right=True, drop=1),
    Column("size", "SIZE", 8, _size, right=True, drop=6),
    Column("action", "ACTION", 12, _action, flex=1, widest=24, drop=5),
    Column("outcome", "WHAT IT IS", 24, _outcome, flex=2, widest=44),
    Column("flow", "FLOW EXECUTION", 14, _flow, flex=1, widest=36, drop=8),
    Column("service", "SERVICE", 10, _service, widest=20, drop=7),
)
