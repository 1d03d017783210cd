import base64
import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.diagnosis import EXECUTE, diagnose_exchange
from cxtop.core.models import Body, BodyKind, Exchange, Failure, Frame, Outcome

from .support import JSON, TOKEN

HTML = "<html><head><title>502 Bad Gateway</title></head>"


def text(value, **more):
    return Body(kind=BodyKind.TEXT, value=value, size=len(value), **more)


def parsed(value):
    return Body(kind=BodyKind.JSON, value=value, size=len(json.dumps(value)))


def exchange(response=None, status=200, **more):
    return Exchange(
        id="x-1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        method=more.pop("method", "POST"),
        request_id="req-1",
        status=status,
        response=response or Body(),
        **more,
    )


def test_a_page_instead_of_json():
    found = diagnose_exchange(
        exchange(text(HTML), response_headers=(("inin-correlation-id", "c-1"),))
    )
    assert found.outcome is Outcome.NOT_JSON
    assert found.message == "The answer is not JSON: an HTML page titled “502 Bad Gateway”."
    assert found.hint == (
        "The upstream behind the action answered, not the action. "
        "Quote request id req-1 and correlation id c-1 to whoever runs the service."
    )


def test_an_id_that_both_sides_bear_is_quoted_once():
    found = diagnose_exchange(exchange(response_headers=(("x-request-id", "req-1"),)))
    assert found.hint.count("req-1") == 1


@pytest.mark.parametrize(
    ("response", "status", "outcome"),
    [
        (parsed({"a": 1}), 200, Outcome.OK),
        (parsed(None), 200, Outcome.NOT_OBJECT),
        (parsed([1]), 200, Outcome.NOT_OBJECT),
        (parsed({"errors": ["x"]}), 200, Outcome.ACTION_ERRORS),
        (parsed({"success": False, "error": {"code": "E"}}), 200, Outcome.ACTION_ERRORS),
        (parsed({"result": None}), 200, Outcome.NULL_RESULT),
        (parsed({"result": '{"a":1}'}), 200, Outcome.STRINGIFIED_RESULT),
        (parsed({"result": "abc"}), 200, Outcome.RAW_TOKEN),
        (parsed({"message": "no"}), 403, Outcome.FORBIDDEN),
        (text('{"a": "x'), 200, Outcome.NOT_JSON),
        (text(" "), 200, Outcome.EMPTY_BODY),
        (text(HTML), 502, Outcome.SERVER_ERROR),
        (Body(), 200, Outcome.EMPTY_BODY),
        (Body(), 401, Outcome.AUTH_EXPIRED),
    ],
)
def test_bodies_as_they_were_kept(response, status, outcome):
    assert diagnose_exchange(exchange(response, status)).outcome is outcome


def test_binary_bodies():
    packed = Body(kind=BodyKind.BASE64, value=base64.b64encode(gzip.compress(b"x")).decode())
    assert "gzip data" in diagnose_exchange(exchange(packed)).message
    damaged = Body(kind=BodyKind.BASE64, value="ü not base64")
    assert diagnose_exchange(exchange(damaged)).outcome is Outcome.NOT_JSON
    assert diagnose_exchange(exchange(Body(kind=BodyKind.BASE64, value=5))).outcome is (
        Outcome.EMPTY_BODY
    )


def test_wrong_bytes_that_were_replaced_are_noted():
    found = diagnose_exchange(exchange(text('{"a": "\ufffd"')))
    assert any("not valid UTF-8" in told for _, told in found.findings)


@pytest.mark.parametrize(
    ("response", "status", "more", "told"),
    [
        (None, 204, {}, "204 No Content, which has no body"),
        (None, 304, {}, "304 Not Modified, which has no body"),
        (None, 101, {}, "101 Switching Protocols, which has no body"),
        (None, 200, {"method": "head"}, "200 OK, which has no body"),
        (Body(size=2048), 200, {}, "its 2,048 bytes were not kept"),
        (text('{"a": "x', truncated=True), 200, {}, "only the first were kept"),
        (None, 302, {"response_headers": (("location", "/login"),)}, "302 Found"),
        (
            text(HTML),
            200,
            {"method": "GET", "response_headers": (("content-type", "text/html"),)},
            "is a page, and says so: an HTML page titled “502 Bad Gateway”",
        ),
    ],
)
def test_what_nothing_bad_can_be_said_of(response, status, more, told):
    found = diagnose_exchange(exchange(response, status, **more))
    assert found.outcome is Outcome.OK
    assert told in found.message


