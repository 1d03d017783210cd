"""The ids in a failed record."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.live.recordids import ids_of
from cxtop.core.models import Key, RecordError


def error(record: Any = None, **extra: Any) -> RecordError:
    return RecordError(run_id="r", record_id="1", code="E", record=record, extra=extra)


def test_names_say_what_an_id_is_however_they_are_spelled() -> None:
    record = {
        "conversation_id": "c",
        "headers": [{"X-Request-ID": "r"}],
        "context": {"flowExecutionId": "e", "trace-id": "t"},
        "id": "none",
    }
    assert ids_of(error(record)) == [
        (Key.REQUEST_ID, "r"),
        (Key.FLOW_EXECUTION_ID, "e"),
        (Key.CONVERSATION_ID, "c"),
        (Key.TRACE_ID, "t"),
    ]
    assert ids_of(error(requestId="r")) == [(Key.REQUEST_ID, "r")]


def test_what_is_no_id_is_left() -> None:
    assert ids_of(error({"requestId": None, "executionId": 5, "traceId": "", "x": "y"})) == []
    assert ids_of(error({"requestId": "x" * 1000})) == []
    assert ids_of(error()) == ids_of(error("requestId")) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("requestId"), inner),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=50)
def test_any_record_is_looked_into(record: Any) -> None:
    assert all(isinstance(value, str) and value for _, value in ids_of(error(record)))
