"""Looking at lines where the index cannot tell whether they are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..store.filter import Filter
from ..store.finding import IndexRow, Verify
from ..store.logs import Log
from .payloads import Absent, Payloads, texts_of_line


class Verifier:
    """Makes functions that say of rows whether a filter lets them through.

    A row whose line is not to be had is let through by no filter that needs the line.
    """

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads

    def __call__(self, wanted: Filter) -> Verify:
        """The function for one filter."""

        def verify(rows: Sequence[IndexRow], logs: Mapping[int, Log]) -> list[bool]:
            return [self._is_meant(wanted, row, logs.get(row.log)) for row in rows]

        return verify

    def _is_meant(self, wanted: Filter, row: IndexRow, log: Log | None) -> bool:
        brief, line = self._payloads.checked(row, log)
        if isinstance(brief, Absent):
            return False
        return wanted.matches(brief, lambda: texts_of_line(line))
