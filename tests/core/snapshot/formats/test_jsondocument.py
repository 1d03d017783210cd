"""JSON and its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.jsondocument import schema
from cxtop.core.snapshot.masking import Strictness
from cxtop.core.snapshot.records import MODELS
from cxtop.core.snapshot.scope import Part, Scope

from .support import ERRORS, HOSTILE, KINDS, evidence_of, written

PUBLISHED = Path(__file__).parents[4] / "docs" / "snapshot.schema.json"


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema(), "run `make schema`"


@pytest.mark.parametrize("strictness", Strictness)
async def test_a_document_is_as_its_schema_says(evidence: Evidence, strictness: Strictness) -> None:
    document = json.loads(await written("json", evidence, strictness))
    checker = jsonschema.Draft202012Validator(
        schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    assert [error.message for error in checker.iter_errors(document)] == []
    assert [part for part in Part if not document[part.value]] == []


def test_the_schema_is_not_lenient() -> None:
    checker = jsonschema.Draft202012Validator(schema())
    assert not checker.is_valid({"format": "cxtop-evidence"})
    assert schema()["$defs"]["Exchange"]["additionalProperties"] is False


async def test_models_come_back_as_they_were(evidence: Evidence) -> None:
    document = json.loads(await written("json", evidence, Strictness.NONE))
    exchanges = [MODELS[Part.EXCHANGES].model_validate(each) for each in document["exchanges"]]
    assert exchanges == list(KINDS)
    assert [MODELS[Part.ERRORS].model_validate(each) for each in document["errors"]] == list(ERRORS)
    assert document["title"] == HOSTILE
    assert (document["profile"], document["missing"]) == ("acme-prod", 0)


async def test_a_part_without_records_is_an_empty_list(tmp_path: Path) -> None:
    scope = Scope(parts=frozenset((Part.EXCHANGES, Part.RUNS)))
    async with evidence_of(tmp_path, (), scope) as evidence:
        document = json.loads(await written("json", evidence))
    assert document["exchanges"] == []
    assert len(document["runs"]) == 2
    assert "errors" not in document
