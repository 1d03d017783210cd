"""The text for a ticket."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.markdown import code, table
from cxtop.core.models import ActionHealth, CodeShare, HealthState, RecordError
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.markdown import as_markdown
from cxtop.core.snapshot.formats.summary import Summary
from cxtop.core.snapshot.scope import Scope

from .support import CALL, KINDS, NOW, REPORT, RUN, RUNS, evidence_of, exchange, written

HEAD = {
    "title": "what happened",
    "made_at": NOW,
    "cxtop": "1.2.3",
    "profile": "acme",
    "platform": "",
    "redaction": "strict",
    "scope": {"filter": "status:5xx"},
}


def cells(line: str) -> list[list[str]]:
    """The cells of a row in the two ways in which readers look for bars."""
    pairs = re.sub(r"\\.", "..", line)
    behind = re.sub(r"(?<=\\)\|", ".", line)
    return [found.strip("| ").split("|") for found in (pairs, behind)]


async def test_everything_is_told_in_tables_that_hold(evidence: Evidence) -> None:
    text = (await written("md", evidence)).decode()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Runs",
        "## Failed records by code",
        "## Failing exchanges",
        "## Health",
        "## Recovery",
    ]
    wide = 0
    for line in text.splitlines():
        assert "\x1b" not in line
        if not line.startswith("|"):
            wide = 0
            continue
        wide = wide or line.count(" |")
        for found in cells(line):
            assert len(found) == wide, line
    assert "- **Exchanges**: 11, 7 failing;" in text
    assert "- **Calls tried more than once**: 1" in text
    assert "- **Dead letters**: 1 waiting" in text
    assert f"`{RUN}`" in text
    assert "| failed | 48,511 of 50,000 | 8 |" in text


async def test_markup_from_outside_stands_in_code(evidence: Evidence) -> None:
    text = (await written("md", evidence)).decode()
    outside = re.sub(r"(?<!`)(`+)(?!`)(?:.*?[^`])\1(?!`)", "", text)
    for sign in ("<script", "<img", "](http", "@all", "`"):
        assert sign not in outside


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=200, deadline=None)
def test_a_code_span_holds_its_text(untrusted: str) -> None:
    span = code(untrusted)
    if span == "–":
        return
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[fence.end() : -fence.end()]
    assert span.endswith(fence[0])
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in span
    for found in cells(f"| {span} | x |"):
        assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("plain", "`plain`"),
        ("", "–"),
        ("  ", "–"),
        ("a|b", r"`a\|b`"),
        (r"a\|b", r"`a\\\|b`"),
        (r"a\\|b", r"`a\\\|b`"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        ("a\nb", "`a␊b`"),
    ],
)
def test_code_spans(text: str, span: str) -> None:
    assert code(text) == span


def test_long_words_are_cut() -> None:
    assert code("x" * 500) == f"`{'x' * 159}…`"


def test_a_table() -> None:
    assert table(("a", ">b"), [("1", "2")]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_only_the_newest_and_the_worst_are_listed() -> None:
    summary = Summary()
    for number in range(40):
        summary.add(RUNS[0].model_copy(update={"run_id": f"run-{number}", "errors": number}))
        summary.add(RecordError(run_id=f"run-{number}", record_id="1", code=f"C{number}"))
        late = exchange(number, outcome="server_error", status=500, at=NOW + timedelta(number))
        summary.add(late)
    text = as_markdown(summary, HEAD, missing=2)
    assert "- **Filter**: `status:5xx`" in text
    assert "- **Profile**: `acme`\n" in text
    assert "the payloads of 2 exchanges" in text
    assert "And 25 other runs." in text
    assert "| others | 30 |" in text
    assert "The newest 15 of 40." in text
    assert "`request-39`" in text
    assert "`request-24`" not in text
    assert text.index("`run-39`") < text.index("`run-30`")


def test_health_against_its_threshold() -> None:
    report = REPORT.model_copy(
        update={"action_id": "crm", "codes": (CodeShare(code="T|M", count=9),)}
    )
    summary = Summary()
    above = ActionHealth(action_id="crm", threshold=5, state=HealthState.ABOVE, report=report)
    summary.add(above)
    summary.add(ActionHealth(action_id="idle", threshold=5))
    text = as_markdown(summary, {**HEAD, "title": ""})
    assert text.startswith("# Evidence\n")
    row = r"| `crm` | **above** | 8.50 % (threshold 5 %) | 17 of 200 | `T\|M` × 9 |"
    assert row in text
    assert "idle" not in text


def test_calls_alone() -> None:
    summary = Summary()
    summary.add(CALL)
    assert "## Recovery" in as_markdown(summary, HEAD)


async def test_what_is_good_needs_no_words(tmp_path: Path) -> None:
    async with evidence_of(tmp_path, KINDS[:1], Scope(run_ids=())) as evidence:
        text = (await written("md", evidence)).decode()
    assert "##" not in text
    assert "1, 0 failing" in text
