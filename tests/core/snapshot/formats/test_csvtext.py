"""CSV, as a spreadsheet takes it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import BodyKind, RecordError
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.csvtext import BOM, ERRORS, EXCHANGES, cell
from cxtop.core.snapshot.masking import Strictness

from .support import ERRORS as FAILED
from .support import KINDS, RUN, body, evidence_of, exchange, written

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
NUMBER = re.compile(r"-?[0-9.]+(e[+-]?[0-9]+)?")


def rows(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(BOM)
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_failed_records_are_cells_of_text(evidence: Evidence) -> None:
    data = await written("csv-errors", evidence, Strictness.NONE)
    found = rows(data)
    assert data.removeprefix(BOM).startswith(b",".join(name.encode() for name in ERRORS) + b"\r\n")
    assert len(found) == len(FAILED)
    for row, error in zip(found, FAILED, strict=True):
        assert row["run_id"] == RUN
        assert row["record_id"] == "'" + error.record_id
        assert json.loads(row["record"]) == error.record
        assert not [text for text in row.values() if FORMULA.match(text)]


async def test_exchanges_are_cells_of_text(evidence: Evidence) -> None:
    found = rows(await written("csv-exchanges", evidence, Strictness.NONE))
    assert [row["id"] for row in found] == [each.id for each in KINDS]
    assert tuple(found[0]) == EXCHANGES
    for row in found:
        harmful = [text for text in row.values() if FORMULA.match(text)]
        assert not harmful
    assert json.loads(found[0]["request_body"]) == KINDS[0].request.value
    assert found[2]["response_body"] == KINDS[2].response.value
    assert (found[3]["response_body"], found[3]["response_size"]) == ("", "5000")
    assert (found[5]["status"], found[6]["duration_ms"]) == ("", "")
    assert found[8]["failure"].startswith("ValueError: ")
    assert found[0]["at"].endswith("Z")


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=100, deadline=None)
def test_no_text_is_a_formula(text: str) -> None:
    assert not FORMULA.match(cell(text))


@pytest.mark.parametrize("value", [-3, 2.5, 10**30])
def test_a_number_stays_one(value: float) -> None:
    assert NUMBER.fullmatch(cell(value))


@pytest.mark.parametrize(("sign", "most"), [("x", 32_767), ("ž", 16_383), ("🙂", 16_383)])
async def test_a_cell_is_no_longer_than_spreadsheets_take(
    sign: str, most: int, tmp_path: Path
) -> None:
    long = exchange(0, response=body(sign * 40_000, BodyKind.TEXT))
    async with evidence_of(tmp_path, (long,)) as evidence:
        (row,) = rows(await written("csv-exchanges", evidence, Strictness.NONE))
    kept = row["response_body"]
    assert kept == sign * (most - 1) + "…"
    assert len(kept.encode("utf-16-le")) // 2 <= 32_767


async def test_rows_end_as_rfc_4180_says(tmp_path: Path) -> None:
    two_lines = RecordError(run_id=RUN, record_id="1", code="X", message='a "b"\nc,d')
    async with evidence_of(tmp_path, (exchange(0, action=two_lines.message),)) as evidence:
        data = await written("csv-exchanges", evidence, Strictness.NONE)
    assert data.count(b"\r\n") == 2
    assert b'"a ""b""\nc,d"' in data
