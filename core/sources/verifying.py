"""Looking at lines where the index cannot tell whether they are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..store.filter import Filter
from ..store.finding import IndexRow, Verify
from ..store.logs import Log
from .payloads import Absent, Brief, Payloads, texts_of_line


class Verifier:
    """Makes functions that say of rows whether a filter lets them through.

    A row whose line is not to be had is let through by no filter that needs the line.
    """

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads

    def __call__(self, wanted: Filter) -> Verify:
        """The function for one filter."""

        def verify(rows: Sequence[IndexRow], logs: Mapping[int, Log]) -> list[bool]:
            checked = self._payloads.checked_all(rows, logs)
            return [_is_meant(wanted, brief, line) for brief, line in checked]

        return verify


def _is_meant(wanted: Filter, brief: Brief | Absent, line: bytes) -> bool:
    if isinstance(brief, Absent):
        return False
    return wanted.matches(brief, lambda: texts_of_line(line))
