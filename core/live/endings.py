"""What went wrong with a run, out of what the platform told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import RateLimitError
from ..models import RATE_LIMIT_EXHAUSTED, ActionRun, ErrorGroup, RecordError, RunStatus
from .frames import frames_in, frames_raised
from .rules import Ending

UNKNOWN_ERROR = "UNKNOWN_ERROR"
"""The code of a failure for which nothing names one."""

_CODES = ("errorCode", "error_code", "code")
_MESSAGES = ("errorMessage", "error_message", "message", "failureReason", "statusMessage")
_STATUSES = ("statusCode", "status_code", "httpStatus", "status")


def ending_of(run: ActionRun, errors: Sequence[RecordError] = ()) -> Ending:
    """How a run ended, by the errors that came with its status, else by its own fields.

    The code is empty when failed records that are yet to be fetched may tell it.
    """
    coded = [error for error in errors if error.code != UNKNOWN_ERROR] or list(errors)
    if coded:
        return _of_record(run, coded[0])
    told = run.extra.get("error")
    entry: Mapping[str, Any] = told if isinstance(told, Mapping) else run.extra
    code = _text(entry, _CODES) or (told if isinstance(told, str) else "")
    nothing_to_come = run.errors == 0 and run.status is RunStatus.FAILED
    return Ending(
        run_id=run.run_id,
        status=run.status,
        code=code or (UNKNOWN_ERROR if nothing_to_come else ""),
        message=_text(entry, _MESSAGES),
        status_code=_status(entry),
        frames=frames_in(entry),
    )


def ending_in(run_id: str, groups: Sequence[ErrorGroup]) -> Ending:
    """How a run failed by its failed records: the code that most of them have."""
    samples = groups[0].samples if groups else ()
    sample = samples[0] if samples else None
    return Ending(
        run_id=run_id,
        status=RunStatus.FAILED,
        code=groups[0].code if groups else UNKNOWN_ERROR,
        message=sample.message if sample else "",
        status_code=_status(sample.record) if sample else None,
        frames=frames_in(sample.record) if sample else (),
    )


def throttled(run_id: str, error: RateLimitError) -> Ending:
    """A run whose polls are refused with 429 beyond the retries (contract §5)."""
    return Ending(
        run_id=run_id,
        status=RunStatus.UNKNOWN,
        code=RATE_LIMIT_EXHAUSTED,
        message=error.what,
        status_code=error.status,
        frames=frames_raised(error),
    )


def _of_record(run: ActionRun, error: RecordError) -> Ending:
    return Ending(
        run_id=run.run_id,
        status=run.status,
        code=error.code,
        message=error.message,
        status_code=_status(error.record),
        frames=frames_in(error.record),
    )


def _text(entry: Mapping[str, Any], names: Sequence[str]) -> str:
    found = (entry.get(name) for name in names)
    return next((text.strip() for text in found if isinstance(text, str) and text.strip()), "")


def _status(entry: Any) -> int | None:
    """The HTTP status in an error entry, where it holds one."""
    if not isinstance(entry, Mapping):
        return None
    found = (entry.get(name) for name in _STATUSES)
    numbers = (n for n in found if isinstance(n, int) and not isinstance(n, bool))
    return next((number for number in numbers if 100 <= number < 600), None)
