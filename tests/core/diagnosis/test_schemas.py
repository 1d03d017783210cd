import pytest
from hypothesis import given, settings

from cxtop.core.diagnosis import ANY, JsonSchema
from cxtop.core.errors import ConfigError
from cxtop.core.models import Outcome

from .support import JSON, answered

ORDER = {
    "title": "order",
    "type": "object",
    "required": ["id", "lines", "note"],
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "state": {"enum": ["open", "shut"]},
        "note": {},
        "kind": {"const": "order"},
        "name": {"type": ["string", "null"], "minLength": 2, "pattern": "^[A-Z]"},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
        "who": {"oneOf": [{"type": "string"}, {"properties": {"a": {"type": "integer"}}}]},
    },
    "$defs": {"line": {"type": "object", "properties": {"n": {"type": "integer"}}}},
}


def fit(schema, value, path="$"):
    return JsonSchema(schema).fit(value, path)


def test_what_fits_is_whole():
    value = {"id": 1, "lines": [{"n": 1}], "note": "", "x-a": 5}
    assert fit(ORDER, value) == JsonSchema(True).fit(value, "$")
    found = answered(value, expects=ANY.bringing(JsonSchema(ORDER)))
    assert (found.outcome, found.message) == (Outcome.OK, "The answer fits the order.")


def test_every_failing_field_by_path_and_what_did_fit():
    value = {
        "id": "7",
        "state": "lost",
        "kind": "gift",
        "name": "a",
        "lines": [{"n": 1}, {"n": "x"}, 5],
        "who": {"a": "x"},
        "odd key": 1,
    }
    found = answered(value, expects=ANY.bringing(JsonSchema(ORDER, name="thing")))
    assert found.outcome is Outcome.SCHEMA_DRIFT
    wrong = dict(each for each in found.findings if "2 characters" not in each[1])
    assert wrong == {
        "$.id": "expected integer, found string",
        "$.note": "expected a value, found nothing",
        "$.state": "expected one of open, shut, found another string",
        "$.kind": "expected order, found another string",
        "$.name": "expected a string like ^[A-Z], found another",
        "$.lines[1].n": "expected integer, found string",
        "$.lines[2]": "expected object, found integer",
        "$.who": "expected one of 2 shapes, found object "
        "(closest: $.who.a expected integer, found string)",
        "$['odd key']": "expected nothing, found integer",
    }
    assert ("$.name", "expected at least 2 characters, found 1") in found.findings
    assert found.result == {"lines": [{"n": 1}, {}]}
    assert "does not fit the thing" in found.message


@pytest.mark.parametrize(
    ("schema", "value", "told", "partial"),
    [
        ({"type": "object"}, [1], "expected object, found array", None),
        ({"minItems": 3}, [1], "expected at least 3 items, found 1", [1]),
        ({"maximum": 5}, 7, "expected at most 5, found 7", None),
        ({"uniqueItems": True}, [1, 1], "does not fit the schema's uniqueItems", [1, 1]),
        ({"not": {}}, 1, "does not fit the schema's not", None),
        (False, 1, "does not fit the schema's None", None),
        ({"anyOf": [{"type": "string"}, False]}, 1, "expected one of 2 shapes", None),
        ({"required": ["a"]}, {}, "expected a value, found nothing", {}),
        (
            {"properties": {"a": {"required": ["b"], "properties": {"b": {"type": ["null"]}}}}},
            {"a": {"c": 1}},
            "expected null, found nothing",
            {"a": {"c": 1}},
        ),
    ],
)
def test_one_fault(schema, value, told, partial):
    found = fit(schema, value, "$.data")
    assert told in found.findings[0][1]
    assert found.findings[0][0].startswith("$.data")
    assert found.partial == partial


def test_old_drafts_are_applied_as_such():
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "maximum": 5,
        "exclusiveMaximum": True,
    }
    assert fit(schema, 5).findings
    third = {
        "$schema": "http://json-schema.org/draft-03/schema#",
        "properties": {"a": {"required": True}},
    }
    assert fit(third, {}).findings


def test_findings_are_bounded():
    found = fit({"items": {"type": "string"}}, list(range(900)))
    assert found.findings[-1] == ("…", "and 850 more")
    assert found.partial == []
    assert fit({"items": {"type": "string"}}, list(range(5000))).partial is None


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"required": "a"}, {"properties": 5}, {"pattern": "("}]
)
def test_what_is_no_schema_is_said(schema):
    with pytest.raises(ConfigError, match="no valid JSON Schema"):
        JsonSchema(schema)


def test_a_schema_without_bottom():
    schema = {}
    for _ in range(5000):
        schema = {"not": schema}
    with pytest.raises(ConfigError, match="too deeply"):
        JsonSchema(schema)


@pytest.mark.parametrize(
    ("schema", "match"),
    [
        ({"$ref": "#/$defs/none"}, "refers to '/\\$defs/none'"),
        ({"$ref": "http://127.0.0.1:9/x.json"}, "refers to 'http://127.0.0.1:9/x.json'"),
    ],
)
def test_a_schema_that_cannot_be_applied_is_said(schema, match):
    with pytest.raises(ConfigError, match=match):
        fit(schema, "text")


def test_a_schema_that_refers_to_itself_for_ever():
    found = fit({"$ref": "#"}, {"a": 1})
    assert "refers to itself" in found.findings[0][1]
    assert found.partial is None


@settings(max_examples=100, deadline=None)
@given(value=JSON)
def test_no_value_is_told_and_every_fault_is_placed(value):
    for place, told in fit(ORDER, value).findings:
        assert place.startswith(("$", "…"))
        assert told
