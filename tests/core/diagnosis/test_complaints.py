import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.diagnosis.complaints import complaint_in

from .support import JSON, NAMES

CONTEXT = "0a0a0a0a-1111-2222-3333-444444444444"


def test_the_deepest_message_of_an_error_body():
    found = complaint_in(
        {
            "message": "outer",
            "code": "outer.code",
            "contextId": CONTEXT,
            "errors": [
                {"message": "between", "errors": [{"message": f"the cause [{CONTEXT}]"}]},
                {"message": "another between", "code": "other"},
            ],
        }
    )
    assert found.message == "the cause"
    assert found.code == "outer.code"
    assert found.context_id == CONTEXT


def test_a_context_id_at_the_end_of_a_message_is_found_without_its_field():
    found = complaint_in({"errors": [{"message": f"no answer [{CONTEXT}]"}]})
    assert (found.message, found.context_id) == ("no answer", CONTEXT)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"messageWithParams": "no {a} in {b}", "messageParams": {"a": "x"}}, "no x in {b}", ""),
        ({"messageWithParams": "no {a}", "messageParams": None}, "no {a}", ""),
        ({"error": "invalid_client", "error_description": "who?"}, "who?", "invalid_client"),
        ({"error": {"code": 7, "message": "seven"}}, "seven", "7"),
        ({"error": "internal_processing_error"}, "", "internal_processing_error"),
        ({"title": "Gone", "detail": "it left", "type": "about:blank"}, "it left", "about:blank"),
        ({"fault": {"faultstring": "boom"}}, "boom", ""),
        ({"message": 'failed: {"message": "inside", "code": "IN"}'}, "inside", "IN"),
        ({"message": "braces {of no} json"}, "braces {of no} json", ""),
        ({"errors": "just text"}, "just text", ""),
        ({"errors": ["first", "second"]}, "first", ""),
        ("alone", "alone", ""),
        ('{"message": "packed"}', "packed", ""),
        ({"message": True, "code": None}, "", ""),
        (None, "", ""),
        (5, "", ""),
        ({"message": "a\n  b\x1b[0m"}, "a b␛[0m", ""),
    ],
)
def test_other_forms(body, message, code):
    found = complaint_in(body)
    assert (found.message, found.code) == (message, code)


def test_the_fields_that_are_blamed():
    found = complaint_in(
        {
            "message": "bad",
            "details": [{"errorCode": "missing", "fieldName": "name"}, {"errorCode": "x"}, 5, {}],
            "limit": {"key": "calls", "namespace": "actions", "value": 300},
        }
    )
    assert found.findings == (
        ("name", "missing"),
        ("$.details", "x"),
        ("$.limit", "calls of actions allows 300"),
    )


def test_the_way_to_a_field_as_fastapi_tells_it():
    detail = [{"loc": ["body", "items", 0, None], "msg": "Field required", "type": "missing"}]
    found = complaint_in({"detail": detail})
    assert found.findings == (("$.body.items[0]", "Field required"),)
    assert (found.message, found.code) == ("Field required", "missing")


def test_a_long_message_and_many_errors_are_bounded():
    found = complaint_in(
        {
            "message": "m" * 5000,
            "details": [{"errorCode": str(n), "fieldName": "f"} for n in range(150)],
        }
    )
    assert len(found.message) == 300
    assert found.findings[-1] == ("…", "and 100 more")
    assert complaint_in([{"message": str(n)} for n in range(1000)]).message == "0"


@given(JSON | st.dictionaries(NAMES, JSON))
def test_any_json_gives_a_complaint(value):
    found = complaint_in(value)
    json.dumps([found.message, found.code, found.context_id, found.findings]).encode()
    assert len(found.message) <= 300
