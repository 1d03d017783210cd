import json

import pytest

from cxtop.core.diagnosis import ANY, EXECUTE, HANDLER, JsonSchema
from cxtop.core.diagnosis.envelopes import unwrapped
from cxtop.core.models import Outcome

from .support import GOOD_TOKEN, TOKEN, answered

TEXT = EXECUTE.bringing(JsonSchema({"type": "string", "maxLength": 5}))


def packed(value, times):
    for _ in range(times):
        value = json.dumps(value)
    return value


@pytest.mark.parametrize(
    ("text", "value", "levels"),
    [
        (packed({"a": 1}, 1), {"a": 1}, 1),
        (packed([1], 2), [1], 2),
        (packed({"a": 1}, 3), {"a": 1}, 3),
        (packed({"a": 1}, 4), '{"a": 1}', 3),
        ('"tok"', "tok", 1),
        ("null", None, 1),
        (" true ", True, 1),
        ("123", "123", 0),
        ("abc", "abc", 0),
        ("{broken", "{broken", 0),
        ("[NaN]", "[NaN]", 0),
        ("[" * 9000, "[" * 9000, 0),
        ("", "", 0),
    ],
)
def test_json_in_strings(text, value, levels):
    assert unwrapped(text) == (value, levels)


@pytest.mark.parametrize(("times", "word"), [(1, "once"), (2, "twice"), (3, "three times")])
def test_a_stringified_result_is_parsed_and_said_so(times, word):
    found = answered({"result": packed(GOOD_TOKEN, times)}, expects=TOKEN)
    assert found.outcome is Outcome.STRINGIFIED_RESULT
    assert found.result == GOOD_TOKEN
    assert f"encoded {word} too often" in found.message
    assert found.findings[0][0] == "$.result"


def test_a_stringified_result_of_the_wrong_shape_is_drift():
    found = answered({"result": packed({"token": 1}, 1)}, expects=TOKEN)
    assert found.outcome is Outcome.SCHEMA_DRIFT
    assert ("$.result.token", "expected string or null, found integer") in found.findings
    assert any("JSON in a string" in told for _, told in found.findings)


def test_a_stringified_token_that_expired_says_what_to_do():
    found = answered({"result": packed({**GOOD_TOKEN, "expiresAt": 1}, 1)}, expects=TOKEN)
    assert found.outcome is Outcome.STRINGIFIED_RESULT
    assert "REFRESH_TOKEN" in found.hint


def test_a_result_whose_json_broke_off_is_no_token():
    found = answered({"result": '{"token": "abc'}, expects=TOKEN)
    assert found.outcome is Outcome.SCHEMA_DRIFT
    assert "a string that holds truncated JSON" in found.message
    assert found.result is None


@pytest.mark.parametrize(
    ("body", "state"),
    [({}, "missing"), ({"result": None}, "null"), ({"result": " "}, "an empty string")],
)
def test_no_result_is_no_error(body, state):
    found = answered(body, expects=TOKEN)
    assert found.outcome is Outcome.NULL_RESULT
    assert found.message == (
        f"The result is {state}: the token may not exist, which is not an error."
    )


def test_a_plain_string_is_the_token_unless_another_shape_is_expected():
    found = answered({"result": "abc-def", "warnings": ["old", {"message": "m"}, 5]}, expects=TOKEN)
    assert (found.outcome, found.result) == (Outcome.RAW_TOKEN, "abc-def")
    assert found.findings == (
        ("$.warnings[0]", "old"),
        ("$.warnings[1]", "m"),
        ("$.warnings[2]", "5"),
    )
    assert answered({"result": "abc"}, expects=TEXT).outcome is Outcome.OK
    assert answered({"result": "abc-def"}, expects=TEXT).outcome is Outcome.SCHEMA_DRIFT
    assert answered({"result": "abc-def"}, expects=EXECUTE).outcome is Outcome.RAW_TOKEN


@pytest.mark.parametrize(
    ("errors", "message", "code", "count"),
    [
        (["boom"], "1 error: boom.", "", 1),
        ([{"code": "E1", "message": "m"}, "x"], "2 errors: E1: m.", "E1", 2),
        ([{}, None], "2 errors: an empty object.", "", 2),
        ({"code": "E2"}, "1 error: E2.", "E2", 1),
        ("boom", "1 error: boom.", "", 1),
        ([{"message": "m", "contextId": "ctx-7"}], "1 error: m.", "", 1),
    ],
)
def test_errors_of_the_action(errors, message, code, count):
    found = answered({"errors": errors, "result": {"part": 1}}, expects=EXECUTE)
    assert found.outcome is Outcome.ACTION_ERRORS
    assert found.message == f"The action answered with {message}"
    assert found.code == code
    assert len(found.findings) == count
    assert found.result == {"part": 1}
    assert ("ctx-7" in found.hint) is ("ctx-7" in str(errors))


