"""The ids that a failed record bears, by which its exchange and its flow's trace are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..models import Key, RecordError

_NAMES = {
    Key.REQUEST_ID: "requestid xrequestid",
    Key.FLOW_EXECUTION_ID: "flowexecutionid executionid",
    Key.CONVERSATION_ID: "conversationid",
    Key.TRACE_ID: "traceid",
}
_BY_NAME = {name: key for key, names in _NAMES.items() for name in names.split()}
_ORDER = list(_NAMES)
_LONGEST = 256
_DEEPEST = 8


def ids_of(error: RecordError) -> list[tuple[Key, str]]:
    """The ids that stand in a record under names that say what they are, the surest kind first.

    `requestId`, `request_id` and `X-Request-ID` are one name; likewise the others.
    """
    found = dict.fromkeys(_ids([error.record, error.extra], _DEEPEST))
    return sorted(found, key=lambda each: _ORDER.index(each[0]))


def _ids(value: Any, depth: int) -> Iterator[tuple[Key, str]]:
    if not depth or not isinstance(value, dict | list):
        return
    if isinstance(value, dict):
        for name, each in value.items():
            key = _BY_NAME.get(name.lower().replace("_", "").replace("-", ""))
            if key is not None and isinstance(each, str) and 0 < len(each) <= _LONGEST:
                yield key, each
    for each in value.values() if isinstance(value, dict) else value:
        yield from _ids(each, depth - 1)
