"""What a platform's analytics tell of an action, page after page (contract §2, analytics)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from .reading import MAX_COUNT, UnreadableError, as_count, as_number, as_text
from .runs import UNKNOWN_ERROR, require

MOST_PAGES = 1000
"""A walk that is longer than this is given up, with a warning."""

_LONGEST_WORD = 200
_GOOD = frozenset({"completed", "complete", "success", "succeeded", "fulfilled", "ok"})


@dataclass(frozen=True, slots=True)
class AnalyticsRow:
    """Executions that ended alike. `average_ms` is how long one of them took, in milliseconds.

    `code` is their error code, empty where none is told.
    """

    status: str
    code: str
    executions: int
    errors: int
    average_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Analytics:
    """All rows of all pages; `warnings` say in sentences what may be wrong with them."""

    rows: tuple[AnalyticsRow, ...]
    pages: int = 1
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalyticsPage:
    """One page. `token` leads to the next, empty on the last; `faults` are of kinds of rows."""

    rows: tuple[AnalyticsRow, ...]
    token: str
    faults: tuple[str, ...] = ()


async def walked(
    ask: Callable[[str], Awaitable[AnalyticsPage]], *, most: int = MOST_PAGES
) -> Analytics:
    """Every page, from `ask("")` on, until a token is empty, or comes a second time.

    No more than `most` pages.
    """
    rows: list[AnalyticsRow] = []
    faults: Counter[str] = Counter()
    seen: set[str] = set()
    token, pages, warnings = "", 0, []
    while True:
        page = await ask(token)
        pages += 1
        rows += page.rows
        faults.update(page.faults)
        token = page.token
        if not token:
            break
        if token in seen:
            warnings.append(
                f"The platform named a page for the second time after {_pages(pages)}; the walk "
                "ended there, and figures may be missing or counted twice."
            )
            break
        if pages >= most:
            warnings.append(f"There are more than {_pages(pages)}; the rest is not counted.")
            break
        seen.add(token)
    warnings += [_warning(fault, times) for fault, times in faults.items()]
    return Analytics(tuple(rows), pages, tuple(warnings))


def read_page(body: dict[str, Any]) -> AnalyticsPage:
    """One answer. Raises UnreadableError for what is none."""
    require(body, ("data", "nextPageToken"), "a page of analytics")
    data = body.get("data")
    faults: list[str] = []
    if data is None:
        faults.append("nothing")
        data = []
    if not isinstance(data, list):
        raise UnreadableError(f"Its data is no list, but a {type(data).__name__}.")
    rows = [row for entry in data if (row := _row(entry, faults)) is not None]
    token = body.get("nextPageToken")
    if isinstance(token, dict | list | bool):
        faults.append("token")
        token = None
    return AnalyticsPage(tuple(rows), as_text(token).strip(), tuple(faults))


def _row(entry: Any, faults: list[str]) -> AnalyticsRow | None:
    if not isinstance(entry, dict):
        faults.append("shape")
        return None
    executions = as_count(entry.get("executionCount"))
    if executions is None or executions > MAX_COUNT // 2**20:
        faults.append("executions")
        return None
    status = as_text(entry.get("status"))[:_LONGEST_WORD]
    code = as_text(entry.get("errorCode")).strip()[:_LONGEST_WORD]
    errors = _errors(entry.get("errorCount"), executions, status, code, faults)
    average = as_number(entry.get("averageDuration"))
    if entry.get("averageDuration") is not None and (average is None or average < 0):
        faults.append("average")
        average = None
    return AnalyticsRow(
        status, code or (UNKNOWN_ERROR if errors else ""), executions, errors, average
    )


def _errors(told: Any, executions: int, status: str, code: str, faults: list[str]) -> int:
    errors = as_count(told)
    if errors is None:
        if told is not None:
            faults.append("errors")
        failed = bool(code) or (bool(status) and status.casefold() not in _GOOD)
        return executions if failed else 0
    if errors > executions:
        faults.append("excess")
        return executions
    return errors


def _warning(fault: str, times: int) -> str:
    told = _pages(times) if fault == "nothing" else _rows(times)
    return _FAULTS[fault].format(told)


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number:,} pages"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


_FAULTS = {
    "nothing": "The platform sent {} without figures.",
    "shape": "{} told no figures and could not be counted.",
    "executions": "{} had no usable count of executions and could not be counted.",
    "errors": "{} had no usable count of errors; the status and error code were gone by.",
    "excess": "{} told more errors than executions; no more than the executions were counted.",
    "average": "{} had no usable average duration.",
    "token": "The token of the next page was no text; the walk ended there.",
}
