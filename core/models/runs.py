"""Runs of data actions, and the records that failed in them (contract §0 to §2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from ..states import RunStatus
from .base import Model

T = TypeVar("T")


class ActionRun(Model):
    """One run as one answer of the platform described it.

    `progress` is a share from 0 to 1, clamped; `raw_progress` is what came. Counts are records,
    and `None` where the platform did not say. `extra` keeps the answer's unknown fields,
    `raw` the answer as it came (without embedded failed records).
    """

    run_id: str
    platform: str
    status: RunStatus
    raw_status: str = ""
    name: str | None = None
    progress: float | None = None
    raw_progress: Any = None
    processed: int | None = None
    total: int | None = None
    errors: int | None = None
    warnings: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    polled_at: datetime
    extra: dict[str, Any] = {}
    raw: Any = None


class Poll(Model):
    """One point in the history of a run: what moved, and when it was seen."""

    polled_at: datetime
    status: RunStatus
    progress: float | None = None
    processed: int | None = None
    total: int | None = None
    errors: int | None = None
    warnings: int | None = None


class RecordError(Model):
    """One record that failed in a run.

    `record` is the record itself, of any JSON shape; `extra` keeps the entry's unknown fields.
    """

    run_id: str
    record_id: str
    code: str
    message: str = ""
    status: str = ""
    record: Any = None
    extra: dict[str, Any] = {}


class ErrorGroup(Model):
    """The failed records of one code: how many, and a few of them."""

    code: str
    count: int
    samples: tuple[RecordError, ...] = ()


class Page(Model, Generic[T]):
    """One page of a longer list: `number` counts from 1, `total` counts items, not pages."""

    items: tuple[T, ...]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one, empty."""
        return max(1, -(-self.total // self.size))
