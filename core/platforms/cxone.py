"""Dialect `cxone`: NICE CXone data actions (contract §2)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from ..http.request import Request
from ..models import RecordError
from .acting import Deployed, Submitted, deployed, submitted
from .analytics import Analytics, AnalyticsPage, read_page, walked
from .dialect import Dialect, StatusReading
from .reading import Fields, as_count, content_ids
from .runs import RUN_FIELDS, UNKNOWN_ERROR, fieldless_record, read_run, require


class CXone(Dialect):
    """Run status of `/api/v2/data/actions`, failed records embedded in it, and analytics."""

    name = "cxone"
    endpoints: ClassVar[Mapping[str, str]] = {
        "run_status": "/api/v2/data/actions/{run_id}",
        "submit": "/api/v2/data/actions",
        "deploy_schema": "/api/v2/dataactions",
        "analytics": "/api/v2/analytics/actions/details/query",
    }
    has_analytics: ClassVar[bool] = True

    async def run_status(self, run_id: str) -> StatusReading:
        """Contract §2, run status; scope `data:actions:read`."""
        return await self._ask(
            "run_status",
            run_id,
            partial(_status, run_id),
            operation="run status",
            permission="data:actions:read",
        )

    async def submit(self, body: Any, idempotency_key: str) -> Submitted:
        """Contract §2, submit; scope `data:actions:write`."""
        answer = await self._caller.send(
            Request(
                operation="submit",
                method="POST",
                path=self._endpoints["submit"].path,
                json=body,
                headers={"Idempotency-Key": idempotency_key},
                permission="data:actions:write",
            )
        )
        return submitted(answer, idempotency_key)

    async def deploy_schema(self, schema: Mapping[str, Any]) -> Deployed:
        """Contract §2, deploy a schema; scope `dataactions:write`."""
        answer = await self._caller.send(
            Request(
                operation="deploy schema",
                method="POST",
                path=self._endpoints["deploy_schema"].path,
                json=dict(schema),
                permission="dataactions:write",
            )
        )
        return deployed(answer)

    async def analytics(self, action_id: str, interval: str) -> Analytics:
        """Contract §2, analytics; scope `analytics:read`. Durations are in milliseconds."""
        question = {
            "interval": interval,
            "groupBy": ["status", "errorCode"],
            "filter": {"type": "equals", "path": "actionId", "value": action_id},
            "metrics": ["executionCount", "errorCount", "averageDuration"],
        }

        async def ask(token: str) -> AnalyticsPage:
            return await self._ask(
                "analytics",
                action_id,
                read_page,
                operation="analytics",
                permission="analytics:read",
                of_run=False,
                query=question | ({"nextPageToken": token} if token else {}),
            )

        return await walked(ask)


def _status(run_id: str, body: dict[str, Any]) -> StatusReading:
    require(body, RUN_FIELDS | {"id", "errors"}, "a run")
    errors = body.get("errors")
    entries = _entries(errors)
    count = as_count(errors) if entries is None else len(entries)
    told = body
    if count is not None:
        told = {name: value for name, value in body.items() if name != "errors"}
    run = read_run(told, run_id=run_id, platform=CXone.name, id_field="id")
    if run.errors is None:
        run = run.model_copy(update={"errors": count})
    entries = entries or []
    ids = content_ids(entries)
    records = (_record(run_id, entry, id_) for entry, id_ in zip(entries, ids, strict=True))
    return StatusReading(run, tuple(records))


def _entries(errors: Any) -> list[Any] | None:
    """The error entries; one that stands there without its list counts as one."""
    if isinstance(errors, list):
        return errors
    if isinstance(errors, dict) or (isinstance(errors, str) and errors.strip()):
        return [errors]
    return None


def _record(run_id: str, entry: Any, record_id: str) -> RecordError:
    if not isinstance(entry, dict):
        return fieldless_record(run_id, record_id, entry)
    fields = Fields(entry)
    return RecordError(
        run_id=run_id,
        record_id=record_id,
        code=fields.word("code").strip() or UNKNOWN_ERROR,
        message=fields.word("message"),
        status=fields.word("status"),
        record=entry,
    )
