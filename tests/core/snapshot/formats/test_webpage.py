"""The HTML page, as a parser reads it; `test_browser` looks at it as a browser does."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import (
    ActionHealth,
    HealthPoint,
    HealthState,
    Outcome,
    RecordError,
    RunStatus,
)
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.summary import Summary
from cxtop.core.snapshot.formats.webpage import charts
from cxtop.core.snapshot.formats.webpage.markup import Markup, element, island, text
from cxtop.core.snapshot.formats.webpage.page import SHOWN, HtmlFormat, Islands, Room
from cxtop.core.snapshot.formats.webpage.states import run_state
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.text import safe

from .reading import read
from .support import (
    HOSTILE,
    KINDS,
    LOG,
    NOW,
    REPORT,
    RUN,
    evidence_of,
    exchange,
    no_progress,
    written,
)

KNOWN = """
html head meta title style body header h1 h2 ul li b p small div span section table thead tbody tr
th td svg g rect line polyline noscript input label select output button footer main script
"""
BODY = f"Request body (application/json, {KINDS[0].request.size} bytes)"


async def test_only_what_the_page_is_made_of_is_markup(evidence: Evidence) -> None:
    found = read(await written("html", evidence))
    assert set(found.elements) <= set(KNOWN.split())
    assert len(found.scripts) == len(found.styles) == 1
    names = {name for _, name, _ in found.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "href")}
    assert safe(HOSTILE)[:20] in found.text


async def test_the_policy_allows_the_script_and_the_style_and_nothing_else(
    evidence: Evidence,
) -> None:
    found = read(await written("html", evidence))
    (policy,) = [value for value in found.attribute("meta", "content") if "default-src" in value]

    def allowed(what: str) -> str:
        return "sha256-" + base64.b64encode(hashlib.sha256(what.encode()).digest()).decode()

    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src '{allowed(found.scripts[0])}'",
        f"style-src '{allowed(found.styles[0])}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not re.search(
        r"https?:|url\(|@import|fetch|eval|innerHTML", found.styles[0] + found.scripts[0]
    )


async def test_every_record_is_in_the_data(evidence: Evidence) -> None:
    found = read(await written("html", evidence, Strictness.NONE))
    counts = (await evidence.counts()).parts
    assert {part: len(rows) for part, rows in found.rows.items()} == counts
    assert {part: len(told) for part, told in found.details.items()} == counts
    for part in Part:
        table = found.tables[part.value]
        assert table["count"] == counts[part]
        assert {len(row) for row in found.rows[part]} == {len(table["columns"])}
        assert table["beyond"] == ""
        for column, cell in zip(table["columns"], found.rows[part][0], strict=True):
            kind = {"number": int | float, "time": int, "state": list}.get(column["kind"], str)
            assert cell is None or isinstance(cell, kind)


async def test_payloads_are_whole_and_inert(evidence: Evidence) -> None:
    data = await written("html", evidence, Strictness.NONE)
    told = read(data).details["exchanges"]
    first, second, binary, left_out, cut = (dict(each) for each in told[:5])
    assert json.loads(first[BODY]) == KINDS[0].request.value
    assert "9007199254740993" in first[BODY]
    assert second["What it was"].startswith("The answer is not JSON: XML with <script> at the top.")
    assert safe(HOSTILE, keep_newlines=True) in second.values()
    assert any(value.startswith("base64:\nAAEC") for value in binary.values())
    assert "The 5,000 bytes were not kept." in left_out.values()
    assert any("truncated" in title for title in cut)
    failed = dict(told[8])
    assert failed["Exception"].startswith("  :None in f\nValueError: ")
    assert "call 1: GET http://upstream.example/" in failed["Calls to upstreams"]
    islands = re.findall(rb"<script type=\"application/json\"[^>]*>(.*?)</script>", data, re.DOTALL)
    assert not [each for each in islands if re.search(rb"[<>&]", each)]


async def test_what_is_seen_at_once(evidence: Evidence) -> None:
    found = read(await written("html", evidence))
    for words in ("11", "exchanges", "7 failing, 63.64 %", "Failed records by code ", "Redaction "):
        assert words in found.texts
    assert "The payloads of" not in found.text
    assert found.elements["svg"] > 8
    assert all(label for label in found.attribute("svg", "aria-label"))


async def test_the_newest_exchanges_are_kept_where_there_are_too_many(tmp_path: Path) -> None:
    out = io.BytesIO()
    mask = Mask(Strictness.DEFAULT, REDACTOR)
    async with evidence_of(tmp_path, scope=Scope(parts=frozenset((Part.EXCHANGES,)))) as evidence:
        await HtmlFormat(most_rows=4).write(evidence, mask, out, no_progress)
    found = read(out.getvalue())
    assert len(found.rows["exchanges"]) == len(found.details["exchanges"]) == 4
    assert "request-10" in found.rows["exchanges"][-1]
    assert found.tables["exchanges"]["beyond"].startswith(
        "This page holds the newest 4 of 11 exchanges;"
    )
    assert "11" in found.texts


async def test_payloads_that_have_gone_are_told(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / LOG).unlink()
    found = read(await written("html", evidence))
    assert "The payloads of 11 exchanges are not there any more." in found.texts
    assert "exchanges" not in found.tables


def test_a_payload_takes_its_share_of_the_page() -> None:
    assert Room(64_000_000).each(10) == 65_536
    assert Room(1_000_000).each(2000) == 4000
    assert Room(-5).each(10) == 1000


def test_a_long_payload_says_what_is_missing() -> None:
    told = dict(SHOWN[Part.EXCHANGES].told(exchange(0), 60))
    assert told[BODY].startswith('{\n  "customer": "c-0"')
    assert "more characters are not in this page" in told["Ids"]


def test_an_island_is_written_when_it_is_full() -> None:
    out = io.BytesIO()
    islands = Islands(Part.EXCHANGES, 450, out, Room(1_000_000))
    for number in range(450):
        islands.add(exchange(number))
    islands.end()
    islands.end()
    assert out.getvalue().count(b"data-rows") == 3


@given(st.text(st.characters()))
@settings(max_examples=100, deadline=None)
def test_text_is_never_markup(untrusted: str) -> None:
    made = element("p", untrusted, title=untrusted) + island([untrusted])
    found = read(made.encode())
    assert found.elements == {"p": 1, "script": 1}
    assert found.attribute("p", "title") == [safe(untrusted)]
    assert "".join(found.texts) == safe(untrusted)


def test_elements() -> None:
    assert element("p", "a<b", None, ["c", Markup("<i>d</i>")]) == "<p>a&lt;bc<i>d</i></p>"
    assert element("input", disabled=True, hidden=False, id=None) == "<input disabled>"
    assert element("a", class_="x", data_of="'\"") == '<a class="x" data-of="&#x27;&quot;"></a>'
    assert text("\x1b<") == "␛&lt;"


def test_states_in_the_words_of_the_platform() -> None:
    assert run_state(RunStatus.UNKNOWN, "waiting for Godot") == ["warn", "waiting for Godot"]
    assert run_state(RunStatus.FAILED, "ERROR") == ["bad", "failed"]


def test_colours_go_to_what_fails_most() -> None:
    summary = Summary()
    bad = [outcome for outcome in Outcome if not outcome.good]
    for number, outcome in enumerate(bad):
        for _ in range(20 - number):
            summary.add(exchange(0, outcome=outcome))
    summary.add(exchange(1, at=NOW + timedelta(days=3)))
    found = read(str(charts.over_time(summary)).encode())
    assert found.attribute("rect", "class")[:5] == ["s-0", "s-1", "s-2", "s-others", "s-good"]
    assert "a column is 6 hours, the tallest" in found.text
    assert found.texts.count("auth expired ") == 1
    assert "others " in found.texts


def test_a_code_that_is_empty_and_codes_beyond_ten() -> None:
    summary = Summary()
    for number in range(12):
        for _ in range(12 - number):
            summary.add(
                RecordError(run_id=RUN, record_id="1", code="" if not number else f"C{number}")
            )
    found = read(str(charts.codes(summary)).encode())
    assert found.texts[:4] == ["Failed records by code ", "78 in all", "no code", "12"]
    assert "other codes" in found.texts


def test_health_shows_the_worst_actions() -> None:
    summary = Summary()
    for number in range(15):
        report = REPORT.model_copy(update={"error_rate": float(number)})
        history = tuple(
            HealthPoint(at=NOW, executions=1, errors=0, error_rate=rate) for rate in range(number)
        )
        summary.add(
            ActionHealth(
                action_id=f"action-{number}",
                threshold=5,
                state=HealthState.ABOVE if number > 5 else HealthState.HEALTHY,
                report=report,
                history=history,
            )
        )
    found = read(str(charts.health(summary)).encode())
    assert "15 actions; the mark is the threshold; the 12 worst are shown" in found.text
    assert "action-14" in found.texts
    assert "action-2" not in found.texts
    assert "✖ above threshold" in found.texts
    assert found.elements["polyline"] == 12


def test_there_are_no_charts_of_nothing() -> None:
    summary = Summary()
    drawn = [charts.codes, charts.outcomes, charts.over_time, charts.health]
    assert [chart(summary) for chart in drawn] == [None] * 4
