"""Action schemas: from files and models, and every fault by its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cxtop.core.capture.handler import STANDARD_CODES, ActionSchema, ErrorCode, faults_of_schema
from cxtop.core.errors import ConfigError

from .upstreams import SCHEMA, Stock, Wanted

GOOD: dict[str, Any] = {
    "name": "lookup",
    "description": "Looks up.",
    "input": {"type": "object", "properties": {"id": {"$ref": "#/$defs/id"}}, "$defs": {"id": {}}},
    "output": {"type": "object"},
    "errorCodes": [{"code": "GONE", "message": "It is gone."}],
}


def test_of_models_it_declares_what_the_kit_answers_with() -> None:
    told = SCHEMA.as_json()
    assert list(told) == ["name", "description", "input", "output", "errorCodes"]
    assert told["input"]["required"] == ["sku"]
    assert set(SCHEMA.codes) == {*STANDARD_CODES, "UNKNOWN_SKU"}
    assert faults_of_schema(json.loads(json.dumps(told))) == ()


def test_own_words_for_a_standard_code() -> None:
    schema = ActionSchema.of(
        "x", "y", input=Wanted, output=Stock, errors={"UPSTREAM_TIMEOUT": "The ERP sleeps."}
    )
    assert schema.codes["UPSTREAM_TIMEOUT"] == "The ERP sleeps."


def test_models_without_a_json_schema() -> None:
    class Odd(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        thing: Path.__class__

    class Call(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        thing: ErrorCode | object | type[int]

    with pytest.raises(ConfigError, match="no JSON Schema"):
        ActionSchema.of("x", "y", input=Odd, output=Call)


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "lookup.json"
    file.write_text(json.dumps(GOOD))
    schema = ActionSchema.load(file)
    assert schema.as_json() == GOOD
    assert schema.input_model is None
    file.write_text(json.dumps(GOOD | {"name": "", "description": 3}))
    with pytest.raises(ConfigError) as raised:
        ActionSchema.load(file)
    assert str(file) in raised.value.what
    assert raised.value.why == "$.name is empty. It has 2 faults in all."


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "No such file"), ("{", "truncated"), ("NaN", "NaN"), ('{"a" 1}', "line 1, column 6")],
    ids=["none", "cut", "constant", "broken"],
)
def test_a_file_that_is_no_json(tmp_path: Path, text: str | None, told: str) -> None:
    file = tmp_path / "x.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        ActionSchema.load(file)
    assert told in raised.value.why.replace("Truncated", "truncated")


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"[" * 100_000, b" " * (4 * 1024 * 1024 + 1)],
    ids=["no-text", "deep", "large"],
)
def test_a_file_that_cannot_be_read_as_one(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=r"x\.json"):
        ActionSchema.load(file)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, []),
        ({"errorCodes": []}, []),
        ({"name": None}, [("$.name", "expected string, found null")]),
        ({"description": " "}, [("$.description", "is empty")]),
        ({"input": True}, [("$.input", "expected a JSON Schema of an object, found boolean")]),
        (
            {"input": {"type": "array"}},
            [("$.input.type", "expected object: an action takes named variables")],
        ),
        (
            {"output": {"properties": {"a": {"minimum": "1"}}}},
            [("$.output.properties.a.minimum", "expected number, found string")],
        ),
        (
            {"output": {"properties": {"a": {"pattern": "("}}}},
            [("$.output.properties.a.pattern", "expected a regex, found another string")],
        ),
        (
            {"output": {"allOf": [{"$ref": "#/$defs/none"}], "enum": [{"$ref": "data"}]}},
            [("$.output.allOf[0]['$ref']", "refers to #/$defs/none, which is not in it")],
        ),
        (
            {"output": {"$ref": "https://h.example/other.json"}},
            [
                (
                    "$.output['$ref']",
                    "refers to https://h.example/other.json, which is not in it",
                )
            ],
        ),
        ({"errorCodes": {}}, [("$.errorCodes", "expected array, found object")]),
        (
            {"errorCodes": [{"code": "A", "message": "a"}, 3, {"code": "A", "message": ""}]},
            [
                ("$.errorCodes[1]", "expected object, found integer"),
                ("$.errorCodes[2].message", "is empty"),
                ("$.errorCodes[2].code", "is declared already at $.errorCodes[0]"),
            ],
        ),
        (
            {"errorCodes": [{"message": "a"}, {"code": "x" * 201, "message": "a"}]},
            [
                ("$.errorCodes[0].code", "is missing"),
                ("$.errorCodes[1].code", "is longer than 200 characters"),
            ],
        ),
        (
            {"error_codes": []},
            [("$.error_codes", "is no field of an action schema: errorCodes is meant")],
        ),
        ({"id": "anything", "version": 3}, []),
    ],
    ids=lambda value: None if isinstance(value, list) else json.dumps(value)[:40],
)
def test_every_fault_has_its_path(change: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert list(faults_of_schema(GOOD | change)) == faults


@pytest.mark.parametrize("value", [None, [], "x", 3], ids=repr)
def test_what_is_no_object(value: Any) -> None:
    ((path, told),) = faults_of_schema(value)
    assert (path, told[:25]) == ("$", "expected an action schema")


def test_what_is_missing() -> None:
    assert faults_of_schema({}) == (
        ("$.name", "is missing"),
        ("$.description", "is missing"),
        ("$.input", "is missing"),
        ("$.output", "is missing"),
    )


def test_a_schema_that_is_nested_too_deeply() -> None:
    schema: dict[str, Any] = {}
    for _ in range(3000):
        schema = {"not": schema}
    faults = faults_of_schema(GOOD | {"output": schema})
    assert faults == (("$.output", "is nested too deeply"),)
