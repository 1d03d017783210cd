from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.capture.record import ATTEMPTS, Head, decode_head, decode_line, encode
from cxtop.core.errors import LineError
from cxtop.core.models import (
    Body,
    BodyKind,
    Exchange,
    Failure,
    Frame,
    Outcome,
    RequestIdSource,
    UpstreamAttempt,
    WaitReason,
)

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, UTC)

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)
headers = st.lists(st.tuples(words, words), max_size=3).map(tuple)
bodies = st.builds(
    Body,
    kind=st.sampled_from(BodyKind),
    content_type=words,
    size=st.integers(0, 2**40),
    value=json_values,
    truncated=st.booleans(),
)
failures = st.builds(
    Failure,
    type=words,
    message=words,
    frames=st.lists(
        st.builds(Frame, function=words, file=words, line=st.none() | st.integers(0, 10**6)),
        max_size=3,
    ).map(tuple),
)
attempts = st.builds(
    UpstreamAttempt,
    number=st.integers(1, 9),
    started_at=st.datetimes(timezones=st.just(UTC)),
    duration_ms=st.floats(0, 1e9),
    outcome=words,
    status=st.none() | st.integers(100, 599),
    detail=words,
    wait_s=st.none() | st.floats(0, 1e9),
    wait_reason=st.none() | st.sampled_from(WaitReason),
    rate_limit=st.dictionaries(words, words, max_size=2),
    request_id=words,
    correlation_id=st.none() | words,
    call=st.integers(1, 9),
    method=words,
    url=words,
    gave_up=words,
)
exchanges = st.builds(
    Exchange,
    id=words,
    at=st.datetimes(timezones=st.just(UTC)),
    service=words,
    request_id=words,
    request_id_source=st.sampled_from(RequestIdSource),
    flow_execution_id=words,
    conversation_id=words,
    traceparent=words,
    method=words,
    url=words,
    route=words,
    action=words,
    status=st.none() | st.integers(100, 599),
    duration_ms=st.none() | st.floats(0, 1e9),
    outcome=st.sampled_from(Outcome),
    code=words,
    request_headers=headers,
    request=bodies,
    response_headers=headers,
    response=bodies,
    failure=st.none() | failures,
    attempts=st.lists(attempts, max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(exchanges)
def test_an_exchange_comes_back_as_it_was(exchange: Exchange) -> None:
    line = encode(exchange)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_line(line) == exchange
    head = decode_head(line)
    assert all(getattr(head, name) == getattr(exchange, name) for name in Head.__struct_fields__)


def test_the_head_stands_first_and_the_failure_last() -> None:
    body = Body(kind=BodyKind.TEXT, size=1, value="x")
    exchange = Exchange(
        id="1",
        at=AT,
        service="s",
        request_id="r",
        request_id_source=RequestIdSource.HEADER,
        flow_execution_id="f",
        conversation_id="c",
        traceparent="t",
        method="POST",
        url="/u",
        route="/r",
        action="a",
        status=500,
        duration_ms=1.5,
        outcome=Outcome.EXCEPTION,
        code="E",
        request_headers=(("a", "b"),),
        request=body,
        response_headers=(("a", "b"),),
        response=body,
        failure=Failure(type="T"),
        attempts=(UpstreamAttempt(number=1, started_at=AT, duration_ms=2.5, outcome="503"),),
    )
    line = json.loads(encode(exchange))
    assert list(line) == list(Exchange.model_fields)
    assert line["at"] == "2026-03-04T05:06:07.890123Z"
    assert ATTEMPTS in encode(exchange)


def test_what_is_empty_is_left_out() -> None:
    assert json.loads(encode(Exchange(id="1", at=AT))) == {
        "id": "1",
        "at": "2026-03-04T05:06:07.890123Z",
    }


def test_times_of_other_zones_become_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=2)))
    line = encode(Exchange(id="1", at=there))
    assert b"05:06:07.890123Z" in line
    foreign = b'{"id":"1","at":"2026-03-04T07:06:07.890123+02:00"}'
    assert decode_head(foreign).at == AT
    assert decode_line(foreign).at.utcoffset() == timedelta(0)


def test_a_head_can_be_had_from_a_line_whose_body_is_damaged() -> None:
    line = b'{"id":"1","at":"2026-03-04T05:06:07Z","response":{"value":"\xff"}}'
    assert decode_head(line).id == "1"
    with pytest.raises(LineError):
        decode_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"not JSON",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b'{"id":"1"}',
        b'{"id":1,"at":"2026-03-04T05:06:07Z"}',
        b'{"id":"1","at":"yesterday"}',
        b'{"id":"1","at":"2026-03-04T05:06:07"}',
        b'{"id":"1","at":"2026-03-04T05:06:07Z","status":NaN}',
        b'{"id":"1","at":"2026-03-04T05:06:07Z","outcome":"splendid"}',
        b'{"id":"1","at":"2026-03-04T05:06:07Z","status":' + b"1" * 5000 + b"}",
        b'{"id":"\xff","at":"2026-03-04T05:06:07Z"}',
        b'{"id":"\\ud800","at":"2026-03-04T05:06:07Z"}',
        b'{"id":"1","at":"2026-03-04T05:06:07Z"',
        b'{"id":"1","at":"2026-03-04T05:06:07Z","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=range(18),
)
def test_what_is_no_exchange_is_a_line_error(line: bytes) -> None:
    with pytest.raises(LineError, match="not an exchange"):
        decode_line(line)
    with pytest.raises(LineError, match="not an exchange"):
        decode_head(line)


def test_lone_surrogates_become_replacement_characters() -> None:
    body = Body(kind=BodyKind.JSON, size=9, value={"k\ud800": ["a\udfff", 1, "plain"]})
    got = decode_line(encode(Exchange(id="1", at=AT, url="/\udc80", request=body)))
    assert got.request.value == {"k\ufffd": ["a\ufffd", 1, "plain"]}
    assert got.url == "/\ufffd"


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    body = Body(kind=BodyKind.JSON, size=1, value=value)
    with pytest.raises(LineError, match="cannot be written"):
        encode(Exchange(id="1", at=AT, request=body))
