"""Dialect `genesys`: the documented data-action service (contract §1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from ..http.answer import Answer
from ..http.request import Request
from ..models import FlowTrace, RecordError
from .dialect import Dialect, RecordPage, StatusReading, UnreadableError
from .reading import Fields, as_count, content_ids
from .runs import RUN_FIELDS, UNKNOWN_ERROR, fieldless_record, read_run, require
from .traces import read_trace

_SCOPE = "data:actions:read"


class Genesys(Dialect):
    """Run status and results of `/api/v2/data-actions`, traces of flows, and running an action."""

    name = "genesys"
    endpoints: ClassVar[Mapping[str, str]] = {
        "run_status": "/api/v2/data-actions/{run_id}/status",
        "run_results": "/api/v2/data-actions/{run_id}/results",
        "flow_trace": "/api/v2/flows/executions/{run_id}",
        "execute": "/api/v2/data/actions/{run_id}/execute",
    }

    async def run_status(self, run_id: str) -> StatusReading:
        """Contract §1, run status; scope `data:actions:read`."""
        return await self._ask(
            "run_status",
            run_id,
            partial(_status, run_id),
            operation="run status",
            permission=_SCOPE,
        )

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None:
        """Contract §1, run results; scope `data:actions:read`."""
        return await self._ask(
            "run_results",
            run_id,
            partial(_page, run_id, size),
            operation="run results",
            permission=_SCOPE,
            params={"filter": "error", "pageSize": str(size), "pageNumber": str(page)},
        )

    async def flow_trace(self, execution_id: str) -> FlowTrace | None:
        """Contract §1, flow trace; scope `flow:execution:view`."""
        return await self._ask(
            "flow_trace",
            execution_id,
            partial(read_trace, execution_id),
            operation="flow trace",
            permission="flow:execution:view",
            of_run=False,
        )

    async def execute(self, action_id: str, payload: Any) -> Answer:
        """Contract §1, execute; scope `data:action:execute`."""
        return await self._caller.send(
            Request(
                operation="execute",
                method="POST",
                path=self._endpoints["execute"].fill(action_id),
                json=payload,
                permission="data:action:execute",
                subject=action_id,
                timeout_s=self._profile.timeouts.execute_s,
                any_status=True,
            )
        )


def _status(run_id: str, body: dict[str, Any]) -> StatusReading:
    require(body, RUN_FIELDS | {"dataActionId"}, "a run")
    run = read_run(body, run_id=run_id, platform=Genesys.name, id_field="dataActionId")
    return StatusReading(run)


def _page(run_id: str, asked: int, body: dict[str, Any]) -> RecordPage:
    require(body, ("entities", "total", "pageNumber", "pageSize"), "a page of results")
    entities = body.get("entities")
    if entities is None:
        entities = []
    if not isinstance(entities, list):
        raise UnreadableError(f"Its entities are no list, but a {type(entities).__name__}.")
    records = tuple(
        _record(run_id, entry, spare)
        for entry, spare in zip(entities, content_ids(entities), strict=True)
    )
    size = as_count(body.get("pageSize")) or asked
    return RecordPage(records, as_count(body.get("total")), size)


def _record(run_id: str, entry: Any, spare_id: str) -> RecordError:
    if not isinstance(entry, dict):
        return fieldless_record(run_id, spare_id, entry)
    fields = Fields(entry)
    return RecordError(
        run_id=run_id,
        record_id=fields.word("id") or spare_id,
        code=fields.word("errorCode").strip() or UNKNOWN_ERROR,
        message=fields.word("errorMessage"),
        status=fields.word("status"),
        record=fields.take("record"),
        extra=fields.rest,
    )