def test_a_page_without_a_promise_or_broken_before_the_cut_is_a_fault():
    assert diagnose_exchange(exchange(text(HTML), method="GET")).outcome is Outcome.NOT_JSON
    broken = text('{"a" 1, "b": "x', truncated=True)
    assert diagnose_exchange(exchange(broken)).outcome is Outcome.NOT_JSON


def test_an_exception_goes_before_what_was_answered():
    failure = Failure(
        type="KeyError",
        message="'orderId'",
        frames=(
            Frame(function="app", file="main.py", line=3),
            Frame(function="handle", file="orders.py", line=17),
        ),
    )
    found = diagnose_exchange(
        exchange(parsed({"error": "internal_processing_error"}), 500, failure=failure)
    )
    assert found.outcome is Outcome.EXCEPTION
    assert found.message == (
        "The service did not handle KeyError: 'orderId', in handle (orders.py:17)."
    )
    assert (found.code, "req-1" in found.hint) == ("KeyError", True)
    assert found.findings == (("main.py:3", "app"), ("orders.py:17", "handle"))


def test_an_exception_of_which_little_is_known():
    bare = exchange(status=None, failure=Failure(type="X", frames=(Frame(function="f"),)))
    assert diagnose_exchange(bare).message == "The service did not handle X, in f."
    assert diagnose_exchange(bare).findings == (("?", "f"),)
    seen = exchange(parsed({}), 500, outcome=Outcome.EXCEPTION)
    assert diagnose_exchange(seen).message == "The service did not handle an exception."


def test_a_caller_that_hung_up_and_an_upstream_that_was_not_there():
    gone = diagnose_exchange(exchange(status=None, duration_ms=1500.4))
    assert gone.outcome is Outcome.DISCONNECTED
    assert gone.message == "The caller hung up after 1,500 ms, before the answer was out."
    failure = Failure(type="ClientDisconnect", message="bye")
    seen = diagnose_exchange(
        exchange(parsed({}), 200, outcome=Outcome.DISCONNECTED, failure=failure)
    )
    assert seen.message.endswith("was out: ClientDisconnect: bye.")
    refused = Failure(type="ConnectionRefusedError", message="refused")
    for failure, told in ((refused, ": ConnectionRefusedError: refused."), (None, "reached.")):
        found = diagnose_exchange(
            exchange(parsed({}), 502, outcome=Outcome.UNREACHABLE, failure=failure)
        )
        assert found.outcome is Outcome.UNREACHABLE
        assert found.message.endswith(told)


def test_what_is_expected_can_be_said():
    body = parsed({"result": {"token": 1}, "more": 2})
    assert diagnose_exchange(exchange(body), expects=TOKEN).outcome is Outcome.SCHEMA_DRIFT
    assert diagnose_exchange(exchange(body), expects=EXECUTE).outcome is Outcome.OK


BODIES = st.builds(
    Body,
    kind=st.sampled_from(BodyKind),
    value=JSON,
    size=st.integers(0, 10**9),
    truncated=st.booleans(),
    content_type=st.text(max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(
    response=BODIES,
    status=st.none() | st.sampled_from([200, 204, 302, 401, 500]),
    method=st.sampled_from(["GET", "POST", "HEAD", ""]),
    outcome=st.sampled_from(Outcome),
    headers=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2),
    failure=st.none() | st.builds(Failure, type=st.text(), message=st.text(), frames=st.just(())),
)
def test_any_exchange_gives_a_diagnosis_that_can_be_written(
    response, status, method, outcome, headers, failure
):
    found = diagnose_exchange(
        exchange(
            response,
            status,
            method=method,
            outcome=outcome,
            response_headers=tuple(headers),
            failure=failure,
        )
    )
    assert found.message.endswith(".")
    assert found.model_dump_json()
