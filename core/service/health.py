"""What `/health` answers (contract §6)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from ..errors import CxtopError, InputError, NetworkError, RequestError, StoreError
from ..models import HealthReport
from .answers import Json, refusal


class TopCode(BaseModel):
    """An error code, how often it came, and how long its executions took on average, in ms."""

    code: str
    count: int
    average_ms: float | None


class HealthAnswer(BaseModel):
    """An action's figures. `error_rate` is in percent with two decimals; `source` says whether
    they are the platform's own (`analytics`) or of what was captured here (`captures`)."""

    action_id: str
    interval: str
    total_executions: int
    error_count: int
    error_rate: float
    top_error_codes: list[TopCode]
    average_ms: float | None
    source: str
    warnings: list[str]
    last_updated: datetime


def answer(report: HealthReport) -> Json:
    """The report as JSON."""
    told = HealthAnswer(
        action_id=report.action_id,
        interval=report.interval,
        total_executions=report.executions,
        error_count=report.errors,
        error_rate=report.error_rate,
        top_error_codes=[
            TopCode(code=share.code, count=share.count, average_ms=share.average_ms)
            for share in report.top
        ],
        average_ms=report.average_ms,
        source=report.source.value,
        warnings=list(report.warnings),
        last_updated=report.as_of,
    )
    return Json(told.model_dump(mode="json"))


def refused(error: CxtopError) -> Json:
    """Why there is no report: the question is wrong, the store is busy, or the platform says no."""
    # An error of a request that was never sent bears no status.
    if isinstance(error, InputError) or (isinstance(error, RequestError) and error.status is None):
        return refusal(422, "INVALID_INPUT_FORMAT", str(error))
    if isinstance(error, StoreError):
        return refusal(503, "STORE", str(error), headers={"Retry-After": "5"})
    if isinstance(error, NetworkError):
        return refusal(504, "UPSTREAM_TIMEOUT", str(error))
    return refusal(502, "PLATFORM", str(error))
