"""Calls of a service that failed, and the records of runs that failed because of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Incident:
    """A call that failed: what the platform says of it, and the ids that it went under.

    `request_id` is empty where the call bore none.
    """

    code: str
    message: str
    execution_id: str
    request_id: str = ""


def blamed(entity: dict[str, Any], incident: Incident) -> dict[str, Any]:
    """The failed record `entity` with `incident` as its cause: code, message and ids."""
    ids = {"flowExecutionId": incident.execution_id}
    if incident.request_id:
        ids["requestId"] = incident.request_id
    return entity | {
        "errorCode": incident.code,
        "errorMessage": incident.message,
        "record": entity["record"] | ids,
    }
