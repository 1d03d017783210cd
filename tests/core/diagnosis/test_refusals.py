import pytest

from cxtop.core.models import Outcome

from .support import answered

HTML = b"<html><head><title>502 Bad Gateway</title></head>"


def test_a_page_of_a_gateway():
    found = answered(HTML, 502, {"X-Request-ID": "r-1"})
    assert found.outcome is Outcome.SERVER_ERROR
    assert found.message == (
        "502 Bad Gateway: the service failed, and the body is not JSON: "
        "an HTML page titled “502 Bad Gateway”."
    )
    assert found.hint.startswith("The upstream behind the action answered, not the action.")
    assert "request id r-1" in found.hint
    assert found.findings == (("body", "not JSON: an HTML page titled “502 Bad Gateway”"),)


def test_an_error_body_with_its_ids():
    body = {"message": "no", "code": "forbidden", "contextId": "ctx-1", "errors": []}
    found = answered(body, 403, {"ININ-Correlation-Id": "c-1"})
    assert found.message == "403 Forbidden: “no”."
    assert found.code == "forbidden"
    assert "Quote correlation id c-1 and context id ctx-1 to" in found.hint
    assert found.result == body


@pytest.mark.parametrize(
    ("status", "value", "hint"),
    [
        (429, "7", "Wait 7 s, then send fewer calls."),
        (429, "0.5", "Wait 0.5 s, then send fewer calls."),
        (503, "30", "Wait 30 s, then send again."),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", "Wait as Retry-After says, “Wed, 21 Oct"),
        (500, "30", "look at its own log"),
        (429, "", "Wait, then send fewer calls."),
    ],
)
def test_how_long_to_wait(status, value, hint):
    assert hint in answered(b"", status, {"Retry-After": value}).hint


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            401,
            "401 Unauthorized: the token is missing, wrong or expired, and nothing more is said.",
        ),
        (404, "404 Not Found: the service finds the request at fault, and nothing more is said."),
        (499, "status 499: the service finds the request at fault, and nothing more is said."),
        (530, "status 530: the service failed, and nothing more is said."),
    ],
)
def test_a_status_without_a_word(status, told):
    found = answered(b"", status)
    assert found.message == told
    assert found.hint


def test_a_body_with_a_code_alone_or_with_nothing():
    assert answered({"error": "internal_processing_error"}, 500).message == (
        "500 Internal Server Error: the service failed (internal_processing_error)."
    )
    assert answered({"a": 1}, 500).message == "500 Internal Server Error: the service failed."


def test_broken_json_is_said_with_its_place():
    assert answered(b'{"a" 1}', 400).findings[0][0] == "line 1, column 6"


def test_a_handler_answer_with_a_bad_status_keeps_its_code():
    body = {"success": False, "error": {"code": "UPSTREAM_TIMEOUT", "message": "slow"}}
    found = answered(body, 504)
    assert (found.outcome, found.code) == (Outcome.SERVER_ERROR, "UPSTREAM_TIMEOUT")
    assert "slow" in found.message