def test_thousands_of_errors_are_counted_not_listed():
    found = answered({"errors": ["x"] * 5000})
    assert "5,000 errors" in found.message
    assert found.findings[-1] == ("…", "and 4,950 more")


def test_thousands_of_faults_and_warnings_are_counted_too():
    wanted = EXECUTE.bringing(JsonSchema({"items": {"type": "string"}}))
    found = answered({"result": [1] * 900, "warnings": ["w"] * 60}, expects=wanted)
    assert found.message.endswith("found integer, and many more.")
    assert ("…", "and 850 more") in found.findings
    assert found.findings[-1] == ("…", "and 10 more")


def test_lists_that_are_none_are_drift():
    found = answered({"result": 1, "errors": 7, "warnings": "w"}, expects=EXECUTE)
    assert found.outcome is Outcome.SCHEMA_DRIFT
    assert [place for place, _ in found.findings] == ["$.errors", "$.warnings"]
    assert found.result == 1


@pytest.mark.parametrize("result", [0, False, [], {}, 1.5, [1]])
def test_any_other_result_is_good_where_nothing_is_expected_of_it(result):
    found = answered({"result": result, "errors": None, "id": "x"}, expects=EXECUTE)
    assert (found.outcome, found.result) == (Outcome.OK, result)
    assert "its result is" in found.message


def test_a_handler_that_failed():
    details = {"trace": "at f\nat g", "attempts": 3, "type": "ReadTimeout"}
    body = {"success": False, "error": {"code": "UPSTREAM_TIMEOUT", "message": "slow"}}
    body["error"]["details"] = details
    for expects in (ANY, HANDLER):
        found = answered(body, headers={"x-request-id": "r-1"}, expects=expects)
        assert found.outcome is Outcome.ACTION_ERRORS
        assert found.message == "The handler says that it failed: UPSTREAM_TIMEOUT: slow."
        assert found.code == "UPSTREAM_TIMEOUT"
        assert "too slow" in found.hint
        assert "r-1" in found.hint
        assert ("$.error.details.attempts", "3") in found.findings
    assert answered({"success": False, "error": "no"}).message.endswith("failed: no.")
    assert answered({"success": False, "error": {"x": 1}}).message.endswith(
        "an object with 1 field."
    )


@pytest.mark.parametrize(
    ("body", "outcome", "place"),
    [
        ({"success": True, "data": {"a": 1}}, Outcome.OK, ""),
        ({"success": True, "data": None}, Outcome.NULL_RESULT, ""),
        ({"success": True}, Outcome.SCHEMA_DRIFT, "$.data"),
        ({"success": False}, Outcome.SCHEMA_DRIFT, "$.error"),
        ({"success": False, "error": []}, Outcome.SCHEMA_DRIFT, "$.error"),
        ({"success": "true", "data": 1}, Outcome.SCHEMA_DRIFT, "$.success"),
        ({}, Outcome.SCHEMA_DRIFT, "$.success"),
    ],
)
def test_answers_of_a_handler(body, outcome, place):
    found = answered(body, expects=HANDLER)
    assert found.outcome is outcome
    assert [each for each, _ in found.findings] == ([place] if place else [])


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"a": 1}, Outcome.OK),
        ({"result": None}, Outcome.NULL_RESULT),
        ({"result": None, "page": 1}, Outcome.OK),
        ({"success": True, "data": 1}, Outcome.OK),
        ({"success": False}, Outcome.ACTION_ERRORS),
        ({"error": "boom"}, Outcome.ACTION_ERRORS),
        ({"error": {"code": "E"}}, Outcome.ACTION_ERRORS),
        ({"error": "", "a": 1}, Outcome.OK),
        ({"error": "x", "data": 1}, Outcome.OK),
        ({"errors": [], "a": 1}, Outcome.OK),
        ({"errors": [{"message": "graph"}], "data": None}, Outcome.ACTION_ERRORS),
    ],
)
def test_an_answer_of_unknown_form_is_recognised(body, outcome):
    assert answered(body).outcome is outcome
