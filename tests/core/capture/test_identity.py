from __future__ import annotations

import logging
from uuid import UUID

import pytest

from cxtop.core.capture import RequestIdFilter, current_request_id
from cxtop.core.capture.identity import CURRENT, Identity, flow_execution_id
from cxtop.core.models import RequestIdSource


def test_the_header_wins() -> None:
    identity = Identity()
    identity.from_header(b" abc def ")
    identity.from_body(b'{"flowExecutionId": "other"}')
    assert (identity.request_id, identity.source) == ("abc def", RequestIdSource.HEADER)
    assert identity.header_value() == b"abc def"


@pytest.mark.parametrize("value", [b"", b"  ", b"a\x1bb", b"a\tb", b"x" * 257])
def test_a_header_that_can_be_no_id_is_passed_over(value: bytes) -> None:
    identity = Identity()
    identity.from_header(value)
    assert identity.request_id == ""


def test_the_body_comes_next() -> None:
    identity = Identity()
    identity.from_body(b'{"flowExecutionId": " flow-1 "}')
    assert (identity.request_id, identity.source) == ("flow-1", RequestIdSource.BODY)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"flowExecutionId": ""}', b"[", b"x" * 9])
def test_else_one_is_made_once(raw: bytes) -> None:
    identity = Identity()
    identity.from_body(raw)
    made = identity.request_id
    assert UUID(made)
    assert identity.source is RequestIdSource.GENERATED
    identity.settle()
    identity.from_body(b'{"flowExecutionId": "late"}')
    assert identity.request_id == made


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"flowExecutionId": 7}', "7"),
        (b'{"flowExecutionId": true}', ""),
        (b'{"flowExecutionId": ["a"]}', ""),
        (b'{"variables": {"flowExecutionId": "inner"}}', ""),
        (b'["flowExecutionId"]', ""),
        (b'{"flowExecutionId": "a", "x": ' + b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_only_the_top_of_the_body_counts(raw: bytes, found: str) -> None:
    assert flow_execution_id(raw) == found


def test_an_id_that_no_header_can_carry_is_percent_encoded() -> None:
    identity = Identity()
    identity.from_body('{"flowExecutionId": "a\\r\\nSet-Cookie: ü"}'.encode())
    assert identity.request_id == "a\r\nSet-Cookie: ü"
    assert identity.header_value() == b"a%0D%0ASet-Cookie%3A%20%C3%BC"


def test_log_records_bear_the_current_id() -> None:
    record = logging.makeLogRecord({"msg": "hello"})
    assert RequestIdFilter().filter(record) is True
    assert record.request_id == "-"  # pyright: ignore[reportAttributeAccessIssue]
    assert current_request_id() == ""
    identity = Identity()
    identity.from_body(b'{"flowExecutionId": "one\\ntwo"}')
    token = CURRENT.set(identity)
    try:
        RequestIdFilter().filter(record)
        assert record.request_id == "one␊two"  # pyright: ignore[reportAttributeAccessIssue]
        assert current_request_id() == "one\ntwo"
    finally:
        CURRENT.reset(token)
